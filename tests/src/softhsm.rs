use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The path in Debian.
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A token in SoftHSM. A process uses it if the variable `SOFTHSM2_CONF` is the path of its configuration.
#[derive(Debug)]
pub struct SoftHsm {
    folder: TempDir,
    pin: String,
}

impl SoftHsm {
    /// Initializes a token with this PIN.
    #[must_use]
    pub fn new(pin: impl Into<String>) -> Self {
        let hsm = Self { folder: tempfile::tempdir().unwrap(), pin: pin.into() };
        fs::write(hsm.config(), format!("directories.tokendir = {}\n", hsm.folder.path().display())).unwrap();
        fs::write(hsm.pin_file(), &hsm.pin).unwrap();
        hsm.run("softhsm2-util", &["--init-token", "--free", "--label", "t", "--pin", &hsm.pin, "--so-pin", "97531"]);
        hsm
    }

    /// Generates the key `agents`.
    pub fn generate(&self) {
        let login = ["--module", MODULE, "--token-label", "t", "--login", "--pin", &self.pin, "--keypairgen"];
        let key = ["--key-type", "rsa:2048", "--label", "agents", "--id", "01", "--usage-sign", "--sensitive"];
        self.run("pkcs11-tool", &[&login[..], &key].concat());
    }

    /// Imports the key `agents` from PKCS#8 PEM.
    pub fn import(&self, pem: &Path) {
        let pem = pem.to_str().unwrap();
        let key = ["--token", "t", "--pin", &self.pin, "--label", "agents", "--id", "01", "--import", pem];
        self.run("softhsm2-util", &key);
    }

    /// Returns the URI of a key with this label.
    #[must_use]
    pub fn uri(&self, label: &str) -> String {
        format!("pkcs11:token=t;object={label}?module-path={MODULE}&pin-source=file:{}", self.pin_file().display())
    }

    /// Returns the path of the configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }

    fn pin_file(&self) -> PathBuf {
        self.folder.path().join("pin")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(program).args(arguments).env("SOFTHSM2_CONF", self.config()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}
