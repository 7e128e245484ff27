//! Searches the memory and the output of a process for secrets. For each source, a child process mints 1,000 tokens, logs at TRACE level,
//! causes failures and a panic, and drops the source. Then this process searches the output and the memory of the child.
//!
//! This process creates the secrets, and the child gets them only by file or environment. To add a source, add a test.
#![cfg(target_os = "linux")]

mod minting;
mod scan;
mod secrets;

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
};

use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times};
use cobrowse_jwt_tests::SoftHsm;
use tempfile::TempDir;

use self::{
    minting::Settings,
    scan::{Found, Memory},
    secrets::SECRETS,
};

#[test]
#[ignore = "runs in the child process of the other tests"]
fn reexec_helper() {
    if let Some(settings) = Settings::from_env() {
        minting::run(&settings);
    }
}

#[test]
fn pem_text_leaves_nothing() {
    let subject = Subject::new("pem-text");
    let (key, broken) = (subject.file("key.pem", &SECRETS.pem), subject.file("broken.pem", SECRETS.broken_pem()));
    let found = subject.run(&uri("pem-text:", &key), &uri("pem-text:", &broken), &[], |_| {});
    found.assert_only(&[], &[SIGNATURE]);
}

#[test]
fn pem_file_leaves_nothing() {
    let subject = Subject::new("pem-file");
    let (key, broken) = (subject.file("key.pem", &SECRETS.pem), subject.file("broken.pem", SECRETS.broken_pem()));
    let found = subject.run(&uri("", &key), &uri("", &broken), &[], |stage| {
        let pem = if stage == Stage::Failing { SECRETS.broken_pem() } else { &SECRETS.pem };
        fs::rename(subject.file("new.pem", pem), &key).unwrap();
    });
    found.assert_only(&[], &[SIGNATURE]);
}

#[test]
fn encrypted_pem_leaves_nothing() {
    let subject = Subject::new("encrypted-pem");
    let key = subject.file("key.pem", &SECRETS.encrypted_pem);
    let passphrase = subject.file("passphrase", &SECRETS.passphrase);
    let variables = [(minting::PASSPHRASE_FILE, passphrase.to_str().unwrap())];
    // The second one is opened with a wrong passphrase.
    let found = subject.run(&uri("", &key), &uri("", &key), &variables, |_| {});
    found.assert_only(&[], &[SIGNATURE]);
}

/// The environment of a process contains the key until it ends, so that part of the memory is not searched.
#[test]
fn environment_variable_leaves_no_further_copy() {
    let subject = Subject::new("env");
    let variables = [("COBROWSE_TEST_PEM", SECRETS.pem.as_str()), ("COBROWSE_TEST_BROKEN", SECRETS.broken_pem())];
    let found = subject.run("env:COBROWSE_TEST_PEM", "env:COBROWSE_TEST_BROKEN", &variables, |_| {});
    found.assert_only(&[], &[SIGNATURE]);
}

/// The AWS SDK logs responses, which contain signatures, and leaves credentials in freed memory: the profile and the headers of requests.
#[tokio::test(flavor = "multi_thread")]
async fn aws_kms_leaves_what_the_aws_sdk_keeps() {
    let server = FaultServer::start_with_key(&SECRETS.key).await;
    let subject = Subject::new("aws-kms");
    let credentials = subject.file("credentials", &SECRETS.aws_profile());
    let variables = [
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_REGION", FaultServer::REGION),
        ("AWS_ENDPOINT_URL", server.url()),
    ];
    let found =
        subject.run("awskms:///alias/test", "awskms:///alias/missing", &variables, |stage| fail(&server, stage));
    found.assert_only(&[SIGNATURE], &[SIGNATURE, "AWS secret", "session token"]);
    for target in ["aws_sigv4", "aws_smithy_runtime", "hyper_util"] {
        assert!(found.printed.contains(&format!("{target}::")), "{target}");
    }
}

fn fail(server: &FaultServer, stage: Stage) {
    if stage == Stage::Failing {
        for fault in [Fault::AccessDenied, Fault::BitFlipped, Fault::ForeignKey, Fault::NotJson, Fault::Disabled] {
            server.fault(Operation::Sign, fault, Times::Once);
        }
        server.fault(Operation::GetPublicKey, Fault::ExpiredCredentials, Times::Once);
    } else {
        server.clear_faults();
    }
}

/// The HTTP client leaves the headers of requests in freed memory.
#[tokio::test(flavor = "multi_thread")]
async fn vault_token_leaves_what_the_http_client_keeps() {
    let subject = Subject::new("vault-token");
    subject.file(".vault-token", &SECRETS.vault_token);
    let found = subject.run_with_vault("hashivault://test").await;
    found.assert_only(&[], &[SIGNATURE, "Vault token"]);
}

/// The token that the log-in grants is not searched for.
#[tokio::test(flavor = "multi_thread")]
async fn vault_app_role_leaves_no_secret_id() {
    let subject = Subject::new("vault-app-role");
    let secret_id = subject.file("secret-id", &SECRETS.secret_id);
    let found = subject.run_with_vault(&uri("app-role:", &secret_id)).await;
    found.assert_only(&[], &[SIGNATURE]);
}

/// SoftHSM decrypts the key in this process, and wipes it.
#[test]
#[ignore = "needs softhsm"]
fn pkcs11_leaves_no_key_or_pin() {
    let subject = Subject::new("pkcs11");
    let hsm = SoftHsm::new(SECRETS.pin.as_str());
    hsm.import(&subject.file("key.pem", &SECRETS.pem));
    let config = hsm.config();
    let variables = [("SOFTHSM2_CONF", config.to_str().unwrap())];
    // The second one is not in the token.
    let found = subject.run(&hsm.uri("agents"), &hsm.uri("missing"), &variables, |_| {});
    found.assert_only(&[], &[SIGNATURE]);
}

/// For comparison. The counts depend on the version, so they are only printed.
#[test]
fn jsonwebtoken_in_the_same_harness_prints_its_counts() {
    let subject = Subject::new("jsonwebtoken");
    let key = subject.file("key.pem", &SECRETS.pem);
    subject.run(&uri("jsonwebtoken:", &key), "", &[], |_| {});
}

#[test]
fn careless_process_is_found() {
    let subject = Subject::new("careless");
    let key = subject.file("key.pem", &SECRETS.pem);
    let found = subject.run(&uri("careless:", &key), "", &[], |_| {});
    for secret in ["private key", "PEM", "token", "signature"] {
        assert!(found.memory.count(secret) > 0, "{secret}");
    }
    assert!(found.output.count("PEM") > 0 && found.output.count("token") > 0);
}

/// What the parent does while the child waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Failing,
    Recovered,
}

/// A child process and its files.
struct Subject {
    name: &'static str,
    folder: TempDir,
}

struct Outcome {
    printed: String,
    output: Found,
    memory: Found,
}

impl Subject {
    fn new(name: &'static str) -> Self {
        Self { name, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs the child with the API of Vault at a fault server.
    async fn run_with_vault(&self, source: &str) -> Outcome {
        let server = FaultServer::start_with_key(&SECRETS.key).await;
        let variables = [("HOME", self.folder.path().to_str().unwrap()), ("VAULT_ADDR", server.url())];
        let found = self.run(source, "hashivault://missing", &variables, |stage| fail(&server, stage));
        assert!(found.printed.contains("hyper_util::"));
        found
    }

    /// Runs the child and searches its output and its memory.
    fn run(&self, source: &str, broken: &str, variables: &[(&str, &str)], mut act: impl FnMut(Stage)) -> Outcome {
        let log = self.folder.path().join("log");
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "reexec_helper", "--ignored", "--nocapture"]).envs(variables.iter().copied());
        child.envs([(minting::SOURCE, source), (minting::BROKEN, broken)]);
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
        let mut child = Running::new(child.spawn().unwrap());
        child.wait_for("failing");
        act(Stage::Failing);
        child.proceed();
        child.wait_for("recovering");
        act(Stage::Recovered);
        child.proceed();
        let fingerprints = child.wait_for("dropped");
        let memory = Memory::of(child.process.id()).search(&SECRETS.needles);
        child.proceed();
        assert!(child.process.wait().unwrap().success());

        let printed = fs::read_to_string(&log).unwrap() + &child.printed;
        let output = scan::search(printed.as_bytes(), &SECRETS.needles);
        println!("{}: output {} KiB {output:?}, memory {memory:?}", self.name, printed.len() / 1_024);
        assert_eq!(fingerprints, SECRETS.fingerprints(source).join(" "), "the needles are not those of the child");
        Outcome { printed, output, memory }
    }
}

/// Signatures without their claims: `aws-lc-rs` does not wipe the buffer from which it copies a signature.
const SIGNATURE: &str = "signature";

impl Outcome {
    /// Asserts that only these secrets were found. Dependencies do not wipe them.
    #[track_caller]
    fn assert_only(&self, output: &[&str], memory: &[&str]) {
        assert_eq!(self.output.names_except(output), [""; 0], "in the output");
        assert_eq!(self.memory.names_except(memory), [""; 0], "in the memory");
    }
}

fn uri(scheme: &str, path: &std::path::Path) -> String {
    format!("{scheme}{}", path.display())
}

/// A child process that stops at named places.
struct Running {
    process: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
    printed: String,
}

impl Running {
    fn new(mut process: Child) -> Self {
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, input, output: BufReader::new(output), printed: String::new() }
    }

    /// Waits until the child prints `<<place: text>>`, and returns the text.
    fn wait_for(&mut self, place: &str) -> String {
        let start = self.printed.len();
        loop {
            assert!(self.output.read_line(&mut self.printed).unwrap() > 0, "the child ended: {}", self.printed);
            let message = self.printed[start..].split_once("<<").and_then(|(_, rest)| rest.split_once(">>"));
            if let Some((found, text)) = message.and_then(|(message, _)| message.split_once(": ")) {
                assert_eq!(found, place);
                return text.to_owned();
            }
        }
    }

    fn proceed(&mut self) {
        self.input.write_all(b"\n").unwrap();
    }
}
