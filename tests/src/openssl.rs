use std::{
    fs,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// The passphrase of every encrypted key.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// The `openssl` command in a folder of its own, which is gone with this value.
#[derive(Debug)]
pub struct Openssl(TempDir);

impl Openssl {
    /// An empty folder.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs `openssl` with these words, `$PASS` standing for the passphrase, and panics if it fails.
    #[must_use = "chain the next command, or read a file"]
    pub fn run(self, words: &str) -> Self {
        let words = words.split_whitespace().map(|word| match word {
            "$PASS" => format!("pass:{PASSPHRASE}"),
            word => word.to_owned(),
        });
        self.program(Command::new("openssl").args(words))
    }

    /// Runs another program in the folder.
    #[must_use = "chain the next command, or read a file"]
    pub fn program(self, command: &mut Command) -> Self {
        let output = command.current_dir(&self.0).stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; install it"));
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        self
    }

    /// What a file in the folder holds.
    #[must_use]
    pub fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.0.path().join(file)).unwrap()
    }
}
