//! Runs the program in a temporary directory, without the environment of the test run.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process,
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use assert_cmd::Command;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{
    KeySource as _, LicenseKey, PublicKey, SigningInput, VerifiedToken, Verifier,
    pem::{PemKey, RsaKeySize},
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cobrowse-jwt");

pub(crate) const LICENSE: &str = "SPGqPIcVnsOEJQ";

/// The key in `key.pem`.
pub(crate) static KEY: LazyLock<PemKey> = LazyLock::new(|| PemKey::generate(RsaKeySize::Rsa2048).unwrap());

/// A key without a file.
pub(crate) static OTHER_KEY: LazyLock<PemKey> = LazyLock::new(|| PemKey::generate(RsaKeySize::Rsa2048).unwrap());

pub(crate) struct Directory(TempDir);

impl Directory {
    /// Creates a directory with `key.pem` and `key.pub.pem`.
    pub(crate) fn new() -> Self {
        let directory = Self::empty();
        directory.write("key.pem", &KEY.to_pkcs8_pem().unwrap(), 0o600);
        directory.write("key.pub.pem", KEY.public_key().to_pem(), 0o644);
        directory
    }

    pub(crate) fn empty() -> Self {
        // Independent of the umask.
        let mode = fs::Permissions::from_mode(0o700);
        Self(tempfile::Builder::new().permissions(mode).tempdir().unwrap())
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str, mode: u32) {
        fs::write(self.path(file), text).unwrap();
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Returns the program with these arguments and only the variables that it needs.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.0.path()).env_clear().envs(self.variables());
        command.timeout(Duration::from_mins(2));
        command
    }

    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let directory = Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
        let path = format!("{directory}:{}", env::var("PATH").unwrap_or_default());
        let home = self.0.path().to_str().unwrap().to_owned();
        vec![("PATH", path), ("HOME", home), ("TZ", "UTC".to_owned()), ("AWS_EC2_METADATA_DISABLED", "true".to_owned())]
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Output::of(&self.command(args).output().unwrap())
    }

    /// Runs the program with this text on stdin.
    pub(crate) fn read(&self, args: &[&str], stdin: &str) -> Output {
        Output::of(&self.command(args).write_stdin(stdin).output().unwrap())
    }
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    pub(crate) fn of(output: &process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let exit = output.status.code().unwrap_or_else(|| panic!("{output:?}"));
        Self { exit, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Asserts the exit code and that stderr contains the text.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32, stderr: &str) -> Self {
        assert_eq!(self.exit, exit, "{self:?}");
        assert!(self.stderr.contains(stderr), "{stderr:?} in {self:?}");
        self
    }

    /// Asserts success with an empty stderr and returns stdout.
    #[track_caller]
    pub(crate) fn result(self) -> String {
        assert_eq!((self.exit, self.stderr.as_str()), (0, ""), "{self:?}");
        self.stdout
    }
}

#[track_caller]
pub(crate) fn accepted(token: &str, key: &PublicKey) -> VerifiedToken {
    let verifier = Verifier::new(LicenseKey::new(LICENSE).unwrap(), key.clone()).allow_long_lived(true);
    verifier.verify(token.trim_end()).unwrap()
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Returns claims that pass every check.
pub(crate) fn good_claims() -> Value {
    json!({
        "iat": now() - 60, "exp": now() + 3_600, "aud": "https://cobrowse.io", "iss": LICENSE, "sub": "jane@example.com",
    })
}

pub(crate) const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

pub(crate) fn encode(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// Signs a token with these parts.
pub(crate) fn token(header: &str, claims: &str) -> String {
    sign(&format!("{}.{}", encode(header), encode(claims)), &KEY)
}

pub(crate) fn sign(input: &str, key: &PemKey) -> String {
    let signature = pollster::block_on(async {
        let key = key.signing_key().await.unwrap();
        key.sign(&SigningInput::new(input.as_bytes())).await.unwrap()
    });
    format!("{input}.{}", encode(signature.as_bytes()))
}
