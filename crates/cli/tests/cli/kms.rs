//! Keys in AWS KMS, against an emulator.
#![cfg(feature = "aws-kms")]

use std::{
    fs::File,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cobrowse_jwt::{
    KeySource as _, PublicKey,
    aws_kms::{AwsKmsKey, aws_sdk_kms::types::KeySpec},
};
use cobrowse_jwt_tests::Emulator;
use tokio::runtime::Runtime;

use crate::{
    doctor::steps,
    program::{Directory, LICENSE, Output, PROGRAM, accepted},
};

/// An emulator and a directory for the program.
struct Account {
    runtime: Runtime,
    emulator: Emulator,
    directory: Directory,
}

impl Account {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let emulator = runtime.block_on(Emulator::from_env("COBROWSE_TEST_LOCALSTACK"));
        Self { runtime, emulator, directory: Directory::empty() }
    }

    /// Creates a key and returns its ARN.
    fn key(&self) -> String {
        self.runtime.block_on(self.emulator.create_rsa(KeySpec::Rsa2048))
    }

    fn point(&self, alias: &str, arn: &str) {
        self.runtime.block_on(self.emulator.point(alias, arn));
    }

    fn public_key(&self, id: &str) -> PublicKey {
        let source = AwsKmsKey::new(&self.emulator.client, id).unwrap();
        self.runtime.block_on(async { source.signing_key().await.unwrap().public_key().clone() })
    }

    fn uri(&self, id: &str) -> String {
        format!("awskms://{}/{id}", self.emulator.url.strip_prefix("http://").unwrap())
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = self.directory.command(args);
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
        Output::of(&command.env("AWS_REGION", "eu-central-1").output().unwrap())
    }

    fn doctor(&self, id: &str) -> Output {
        self.run(&["doctor", &self.uri(id), "--license", LICENSE, "--expect-public-key", "registered.pem", "-v"])
    }

    fn register(&self, key: &PublicKey) {
        self.directory.write("registered.pem", key.to_pem(), 0o644);
    }
}

mod localstack {
    use super::*;

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn public_key_and_mint_use_the_key() {
        let account = Account::new();
        let arn = account.key();
        account.point("alias/cli-mint", &arn);
        let key = account.public_key(&arn);
        for id in [arn.as_str(), "alias/cli-mint"] {
            assert_eq!(account.run(&["public-key", &account.uri(id)]).result(), key.to_pem());
            let args = ["mint", &account.uri(id), "--license", LICENSE, "--agent", "a@b", "--customer", "user_id=42"];
            let token = account.run(&args).result();
            accepted(&token, &key);
            let verify = ["verify", token.trim_end(), "--license", LICENSE, "--key", &account.uri(id)];
            assert_eq!(account.run(&verify).result(), "accepted: \"a@b\"\n");
        }
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_of_good_key_passes_all_checks() {
        let account = Account::new();
        let arn = account.key();
        account.register(&account.public_key(&arn));
        let shown = account.doctor(&arn).result();
        let expected = [
            "open",
            "authenticate",
            "resolve",
            "sign",
            "verify",
            "permissions",
            "key",
            "registered",
            "clock",
            "token",
            "expiry",
            "latency",
        ];
        assert_eq!(steps(&shown), expected.map(|step| ("ok", step)), "{shown}");
        assert!(shown.contains(" % of the AWS KMS quota of 1,000 per account and Region"), "{shown}");
    }

    /// An endpoint in the environment can be another service, which does not check the clock.
    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_does_not_verify_the_clock_with_an_emulator() {
        let account = Account::new();
        let uri = format!("awskms:///{}", account.key());
        let mut command = account.directory.command(&["doctor", &uri, "--license", LICENSE, "--verbose"]);
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
        command.env("AWS_REGION", "eu-central-1").env("AWS_ENDPOINT_URL", &account.emulator.url);
        let shown = Output::of(&command.output().unwrap()).result();
        assert!(shown.contains("plausible: ") && !shown.contains("AWS accepts"), "{shown}");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_of_disabled_key_fails_to_sign() {
        let account = Account::new();
        let arn = account.key();
        account.register(&account.public_key(&arn));
        account.runtime.block_on(account.emulator.client.disable_key().key_id(&arn).send()).unwrap();
        let output = account.doctor(&arn).exits(4, "");
        assert!(steps(&output.stdout).contains(&("FAILED", "sign")), "{output:?}");
        assert!(output.stdout.contains("key is disabled"), "{output:?}");
        assert!(!output.stdout.contains("arn:") && !output.stdout.contains("000000000000"), "{output:?}");
        account
            .run(&["mint", &account.uri(&arn), "--license", LICENSE, "--agent", "a@b"])
            .exits(4, "key is disabled\n  hint: enable the key");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_of_moved_alias_fails() {
        let account = Account::new();
        let (old, new) = (account.key(), account.key());
        account.point("alias/cli-moved", &old);
        account.register(&account.public_key(&old));
        account.doctor("alias/cli-moved").result();
        account.point("alias/cli-moved", &new);
        let output = account.doctor("alias/cli-moved").exits(1, "");
        assert!(steps(&output.stdout).contains(&("FAILED", "registered")), "{output:?}");
        assert!(output.stdout.contains("the alias may have been moved"), "{output:?}");
        assert!(output.stdout.contains(account.public_key(&new).thumbprint()), "{output:?}");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_of_unregistered_key_fails() {
        let account = Account::new();
        let (used, registered) = (account.key(), account.key());
        account.register(&account.public_key(&registered));
        let output = account.doctor(&used).exits(1, "");
        assert!(steps(&output.stdout).contains(&("FAILED", "registered")), "{output:?}");
        assert!(output.stdout.contains("is not registered (registered: "), "{output:?}");
        assert!(!output.stdout.contains("alias"), "{output:?}");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn missing_key_is_not_found() {
        let account = Account::new();
        let missing = account.uri("alias/cli-nothing");
        let output = account.run(&["mint", &missing, "--license", LICENSE, "--agent", "a@b", "-v"]);
        let output = output.exits(4, "KMS key not found");
        assert!(output.stderr.contains("caused by: NotFound"), "{output:?}");
    }
}

#[test]
fn unreachable_endpoint_is_transient() {
    let directory = Directory::empty();
    for args in [
        &["public-key", "awskms://127.0.0.1:9/alias/x"][..],
        &["mint", "awskms://127.0.0.1:9/alias/x", "--license", LICENSE, "--agent", "a@b"],
        &["doctor", "awskms://127.0.0.1:9/alias/x", "--license", LICENSE],
    ] {
        let mut command = directory.command(args);
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
        let output = Output::of(&command.env("AWS_REGION", "eu-central-1").output().unwrap());
        assert_eq!(output.exit, 3, "{output:?}");
        assert!(format!("{}{}", output.stdout, output.stderr).contains("failed to reach AWS KMS"), "{output:?}");
    }
}

/// The counterpart of `key_in_a_file_does_not_read_the_aws_configuration`.
#[test]
fn aws_kms_key_reads_the_aws_configuration() {
    let directory = Directory::new();
    assert!(Command::new("mkfifo").arg(directory.path("aws")).status().unwrap().success());
    let mut command = Command::new(PROGRAM);
    command.args(["public-key", "awskms:///alias/x"]).env_clear().envs(directory.variables());
    command.env("AWS_CONFIG_FILE", directory.path("aws")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // Opening the pipe for writing blocks until the program opens it for reading.
    let pipe = directory.path("aws");
    let opened = thread::spawn(move || File::options().write(true).open(pipe).is_ok());
    let start = Instant::now();
    while !opened.is_finished() && start.elapsed() < Duration::from_mins(1) {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(opened.is_finished());
    child.kill().unwrap();
    child.wait().unwrap();
}
