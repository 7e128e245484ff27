use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use futures_channel::oneshot;

use super::{loader::Loader, read::Stamp};
use crate::{PemError, PemKey, thread::spawn};

/// A key file, the key that was last read from it, and when the file was last checked for a change.
pub(super) struct Watch {
    pub(super) loader: Loader,
    max_unchecked: Duration,
    state: Mutex<State>,
    /// Held by a test, a check hangs as on a network file system.
    #[cfg(test)]
    hang: Mutex<()>,
}

struct State {
    key: PemKey,
    /// The file as it was last read, whether that gave a key or an error that only a change of the file can correct.
    seen: Option<Stamp>,
    checked: Instant,
    check: Option<Check>,
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
    /// Between two checks.
    const PAUSE: Duration = Duration::from_secs(1);
    /// How long a caller waits for a check.
    const WAIT: Duration = Duration::from_secs(3);

    pub(super) fn open(loader: Loader, max_unchecked: Duration) -> Result<Self, PemError> {
        let (key, seen) = loader.load()?;
        let state = State { key, seen: Some(seen), checked: Instant::now(), check: None };
        Ok(Self {
            loader,
            max_unchecked,
            state: Mutex::new(state),
            #[cfg(test)]
            hang: Mutex::default(),
        })
    }

    pub(super) fn key(&self) -> PemKey {
        self.state().key.clone()
    }

    pub(super) fn freshness(&self) -> Freshness {
        match self.state().checked.elapsed() {
            age if age < Self::PAUSE => Freshness::Fresh,
            age if age < self.max_unchecked => Freshness::Aging,
            _ => Freshness::Unchecked,
        }
    }

    /// Starts a check unless one is in flight.
    pub(super) fn check_in_background(self: &Arc<Self>) {
        let mut state = self.state();
        if state.check.is_none() {
            self.start_check(&mut state);
        }
    }

    /// Starts a check or joins the one in flight, and waits for it at most for 3 seconds. Needs no particular async runtime.
    pub(super) async fn check_and_wait(self: &Arc<Self>) {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.state();
            if state.check.is_none() {
                self.start_check(&mut state);
            }
            match &mut state.check {
                Some(check) if check.started.elapsed() < Self::WAIT => check.waiters.push(sender),
                // It hangs, which was reported.
                Some(_) | None => return,
            }
        }
        let _ = receiver.await;
    }

    /// The check runs on one thread, because the file system may hang, and another thread bounds the wait.
    fn start_check(self: &Arc<Self>, state: &mut State) {
        state.check = Some(Check { started: Instant::now(), waiters: Vec::new() });
        let watch = Arc::clone(self);
        let spawned = spawn(move || {
            let (running, ended) = mpsc::channel::<()>();
            let checked = Arc::clone(&watch);
            let spawned = spawn(move || {
                let _running = running;
                checked.check();
            });
            match spawned {
                Err(error) => watch.give_up(&error),
                Ok(()) if ended.recv_timeout(Self::WAIT) == Err(RecvTimeoutError::Timeout) => watch.release_waiters(),
                Ok(()) => {}
            }
        });
        if let Err(error) = spawned {
            state.check = None;
            tracing::warn!(%error, "failed to start a thread to check the key file; the known key signs");
        }
    }

    /// Nothing is logged under the lock: a subscriber may ask for the key.
    fn check(&self) {
        let _checking = Checking(self);
        #[cfg(test)]
        drop(self.hang.lock());
        let stamp = self.loader.stamp();
        if stamp == self.state().seen {
            return;
        }
        let loaded = self.loader.load();
        let mut replaced = false;
        {
            let mut state = self.state();
            match &loaded {
                Ok((key, stamp)) => {
                    // The snapshot stays the same as long as the key does.
                    replaced = key.public_key() != state.key.public_key();
                    if replaced {
                        state.key = key.clone();
                    }
                    state.seen = Some(*stamp);
                }
                // Too many open files, a stale network handle: the same file may be readable at the next check.
                Err(error) if error.is_transient() => {}
                Err(_) => state.seen = stamp,
            }
        }
        match loaded {
            Ok((key, _)) if replaced => {
                tracing::info!(thumbprint = key.public_key().thumbprint(), "key file replaced");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "failed to reload the key file; the known key signs"),
        }
    }

    fn release_waiters(&self) {
        if let Some(check) = &mut self.state().check {
            check.waiters.clear();
        }
        tracing::warn!("key file not checked within 3 seconds; the known key signs");
    }

    fn give_up(&self, error: &io::Error) {
        self.state().check = None;
        tracing::warn!(%error, "failed to start a thread to check the key file; the known key signs");
    }

    /// No code panics while it holds the lock, and the state is consistent after every statement.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
struct Checking<'a>(&'a Watch);

impl Drop for Checking<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.checked = Instant::now();
        state.check = None;
    }
}
