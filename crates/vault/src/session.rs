use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use tokio::{
    sync::Mutex as AsyncMutex,
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    auth::{self, Session, VaultAuth},
    client::Client,
    events,
};

/// Logs in when this process has no token, and renews the token in the background at two thirds of its lease.
pub(crate) struct Authenticator(Arc<Shared>);

struct Shared {
    client: Client,
    auth: VaultAuth,
    current: Mutex<Current>,
    /// Held during a log-in or a renewal, so that there is one at a time.
    log_in: AsyncMutex<LogInState>,
}

#[derive(Default)]
struct Current {
    session: Option<Arc<Session>>,
    /// The task that sleeps until the renewal and renews the session.
    timer: Option<AbortHandle>,
}

#[derive(Default)]
struct LogInState {
    failure: Option<(Instant, KeyError)>,
    /// When a denied token last caused a log-in that succeeded or was rejected.
    after_denial: Option<Instant>,
}

/// How long a log-in or a renewal may take: as long as a lookup of the engine.
const LOG_IN_TIMEOUT: Duration = Duration::from_secs(20);
/// The minimum time between two log-ins because of a denied token: a missing policy must not cause a log-in for each mint.
const AFTER_DENIAL: Duration = Duration::from_secs(5);
/// How often a token file is read.
const READ_AGAIN: Duration = Duration::from_secs(1);

impl Authenticator {
    pub(crate) fn new(client: Client, auth: VaultAuth) -> Self {
        Self(Arc::new(Shared { client, auth, current: Mutex::default(), log_in: AsyncMutex::default() }))
    }

    /// Returns the session, after a log-in if there is none or it has expired.
    pub(crate) async fn session(&self) -> Result<Arc<Session>, KeyError> {
        match self.0.usable(None) {
            Some(session) => {
                self.0.restart_ended_timer(&session);
                Ok(session)
            }
            None => self.log_in(None).await,
        }
    }

    /// Returns another session than the one whose token was denied.
    pub(crate) async fn replace(&self, denied: Denied) -> Result<Arc<Session>, KeyError> {
        if self.0.auth.can_replace() { self.log_in(Some(denied)).await } else { Err(denied.error) }
    }

    /// Logs in once for all callers, in a task that no dropped caller cancels. They share its failure too.
    async fn log_in(&self, denied: Option<Denied>) -> Result<Arc<Session>, KeyError> {
        let (shared, called) = (Arc::clone(&self.0), Instant::now());
        let log_in = tokio::spawn(async move {
            let mut state = shared.log_in.lock().await;
            if let Some(session) = shared.usable(denied.as_ref().map(|denied| &denied.session)) {
                return Ok(session);
            }
            if let Some(error) = state.failure_since(called) {
                return Err(error);
            }
            if let Some(denied) = denied.as_ref().filter(|_| state.is_held_off()) {
                return Err(denied.error.clone());
            }
            let session = in_time(shared.auth.log_in(&shared.client)).await;
            if denied.is_some() && !shared.auth.is_file() && !session.as_ref().is_err_and(KeyError::is_transient) {
                state.after_denial = Some(Instant::now());
            }
            let session = session.inspect_err(|error| state.failure = Some((Instant::now(), error.clone())))?;
            match denied {
                // The file still contains the denied token.
                Some(denied) if denied.session.token == session.token => Err(denied.error),
                _ => Ok(shared.start(session)),
            }
        });
        log_in.await.unwrap_or_else(|_| Err(unavailable()))
    }
}

impl LogInState {
    /// Returns the error of a log-in that failed while this caller waited, so that the caller does not repeat the attempt.
    fn failure_since(&self, called: Instant) -> Option<KeyError> {
        self.failure.as_ref().filter(|(failed, _)| *failed > called).map(|(_, error)| error.clone())
    }

    /// Returns whether it is too early for a log-in because of a denied token.
    fn is_held_off(&self) -> bool {
        self.after_denial.is_some_and(|last| last.elapsed() < AFTER_DENIAL)
    }
}

/// A session whose token was denied, and the error of that request.
pub(crate) struct Denied {
    pub(crate) session: Arc<Session>,
    pub(crate) error: KeyError,
}

impl Shared {
    /// Returns the session, unless it has expired or is this one.
    fn usable(&self, other: Option<&Arc<Session>>) -> Option<Arc<Session>> {
        let is_usable = |session: &Arc<Session>| {
            let has_expired = self.auth.can_replace() && session.is_expired();
            !has_expired && other.is_none_or(|other| !Arc::ptr_eq(other, session))
        };
        self.current().session.clone().filter(is_usable)
    }

    /// Begins a session and the timer of its renewal.
    fn start(self: &Arc<Self>, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        self.current().session = Some(Arc::clone(&session));
        self.start_timer(&session);
        session
    }

    fn start_timer(self: &Arc<Self>, session: &Arc<Session>) {
        if self.auth.is_file() {
            self.renew_after(READ_AGAIN, session);
        } else if let Some(lease) = session.lease.filter(|_| session.renewable || self.auth.can_replace()) {
            let jitter = 1.0 - fastrand::f64() / 10.0;
            let age = (lease * 2 / 3).mul_f64(jitter);
            self.renew_after(age.saturating_sub(session.since.elapsed()), session);
        }
    }

    /// Starts a new timer if the runtime of the last one has ended. A timer that ends normally has already started the next one.
    fn restart_ended_timer(self: &Arc<Self>, session: &Arc<Session>) {
        let has_ended = {
            let Current { session: current, timer } = &mut *self.current();
            // Only one caller takes the timer, and only if its session is current.
            let is_current = current.as_ref().is_some_and(|current| Arc::ptr_eq(current, session));
            is_current && timer.take_if(|timer| timer.is_finished()).is_some()
        };
        if has_ended {
            self.start_timer(session);
        }
    }

    fn renew_after(self: &Arc<Self>, delay: Duration, session: &Arc<Session>) {
        let (shared, session) = (Arc::downgrade(self), Arc::clone(session));
        let timer = tokio::spawn(async move {
            sleep(delay).await;
            // `renew` starts the next timer last, because that aborts this task.
            Self::renew(shared, session).await;
        });
        if let Some(earlier) = self.current().timer.replace(timer.abort_handle()) {
            earlier.abort();
        }
    }

    /// Renews the session, or logs in if it cannot be renewed for its whole lease.
    async fn renew(shared: Weak<Self>, session: Arc<Session>) {
        let Some(shared) = shared.upgrade() else { return };
        let _one_at_a_time = shared.log_in.lock().await;
        if shared.usable(None).is_some_and(|current| !Arc::ptr_eq(&current, &session)) {
            return;
        }
        let renewed = in_time(async {
            let renewed =
                if session.renewable { Some(auth::renew(&shared.client, &session.token).await) } else { None };
            match renewed {
                // Near its maximum lifetime, a token is renewed for less than its lease.
                Some(Ok(renewed)) if renewed.lease >= session.lease.map(|lease| lease * 2 / 3) => Ok(renewed),
                Some(result) if !shared.auth.can_replace() => result,
                _ => shared.auth.log_in(&shared.client).await,
            }
        });
        match renewed.await {
            Ok(renewed) if renewed.token == session.token && shared.auth.is_file() => {
                shared.renew_after(READ_AGAIN, &session);
            }
            Ok(renewed) => drop(shared.start(renewed)),
            Err(error) => {
                if !shared.auth.is_file() {
                    events::renewal_failed(&error);
                }
                let retry =
                    (session.lease.unwrap_or_default() / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
                shared.renew_after(retry, &session);
            }
        }
    }

    /// No code panics while it holds the lock.
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(timer) = self.current().timer.take() {
            timer.abort();
        }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authenticator").field("auth", &self.0.auth).finish_non_exhaustive()
    }
}

async fn in_time(work: impl Future<Output = Result<Session, KeyError>>) -> Result<Session, KeyError> {
    timeout(LOG_IN_TIMEOUT, work).await.unwrap_or_else(|_| Err(unavailable()))
}

fn unavailable() -> KeyError {
    KeyError::new(KeyErrorKind::Unavailable, "timed out logging in to Vault")
        .with_hint("check the network between this machine and Vault")
}
