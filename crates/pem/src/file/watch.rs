use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use futures_channel::oneshot;

use super::{events, loader::Loader, read::FileFingerprint};
use crate::{PemError, PemErrorKind, PemKey, printable_path, thread::spawn};

/// A key file, the key that was last read from it, and when the file was last checked for a change.
pub(super) struct Watch {
    loader: Loader,
    /// The path for messages. Deciding whether it may be shown reads the file system, which may hang.
    printable_path: String,
    max_unchecked: Duration,
    state: Mutex<State>,
    /// While a test holds it, a check hangs as on a network file system.
    #[cfg(test)]
    hang: Mutex<()>,
}

struct State {
    key: PemKey,
    /// The file as it was last loaded, successfully or with an error that only a change of the file can correct.
    loaded: Option<FileFingerprint>,
    /// The last failure. It is reported again only if it differs.
    failure: Option<Failure>,
    checked: Instant,
    check: Option<Check>,
}

#[derive(PartialEq, Eq)]
struct Failure {
    fingerprint: Option<FileFingerprint>,
    message: String,
}

/// A check in flight. There is one at a time, so that an older key cannot replace a newer one.
struct Check {
    started: Instant,
    /// Dropped, and thereby woken, when the check ends or takes too long.
    waiters: Vec<oneshot::Sender<()>>,
}

/// How a caller gets the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// Use the key, and check the file in the background.
    Aging,
    /// Check the file first.
    Unchecked,
}

impl Watch {
    const MIN_CHECK_INTERVAL: Duration = Duration::from_secs(1);
    const MAX_WAIT: Duration = Duration::from_secs(3);

    pub(super) fn open(loader: Loader, max_unchecked: Duration) -> Result<Self, PemError> {
        let (key, fingerprint) = loader.load()?;
        let state = State { key, loaded: Some(fingerprint), failure: None, checked: Instant::now(), check: None };
        Ok(Self {
            printable_path: printable_path(&loader.path).to_owned(),
            loader,
            max_unchecked,
            state: Mutex::new(state),
            #[cfg(test)]
            hang: Mutex::default(),
        })
    }

    pub(super) fn printable_path(&self) -> &str {
        &self.printable_path
    }

    pub(super) fn key(&self) -> PemKey {
        self.state().key.clone()
    }

    pub(super) fn freshness(&self) -> Freshness {
        match self.state().checked.elapsed() {
            age if age < Self::MIN_CHECK_INTERVAL => Freshness::Fresh,
            age if age < self.max_unchecked => Freshness::Aging,
            _ => Freshness::Unchecked,
        }
    }

    /// Starts a check unless one is in flight.
    pub(super) fn check_in_background(self: &Arc<Self>) {
        let started = {
            let mut state = self.state();
            if state.check.is_some() { Ok(()) } else { self.start_check(&mut state) }
        };
        if let Err(error) = started {
            events::check_not_started(&error);
        }
    }

    /// Starts a check or joins the one in flight, and waits for it for at most 3 seconds. Needs no particular async runtime.
    pub(super) async fn check_and_wait(self: &Arc<Self>) {
        let (sender, receiver) = oneshot::channel();
        self.check_in_background();
        match &mut self.state().check {
            Some(check) if check.started.elapsed() < Self::MAX_WAIT => check.waiters.push(sender),
            // The check hangs or could not start, which an event has reported, or it has ended.
            Some(_) | None => return,
        }
        let _ = receiver.await;
    }

    /// Starts a check on a thread, because the file system can hang. Another thread releases the waiters after 3 seconds, because this
    /// crate does not depend on an async runtime.
    fn start_check(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        state.check = Some(Check { started: Instant::now(), waiters: Vec::new() });
        let watch = Arc::clone(self);
        let spawned = spawn(move || {
            let (alive, ended) = mpsc::channel::<()>();
            let checker = Arc::clone(&watch);
            let spawned = spawn(move || {
                let _alive = alive;
                checker.check();
            });
            match spawned {
                Err(error) => {
                    watch.state().check = None;
                    events::check_not_started(&error);
                }
                Ok(()) if ended.recv_timeout(Self::MAX_WAIT) == Err(RecvTimeoutError::Timeout) => {
                    watch.release_waiters();
                }
                Ok(()) => {}
            }
        });
        if spawned.is_err() {
            state.check = None;
        }
        spawned
    }

    fn check(&self) {
        let _guard = CheckGuard(self);
        #[cfg(test)]
        drop(self.hang.lock());
        let fingerprint = self.loader.fingerprint();
        if self.is_loaded(fingerprint.as_ref()) {
            return;
        }
        match self.loader.load() {
            Ok((key, fingerprint)) => self.loaded(key, fingerprint),
            Err(error) => self.failed(&error, fingerprint),
        }
    }

    /// Returns whether the file is unchanged since it was loaded. If so, clears the last failure, so that the next outage is reported.
    fn is_loaded(&self, fingerprint: Option<&FileFingerprint>) -> bool {
        let mut state = self.state();
        let is_loaded = fingerprint == state.loaded.as_ref();
        if is_loaded {
            state.failure = None;
        }
        is_loaded
    }

    fn loaded(&self, key: PemKey, fingerprint: FileFingerprint) {
        let public_key = key.public_key().clone();
        let replaced = {
            let mut state = self.state();
            state.loaded = Some(fingerprint);
            state.failure = None;
            // The snapshot stays the same as long as the key does.
            let replaced = public_key != *state.key.public_key();
            if replaced {
                state.key = key;
            }
            replaced
        };
        if replaced {
            events::replaced(&public_key);
        }
    }

    fn failed(&self, error: &PemError, fingerprint: Option<FileFingerprint>) {
        let failure = Some(Failure { fingerprint, message: error.to_string() });
        let is_new = {
            let mut state = self.state();
            if !can_pass_without_change(error) {
                state.loaded = fingerprint;
            }
            let is_new = state.failure != failure;
            state.failure = failure;
            is_new
        };
        if is_new {
            events::reload_failed(error);
        }
    }

    fn release_waiters(&self) {
        if let Some(check) = &mut self.state().check {
            check.waiters.clear();
        }
        events::check_timed_out(&self.printable_path);
    }

    /// No code panics or emits an event while it holds the lock: a subscriber may call the source. The state is consistent after every
    /// statement.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the last check to now.
    #[cfg(test)]
    pub(super) fn renew_check(&self) {
        self.state().checked = Instant::now();
    }

    /// Moves the last check into the past.
    #[cfg(test)]
    pub(super) fn age_by(&self, age: Duration) {
        let mut state = self.state();
        state.checked = state.checked.checked_sub(age).unwrap();
    }

    #[cfg(test)]
    pub(super) fn hang(&self) -> MutexGuard<'_, ()> {
        self.hang.lock().unwrap()
    }

    #[cfg(test)]
    pub(super) fn is_checking(&self) -> bool {
        self.state().check.is_some()
    }
}

/// Ends the check when it is dropped, also by a panic.
struct CheckGuard<'a>(&'a Watch);

impl Drop for CheckGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.checked = Instant::now();
        state.check = None;
    }
}

/// Returns whether an unchanged file may load at the next check: after too many open files, after a `chmod` of its directory, or after its
/// directory was renamed for a moment.
const fn can_pass_without_change(error: &PemError) -> bool {
    use PemErrorKind::{InsecurePermissions, Io, NotFound, PermissionDenied};
    matches!(error.kind(), Io | NotFound | PermissionDenied | InsecurePermissions)
}
