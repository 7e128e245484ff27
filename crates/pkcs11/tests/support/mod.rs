//! Shared helpers: a SoftHSM per test, minting and verification.
#![allow(dead_code, reason = "each test program uses a part")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant, UNIX_EPOCH},
};

use cobrowse_jwt_core::{
    Access, AgentClaims, AgentToken, KeyError, KeySource, LicenseKey, MintError, Minter, PublicKey, Verifier,
};
use cobrowse_jwt_pkcs11::{Pin, Pkcs11Key, Pkcs11KeyBuilder};
use tokio::{runtime::Runtime, task::JoinSet};

pub(crate) const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub(crate) const PIN: &str = "135790";
/// Long, because a software TPM signs only about 100 times a second, and less on a loaded machine.
pub(crate) const CONFORMANCE_LIMIT: Duration = Duration::from_secs(240);
const FOLDER: &str = "COBROWSE_TEST_PKCS11_FOLDER";

/// An empty SoftHSM.
pub(crate) struct SoftHsm {
    pub(crate) folder: PathBuf,
}

/// Runs the body of the test with this name in a child process: a module reads its configuration from the environment, which a process
/// cannot change safely, and it sees only the tokens that exist when it is initialized.
pub(crate) fn with_softhsm(test: &str, body: impl FnOnce(SoftHsm)) {
    if let Some(folder) = env::var_os(FOLDER) {
        return body(SoftHsm { folder: folder.into() });
    }
    let folder = tempfile::tempdir().unwrap();
    let (config, tokens) = (folder.path().join("softhsm2.conf"), folder.path().join("tokens"));
    fs::create_dir(&tokens).unwrap();
    fs::write(&config, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display())).unwrap();
    in_child(test, folder.path(), &[("SOFTHSM2_CONF", config.as_os_str().to_owned())]);
}

/// Runs one test of this program with these variables.
pub(crate) fn in_child(test: &str, folder: &Path, variables: &[(&str, std::ffi::OsString)]) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([test, "--exact", "--include-ignored", "--nocapture"]).env(FOLDER, folder);
    let output = child.envs(variables.iter().cloned()).output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && printed.contains("1 passed"), "{}\n{printed}", output.status);
}

/// Returns a builder with the PIN of every token.
pub(crate) fn softhsm_key() -> Pkcs11KeyBuilder {
    Pkcs11Key::builder(MODULE).pin(Pin::new(PIN))
}

impl SoftHsm {
    pub(crate) fn init_token(&self, label: &str) -> &Self {
        let arguments = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "97531"];
        run(Command::new("softhsm2-util").args(arguments));
        self
    }

    /// Generates a key that is sensitive and not extractable.
    pub(crate) fn generate(&self, token: &str, label: &str, id: &str) -> &Self {
        let key =
            ["--keypairgen", "--key-type", "rsa:2048", "--label", label, "--id", id, "--usage-sign", "--sensitive"];
        self.pkcs11_tool(token, &key)
    }

    pub(crate) fn import(&self, token: &str, label: &str, id: &str, pkcs8_pem: &str) -> &Self {
        let path = self.folder.join("imported.pem");
        fs::write(&path, pkcs8_pem).unwrap();
        let mut command = Command::new("softhsm2-util");
        command.args(["--token", token, "--pin", PIN, "--label", label, "--id", id, "--import"]).arg(path);
        run(&mut command);
        self
    }

    pub(crate) fn pkcs11_tool(&self, token: &str, arguments: &[&str]) -> &Self {
        let login = ["--module", MODULE, "--token-label", token, "--login", "--pin", PIN];
        run(Command::new("pkcs11-tool").args(login).args(arguments));
        self
    }
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn license_key() -> LicenseKey {
    LicenseKey::new("SPGqPIcVnsOEJQ").unwrap()
}

pub(crate) fn agent(number: usize) -> AgentClaims {
    AgentClaims::new(format!("agent-{number}@example.com"), Access::AccountDefault).unwrap()
}

/// Mints tokens of a fixed time.
pub(crate) async fn tokens(source: impl KeySource + 'static, count: usize) -> Vec<String> {
    let clock = || UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let minter = Minter::builder(license_key(), source).clock(clock).build();
    let mut tokens = Vec::new();
    for number in 0..count {
        tokens.push(minter.mint(&agent(number)).await.unwrap().expose_secret().to_owned());
    }
    tokens
}

/// Mints a token, verifies it and returns the key that signed.
pub(crate) async fn mint_and_verify(source: impl KeySource + 'static) -> PublicKey {
    let minter = Minter::new(license_key(), source);
    let key = minter.check_key().await.unwrap();
    assert_verifies(&minter.mint(&agent(0)).await.unwrap(), &key);
    key
}

pub(crate) fn assert_verifies(token: &AgentToken, key: &PublicKey) {
    Verifier::new(license_key(), key.clone()).verify(token.expose_secret()).unwrap();
}

/// Mints with several tasks. Every token must verify.
pub(crate) async fn mint_concurrently(source: impl KeySource + 'static, tasks: usize, each: usize) {
    let minter = Minter::new(license_key(), source);
    let key = minter.check_key().await.unwrap();
    let mut set = JoinSet::new();
    for task in 0..tasks {
        let (minter, key) = (minter.clone(), key.clone());
        set.spawn(async move {
            for number in 0..each {
                assert_verifies(&minter.mint(&agent(task * each + number)).await.unwrap(), &key);
            }
        });
    }
    while let Some(task) = set.join_next().await {
        task.unwrap();
    }
}

/// Returns the error of a mint, which must not take longer than the deadlines of a lookup and a signature.
pub(crate) async fn refused(source: impl KeySource + 'static) -> KeyError {
    let start = Instant::now();
    let result = Minter::new(license_key(), source).mint(&agent(0)).await;
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    match result {
        Err(MintError::Key(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Returns the message of an error and of its causes.
pub(crate) fn chain(error: &KeyError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
