//! A key in a file, followed when the file is replaced.

mod follow;
mod options;
mod read;

use std::{fmt, path::PathBuf, sync::Arc, thread};

use cobrowse_jwt_core::{KeyError, KeySource, PublicKey, SigningKey, async_trait};
use futures_channel::oneshot;

use crate::{PemError, PemErrorKind};
use follow::Followed;
pub use options::PemFileOptions;

/// A private key in a file: a [`KeySource`] that notices when the file is replaced.
///
/// The file is read and the key parsed when this is built. From then on, at most once a second and only while keys are asked for,
/// a thread of its own looks whether the file has changed, and reads it if so; whoever asks meanwhile gets the key that is known, and
/// nobody waits. If what is there is no usable key, the known one goes on signing and a `tracing` warning says so, once for every
/// change of the file.
///
/// On Unix a file that others than its owner may write is refused, and one that others may read is a `tracing` warning; see
/// [`PemFileOptions::strict_permissions`].
///
/// ```no_run
/// use cobrowse_jwt_core::{LicenseKey, Minter};
/// use cobrowse_jwt_pem::PemFile;
///
/// let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, PemFile::open("/etc/cobrowse/key.pem")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PemFile(Arc<Followed>);

impl PemFile {
    /// Reads the unencrypted key in this file. **Blocks** the thread, for the disk and some milliseconds of computing: call it
    /// at start-up, or use [`PemFile::load`].
    ///
    /// # Errors
    ///
    /// A [`PemError`] whose kind names the case.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PemError> {
        PemFileOptions::new().open(path)
    }

    /// Does what [`PemFile::open`] does on a thread of its own, and needs no particular async runtime.
    ///
    /// # Errors
    ///
    /// As [`PemFile::open`].
    pub async fn load(path: impl Into<PathBuf>) -> Result<Self, PemError> {
        PemFileOptions::new().load(path).await
    }

    /// The public half of the key that was read last.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.0.key().public_key().clone()
    }
}

#[async_trait]
impl KeySource for PemFile {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        if self.0.is_time_to_look() {
            let followed = Arc::clone(&self.0);
            if let Err(error) = on_own_thread(move || followed.look()) {
                self.0.give_up_looking();
                tracing::warn!(%error, "no thread to look at the key file with; the known key goes on signing");
            }
        }
        self.0.key().signing_key().await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.signing_key().await
    }
}

impl fmt::Debug for PemFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.key();
        formatter
            .debug_struct("PemFile")
            .field("path", &self.0.file.path)
            .field("public_key", key.public_key())
            .finish_non_exhaustive()
    }
}

/// Starts the work; what comes of it arrives even if nobody waits for it any more.
fn on_own_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, PemError> {
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new()
        .name("cobrowse-jwt-pem".into())
        .spawn(move || drop(sender.send(work())))
        .map_err(|error| PemError::io(PemErrorKind::System, error))?;
    Ok(receiver)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
