//! Noticing that a file was replaced.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    PemFileOptions,
    read::{Contents, Stamp},
};
use crate::{PemError, PemErrorKind, PemKey};

/// A file and the key that was last read from it.
pub(super) struct Followed {
    pub(super) file: File,
    state: Mutex<State>,
}

struct State {
    key: PemKey,
    /// The file as it was when it was last read, be it to a key or to an error that only a change of the file can mend.
    seen: Option<Stamp>,
    next_look: Instant,
    /// There is at most one look at a time, so that an older key cannot overtake a newer one.
    looking: bool,
}

impl Followed {
    const PAUSE: Duration = Duration::from_secs(1);

    pub(super) fn open(file: File) -> Result<Self, PemError> {
        let (key, seen) = file.read()?;
        let next_look = Instant::now() + Self::PAUSE;
        Ok(Self { file, state: Mutex::new(State { key, seen: Some(seen), next_look, looking: false }) })
    }

    pub(super) fn key(&self) -> PemKey {
        self.state().key.clone()
    }

    /// Whether the caller is the one who is to start a look, and promises it.
    pub(super) fn is_time_to_look(&self) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        if state.looking || now < state.next_look {
            return false;
        }
        state.looking = true;
        state.next_look = now + Self::PAUSE;
        true
    }

    pub(super) fn give_up_looking(&self) {
        self.state().looking = false;
    }

    /// Blocks. Nothing is logged under the lock: a subscriber may ask for the key.
    pub(super) fn look(&self) {
        let _looking = Looking(self);
        let stamp = Stamp::of_path(&self.file.path);
        if stamp == self.state().seen {
            return;
        }
        let read = self.file.read();
        {
            let mut state = self.state();
            match &read {
                Ok((key, stamp)) => {
                    state.key = key.clone();
                    state.seen = Some(*stamp);
                }
                Err(error) if may_pass(error) => {}
                Err(_) => state.seen = stamp,
            }
        }
        match read {
            Ok((key, _)) => tracing::info!(thumbprint = key.public_key().thumbprint(), "the key file was replaced"),
            Err(error) => tracing::warn!(%error, "the key file holds no usable key now; the known key goes on signing"),
        }
    }

    /// No code panics while it holds the lock, and the state is whole between any two of its statements.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn look_soon(&self) {
        self.state().next_look = Instant::now();
    }

    #[cfg(test)]
    pub(super) fn is_looking(&self) -> bool {
        self.state().looking
    }
}

/// Ends the look however it ends.
struct Looking<'a>(&'a Followed);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.give_up_looking();
    }
}

/// Too many open files, a stale network handle: the same file may be readable at the next look.
fn may_pass(error: &PemError) -> bool {
    matches!(error.kind(), PemErrorKind::Unreadable | PemErrorKind::System)
}

/// Where a key is and how it is read.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) options: PemFileOptions,
}

impl File {
    fn read(&self) -> Result<(PemKey, Stamp), PemError> {
        let read = Contents::read(&self.path, self.options.strict_permissions)
            .and_then(|contents| Ok((self.parse(&contents)?, contents.stamp)));
        read.map_err(|error| error.in_file(&self.path))
    }

    fn parse(&self, contents: &Contents) -> Result<PemKey, PemError> {
        #[cfg(feature = "encrypted-pem")]
        let key = match &self.options.passphrase {
            Some(passphrase) => PemKey::from_encrypted_pem(&*contents.bytes, passphrase)?,
            None => PemKey::from_pem(&*contents.bytes)?,
        };
        #[cfg(not(feature = "encrypted-pem"))]
        let key = PemKey::from_pem(&*contents.bytes)?;

        let registered = &self.options.registered;
        if registered.is_empty() || registered.contains(key.public_key()) {
            Ok(key)
        } else {
            Err(PemErrorKind::Unregistered.into())
        }
    }
}
