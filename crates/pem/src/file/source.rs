use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use cobrowse_jwt_core::{KeyError, KeySource, PublicKey, SigningKey, async_trait};

use super::{
    loader::Loader,
    permissions::Permissions,
    watch::{Freshness, Watch},
};
use crate::{PemError, thread::run_blocking};

/// A private key in a file: a [`KeySource`] that reloads the file when it is replaced. Cheap to clone; clones share the key.
///
/// While keys are requested, a thread checks at most once per second whether the file has changed. A caller waits for the check, for at
/// most 3 seconds, only if the file was not checked for a minute ([`PemFileBuilder::max_unchecked`]). If the file cannot be loaded, the
/// known key signs and an event reports it once per change; the [crate](crate) lists all events.
///
/// On Unix the file is refused if
/// - it is group- or world-writable; or readable, with [`PemFileBuilder::strict_permissions`],
/// - its owner is neither the effective user of this process nor root, without [`PemFileBuilder::allow_foreign_owner`],
/// - a directory above it, or above a symbolic link on its path, is world-writable without the sticky bit.
///
/// A Kubernetes secret mount passes. An `emptyDir` volume on disk does not: its mode is 0777.
///
/// ```no_run
/// use cobrowse_jwt_core::{LicenseKey, Minter};
/// use cobrowse_jwt_pem::PemFile;
///
/// # async fn start() -> Result<Minter, Box<dyn std::error::Error>> {
/// let key = PemFile::open("/etc/cobrowse/key.pem").await?;
/// # Ok(
/// Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, key)
/// # )
/// # }
/// ```
#[derive(Clone)]
pub struct PemFile(Arc<Watch>);

impl PemFile {
    /// Opens the unencrypted key in this file, on a new thread. Needs no particular async runtime.
    ///
    /// # Errors
    ///
    /// A [`PemError`] whose kind says what the caller should do.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, PemError> {
        Self::builder(path).open().await
    }

    /// Opens the unencrypted key in this file. **Blocks** the thread while it reads the file and parses the key.
    ///
    /// # Errors
    ///
    /// As [`PemFile::open`].
    pub fn open_blocking(path: impl Into<PathBuf>) -> Result<Self, PemError> {
        Self::builder(path).open_blocking()
    }

    /// Returns a builder for a key file.
    pub fn builder(path: impl Into<PathBuf>) -> PemFileBuilder {
        PemFileBuilder {
            loader: Loader {
                path: path.into(),
                permissions: Permissions::default(),
                #[cfg(feature = "encrypted-pem")]
                passphrase: None,
            },
            max_unchecked: Duration::from_secs(60),
        }
    }

    /// Returns the public key of the key that was read last.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.0.key().public_key().clone()
    }
}

#[async_trait]
impl KeySource for PemFile {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        match self.0.freshness() {
            Freshness::Fresh => {}
            Freshness::Aging => self.0.check_in_background(),
            Freshness::Unchecked => self.0.check_and_wait().await,
        }
        self.0.key().signing_key().await
    }

    /// Checks the file, unless it was checked within the last second.
    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        if self.0.freshness() != Freshness::Fresh {
            self.0.check_and_wait().await;
        }
        self.0.key().signing_key().await
    }
}

impl fmt::Debug for PemFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.key();
        formatter
            .debug_struct("PemFile")
            .field("path", &self.0.printable_path())
            .field("public_key", key.public_key())
            .finish_non_exhaustive()
    }
}

/// Builder for [`PemFile`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct PemFileBuilder {
    loader: Loader,
    max_unchecked: Duration,
}

impl PemFileBuilder {
    /// Refuses a file that is group- or world-readable, on Unix; off by default, where an event reports it.
    pub fn strict_permissions(mut self, strict: bool) -> Self {
        self.loader.permissions.strict = strict;
        self
    }

    /// Accepts a file whose owner is neither the effective user of this process nor root, as in some bind mounts; off by default. The owner
    /// can replace the key.
    pub fn allow_foreign_owner(mut self, allow: bool) -> Self {
        self.loader.permissions.allow_foreign_owner = allow;
        self
    }

    /// Sets the passphrase of an encrypted key, also for later replacements of the file. It stays in memory.
    #[cfg(feature = "encrypted-pem")]
    pub fn passphrase(mut self, passphrase: crate::Passphrase) -> Self {
        self.loader.passphrase = Some(passphrase);
        self
    }

    /// Sets how long the key signs without a check of the file; 1 minute by default. Then the next caller waits for a check, for at most 3
    /// seconds, so that the first token after an idle night is not signed with a replaced key.
    pub fn max_unchecked(mut self, age: Duration) -> Self {
        self.max_unchecked = age;
        self
    }

    /// Opens the file, on a new thread.
    ///
    /// # Errors
    ///
    /// As [`PemFile::open`].
    pub async fn open(self) -> Result<PemFile, PemError> {
        run_blocking(move || self.open_blocking()).await?
    }

    /// Opens the file. **Blocks**, for an encrypted key up to some seconds.
    ///
    /// # Errors
    ///
    /// As [`PemFile::open`].
    pub fn open_blocking(self) -> Result<PemFile, PemError> {
        Ok(PemFile(Arc::new(Watch::open(self.loader, self.max_unchecked)?)))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
