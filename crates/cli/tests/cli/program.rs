//! The program in an empty folder, without any variable of whoever runs the tests.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Output,
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

/// The key in `key.pem` of every folder.
pub(crate) static KEY: LazyLock<PemKey> = LazyLock::new(|| PemKey::generate(RsaKeySize::Rsa2048).unwrap());

/// A key that is in no folder.
pub(crate) static OTHER_KEY: LazyLock<PemKey> = LazyLock::new(|| PemKey::generate(RsaKeySize::Rsa2048).unwrap());

pub(crate) struct Folder(TempDir);

impl Folder {
    /// With `key.pem` and `key.pub.pem` in it.
    pub(crate) fn new() -> Self {
        let folder = Self::empty();
        folder.write("key.pem", &KEY.to_pkcs8_pem().unwrap(), 0o600);
        folder.write("key.pub.pem", KEY.public_key().to_pem(), 0o644);
        folder
    }

    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str, mode: u32) {
        fs::write(self.path(file), text).unwrap();
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The program with these words, and no variable but the few that a system needs.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).current_dir(self.0.path()).env_clear().envs(self.variables());
        command.timeout(Duration::from_mins(2));
        command
    }

    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let programs = Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
        let path = format!("{programs}:{}", env::var("PATH").unwrap_or_default());
        let home = self.0.path().to_str().unwrap().to_owned();
        vec![("PATH", path), ("HOME", home), ("TZ", "UTC".to_owned()), ("AWS_EC2_METADATA_DISABLED", "true".to_owned())]
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        Ended::of(&self.command(words).output().unwrap())
    }

    /// The program reading this text.
    pub(crate) fn read(&self, words: &[&str], stdin: &str) -> Ended {
        Ended::of(&self.command(words).write_stdin(stdin).output().unwrap())
    }
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let exit = output.status.code().unwrap_or_else(|| panic!("{output:?}"));
        Self { exit, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Fails unless the exit code is this and stderr has this text.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32, stderr: &str) -> Self {
        assert_eq!(self.exit, exit, "{self:?}");
        assert!(self.stderr.contains(stderr), "{stderr:?} in {self:?}");
        self
    }

    /// What stands on stdout of a run that went well and had nothing to say beside.
    #[track_caller]
    pub(crate) fn result(self) -> String {
        assert_eq!((self.exit, self.stderr.as_str()), (0, ""), "{self:?}");
        self.stdout
    }
}

#[track_caller]
pub(crate) fn accepted(token: &str, key: &PublicKey) -> VerifiedToken {
    let verifier = Verifier::new(LicenseKey::new(LICENSE).unwrap(), key.clone()).allow_long_lived();
    verifier.verify(token.trim_end()).unwrap()
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The claims of a token that breaks no rule.
pub(crate) fn good_claims() -> Value {
    json!({
        "iat": now() - 60, "exp": now() + 3_600, "aud": "https://cobrowse.io", "iss": LICENSE, "sub": "jane@example.com",
    })
}

pub(crate) const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

pub(crate) fn encode(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// A token of these parts, signed whatever they say.
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
