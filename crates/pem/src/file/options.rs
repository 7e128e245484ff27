use std::{path::PathBuf, sync::Arc};

use cobrowse_jwt_core::PublicKey;

use super::{
    PemFile,
    follow::{File, Followed},
    on_own_thread,
};
use crate::{PemError, PemErrorKind};

/// How a key file is read. [`PemFile::open`] is the short way for the usual case.
#[derive(Debug, Default)]
#[must_use = "options do nothing until `open` or `load` is called"]
pub struct PemFileOptions {
    pub(super) strict_permissions: bool,
    /// Empty: every key may sign.
    pub(super) registered: Vec<PublicKey>,
    #[cfg(feature = "encrypted-pem")]
    pub(super) passphrase: Option<crate::Passphrase>,
}

impl PemFileOptions {
    /// An unencrypted key; a file that others may read is a warning.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses a file that others than its owner may read, on Unix.
    pub fn strict_permissions(mut self) -> Self {
        self.strict_permissions = true;
        self
    }

    /// Names the key whose public half stands in the Cobrowse dashboard; call it twice while the key changes over.
    ///
    /// Another key is refused: when the file is opened by [`PemErrorKind::Unregistered`], and when it is replaced by the registered
    /// key signing on and a `tracing` warning. Name it on [`Minter`](cobrowse_jwt_core::MinterBuilder::expect_public_key) too.
    pub fn expect_public_key(mut self, key: PublicKey) -> Self {
        self.registered.push(key);
        self
    }

    /// Decrypts the key, now and when the file is replaced. Stays in memory for that.
    #[cfg(feature = "encrypted-pem")]
    pub fn passphrase(mut self, passphrase: crate::Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// As [`PemFile::open`]. **Blocks.**
    ///
    /// # Errors
    ///
    /// As [`PemFile::open`].
    pub fn open(self, path: impl Into<PathBuf>) -> Result<PemFile, PemError> {
        let followed = Followed::open(File { path: path.into(), options: self })?;
        Ok(PemFile(Arc::new(followed)))
    }

    /// As [`PemFile::load`].
    ///
    /// # Errors
    ///
    /// As [`PemFile::open`].
    pub async fn load(self, path: impl Into<PathBuf>) -> Result<PemFile, PemError> {
        let path = path.into();
        on_own_thread(move || self.open(path))?.await.unwrap_or_else(|_| Err(PemErrorKind::System.into()))
    }
}
