//! A key in a file, followed when the file is replaced.

mod read;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use cobrowse_jwt_core::{KeyError, KeySource, PublicKey, SigningKey, async_trait};
use futures_channel::oneshot;

use crate::{PemError, PemErrorKind, PemKey};
use read::{Contents, Stamp};

/// A private key in a file: a [`KeySource`] that notices when the file is replaced.
///
/// The file is read and the key parsed when this is built. From then on it is looked at (one `stat`, no reading) at most once a
/// second, when a key is asked for; a changed file is read on a thread of its own. If what is there now is no usable key, the
/// old one stays and a `tracing` warning says so, once for every change.
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
pub struct PemFile {
    file: Arc<File>,
    state: Arc<Mutex<State>>,
}

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
        self.state().key.public_key().clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

#[async_trait]
impl KeySource for PemFile {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        let change = self.file.changed(&mut self.state());
        if let Some(change) = change {
            let (file, state) = (Arc::clone(&self.file), Arc::clone(&self.state));
            // Whoever asked may stop waiting: the thread finishes, and the next caller finds what it read.
            let _ = on_own_thread(move || {
                file.follow(&state, change);
                Ok(())
            })
            .await;
        }
        let key = self.state().key.clone();
        key.signing_key().await
    }
}

impl fmt::Debug for PemFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PemFile")
            .field("path", &self.file.path)
            .field("public_key", self.state().key.public_key())
            .finish_non_exhaustive()
    }
}

/// How a key file is read. [`PemFile::open`] is the short way for the usual case.
#[derive(Debug, Default)]
#[must_use = "options do nothing until `open` or `load` is called"]
pub struct PemFileOptions {
    strict_permissions: bool,
    #[cfg(feature = "encrypted-pem")]
    passphrase: Option<crate::Passphrase>,
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
        let file = File { path: path.into(), options: self };
        let contents = file.read()?;
        let key = file.parse(&contents)?;
        let state = State { key, seen: contents.stamp, next_look: Instant::now() + File::PAUSE };
        Ok(PemFile { file: Arc::new(file), state: Arc::new(Mutex::new(state)) })
    }

    /// As [`PemFile::load`].
    ///
    /// # Errors
    ///
    /// As [`PemFile::open`].
    pub async fn load(self, path: impl Into<PathBuf>) -> Result<PemFile, PemError> {
        let path = path.into();
        on_own_thread(move || self.open(path)).await
    }
}

struct File {
    path: PathBuf,
    options: PemFileOptions,
}

struct State {
    key: PemKey,
    /// The file as it was when it was last read, be it to a key or to an error.
    seen: Stamp,
    next_look: Instant,
}

impl File {
    const PAUSE: Duration = Duration::from_secs(1);

    fn read(&self) -> Result<Contents, PemError> {
        Contents::read(&self.path, self.options.strict_permissions).map_err(|error| error.in_file(&self.path))
    }

    fn parse(&self, contents: &Contents) -> Result<PemKey, PemError> {
        #[cfg(feature = "encrypted-pem")]
        if let Some(passphrase) = &self.options.passphrase {
            return PemKey::from_encrypted_pem(&*contents.bytes, passphrase).map_err(|error| error.in_file(&self.path));
        }
        PemKey::from_pem(&*contents.bytes).map_err(|error| error.in_file(&self.path))
    }

    /// The file's new stamp if it is time to look and it has changed; a caller that comes meanwhile takes the old key.
    fn changed(&self, state: &mut State) -> Option<Stamp> {
        let now = Instant::now();
        if now < state.next_look {
            return None;
        }
        state.next_look = now + Self::PAUSE;
        let stamp = Stamp::of_path(&self.path)?;
        (stamp != state.seen).then_some(stamp)
    }

    fn follow(&self, state: &Mutex<State>, change: Stamp) {
        let read = self.read().and_then(|contents| Ok((self.parse(&contents)?, contents.stamp)));
        let mut state = lock(state);
        match read {
            Ok((key, stamp)) => {
                tracing::info!(path = ?self.path, thumbprint = key.public_key().thumbprint(), "the key file was replaced");
                state.key = key;
                state.seen = stamp;
            }
            Err(error) => {
                tracing::warn!(%error, "the key file was replaced by what is no usable key; the old key goes on signing");
                state.seen = change;
            }
        }
    }
}

/// No code panics while it holds the lock, and the state is whole between any two of its statements.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn on_own_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PemError> + Send + 'static,
) -> Result<T, PemError> {
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new()
        .name("cobrowse-jwt-pem".into())
        // The receiver is gone if nobody waits any more.
        .spawn(move || drop(sender.send(work())))
        .map_err(|error| PemError::io(PemErrorKind::System, error))?;
    receiver.await.unwrap_or_else(|_| Err(PemErrorKind::System.into()))
}

#[cfg(test)]
mod tests;
