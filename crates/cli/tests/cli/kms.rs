//! Keys in AWS KMS, as an emulator plays it.
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
    program::{Ended, Folder, LICENSE, PROGRAM, accepted},
};

/// An emulator, and the program set up to use it.
struct Account {
    runtime: Runtime,
    emulator: Emulator,
    folder: Folder,
}

impl Account {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let emulator = runtime.block_on(async { Emulator::from_env("COBROWSE_TEST_LOCALSTACK") });
        Self { runtime, emulator, folder: Folder::empty() }
    }

    /// The ARN of a new key.
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

    fn run(&self, words: &[&str]) -> Ended {
        let mut command = self.folder.command(words);
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
        Ended::of(&command.env("AWS_REGION", "eu-central-1").output().unwrap())
    }

    fn doctor(&self, id: &str) -> Ended {
        self.run(&["doctor", &self.uri(id), "--license", LICENSE, "--expect-public-key", "registered.pem"])
    }

    fn register(&self, key: &PublicKey) {
        self.folder.write("registered.pem", key.to_pem(), 0o644);
    }
}

mod localstack {
    use super::*;

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn the_public_half_is_shown_and_tokens_are_minted() {
        let account = Account::new();
        let arn = account.key();
        account.point("alias/cli-mint", &arn);
        let key = account.public_key(&arn);
        for id in [arn.as_str(), "alias/cli-mint"] {
            assert_eq!(account.run(&["public-key", &account.uri(id)]).result(), key.to_pem());
            let words = ["mint", &account.uri(id), "--license", LICENSE, "--agent", "a@b", "--customer", "user_id=42"];
            let token = account.run(&words).result();
            accepted(&token, &key);
            let verify = ["verify", token.trim_end(), "--license", LICENSE, "--key", &account.uri(id)];
            assert_eq!(account.run(&verify).result(), "accepted: \"a@b\"\n");
        }
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_finds_nothing_wrong_with_a_good_key() {
        let account = Account::new();
        let arn = account.key();
        account.register(&account.public_key(&arn));
        let said = account.doctor(&arn).result();
        let expected = [
            "open",
            "authenticate",
            "resolve",
            "sign",
            "verify",
            "permissions",
            "rs256",
            "registered",
            "clock",
            "token",
            "expiry",
            "latency",
        ];
        assert_eq!(steps(&said), expected.map(|step| ("ok", step)), "{said}");
        assert!(said.contains(" of the 1,000 RSA operations a second that AWS KMS grants"), "{said}");
    }

    /// An endpoint in the environment may be anything, and vouches for no clock.
    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_does_not_take_the_clock_to_be_proven_by_a_stand_in() {
        let account = Account::new();
        let uri = format!("awskms:///{}", account.key());
        let mut command = account.folder.command(&["doctor", &uri, "--license", LICENSE]);
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
        command.env("AWS_REGION", "eu-central-1").env("AWS_ENDPOINT_URL", &account.emulator.url);
        let said = Ended::of(&command.output().unwrap()).result();
        assert!(said.contains("compare it with a clock yourself") && !said.contains("AWS takes"), "{said}");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_names_a_disabled_key() {
        let account = Account::new();
        let arn = account.key();
        account.register(&account.public_key(&arn));
        account.runtime.block_on(account.emulator.client.disable_key().key_id(&arn).send()).unwrap();
        let ended = account.doctor(&arn).exits(4, "");
        assert!(steps(&ended.stdout).contains(&("FAILED", "sign")), "{ended:?}");
        assert!(ended.stdout.contains("key is disabled"), "{ended:?}");
        assert!(!ended.stdout.contains("arn:") && !ended.stdout.contains("000000000000"), "{ended:?}");
        account
            .run(&["mint", &account.uri(&arn), "--license", LICENSE, "--agent", "a@b"])
            .exits(4, "key is disabled\n  hint: enable the key");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_names_a_moved_alias() {
        let account = Account::new();
        let (old, new) = (account.key(), account.key());
        account.point("alias/cli-moved", &old);
        account.register(&account.public_key(&old));
        account.doctor("alias/cli-moved").result();
        account.point("alias/cli-moved", &new);
        let ended = account.doctor("alias/cli-moved").exits(1, "");
        assert!(steps(&ended.stdout).contains(&("FAILED", "registered")), "{ended:?}");
        assert!(ended.stdout.contains("the alias may have been moved"), "{ended:?}");
        assert!(ended.stdout.contains(account.public_key(&new).thumbprint()), "{ended:?}");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn doctor_names_a_wrong_key_in_the_dashboard() {
        let account = Account::new();
        let (used, registered) = (account.key(), account.key());
        account.register(&account.public_key(&registered));
        let ended = account.doctor(&used).exits(1, "");
        assert!(steps(&ended.stdout).contains(&("FAILED", "registered")), "{ended:?}");
        assert!(ended.stdout.contains("is not a registered key"), "{ended:?}");
        assert!(!ended.stdout.contains("alias"), "{ended:?}");
    }

    #[test]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    fn a_key_that_is_not_there_is_named() {
        let account = Account::new();
        let missing = account.uri("alias/cli-nothing");
        let ended = account.run(&["mint", &missing, "--license", LICENSE, "--agent", "a@b", "-v"]);
        let ended = ended.exits(4, "KMS key not found");
        assert!(ended.stderr.contains("because: NotFound"), "{ended:?}");
    }
}

/// Nobody listens on the port of an endpoint.
#[test]
fn an_endpoint_out_of_reach_is_transient() {
    let folder = Folder::empty();
    for words in [
        &["public-key", "awskms://127.0.0.1:9/alias/x"][..],
        &["mint", "awskms://127.0.0.1:9/alias/x", "--license", LICENSE, "--agent", "a@b"],
        &["doctor", "awskms://127.0.0.1:9/alias/x", "--license", LICENSE],
    ] {
        let mut command = folder.command(words);
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
        let ended = Ended::of(&command.env("AWS_REGION", "eu-central-1").output().unwrap());
        assert_eq!(ended.exit, 3, "{ended:?}");
        assert!(format!("{}{}", ended.stdout, ended.stderr).contains("failed to reach AWS KMS"), "{ended:?}");
    }
}

/// Or the test that a key in a file does not read it would prove nothing.
#[test]
fn a_key_in_aws_kms_reads_the_aws_configuration() {
    let folder = Folder::new();
    assert!(Command::new("mkfifo").arg(folder.path("aws")).status().unwrap().success());
    let mut command = Command::new(PROGRAM);
    command.args(["public-key", "awskms:///alias/x"]).env_clear().envs(folder.variables());
    command.env("AWS_CONFIG_FILE", folder.path("aws")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // Opening the pipe to write waits for the program to open it to read.
    let pipe = folder.path("aws");
    let opened = thread::spawn(move || File::options().write(true).open(pipe).is_ok());
    let start = Instant::now();
    while !opened.is_finished() && start.elapsed() < Duration::from_mins(1) {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(opened.is_finished());
    child.kill().unwrap();
    child.wait().unwrap();
}
