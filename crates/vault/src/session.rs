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

/// The token of this process: logs in when there is none, and renews it in the background at two thirds of its lease.
pub(crate) struct Sessions(Arc<Shared>);

struct Shared {
    client: Client,
    auth: VaultAuth,
    current: Mutex<Current>,
    /// Held during a log-in or a renewal, so that there is one at a time.
    log_ins: AsyncMutex<LogIns>,
}

#[derive(Default)]
struct Current {
    session: Option<Arc<Session>>,
    /// Sleeps until the session is renewed.
    timer: Option<AbortHandle>,
}

#[derive(Default)]
struct LogIns {
    failure: Option<(Instant, KeyError)>,
    after_denial: Option<Instant>,
}

/// How long a log-in or a renewal may take: as long as a lookup of the engine.
const LOG_IN_TIMEOUT: Duration = Duration::from_secs(20);
/// The least time between two log-ins because of a denied request: a missing policy must not cause a log-in for each token.
const AFTER_DENIAL: Duration = Duration::from_secs(5);
/// How often a token file is read.
const READ_AGAIN: Duration = Duration::from_secs(1);

impl Sessions {
    pub(crate) fn new(client: Client, auth: VaultAuth) -> Self {
        Self(Arc::new(Shared { client, auth, current: Mutex::default(), log_ins: AsyncMutex::default() }))
    }

    /// Returns the session, after a log-in if there is none or it has expired.
    pub(crate) async fn session(&self) -> Result<Arc<Session>, KeyError> {
        match self.0.usable(None) {
            Some(session) => Ok(session),
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
            let mut log_ins = shared.log_ins.lock().await;
            let other = denied.as_ref().map(|denied| &denied.session);
            if let Some(session) = shared.usable(other) {
                return Ok(session);
            }
            if let Some((_, error)) = log_ins.failure.as_ref().filter(|(failed, _)| *failed > called) {
                return Err(error.clone());
            }
            if let Some(denied) = denied.as_ref().filter(|_| !shared.auth.is_file()) {
                let now = Instant::now();
                if log_ins.after_denial.is_some_and(|last| now - last < AFTER_DENIAL) {
                    return Err(denied.error.clone());
                }
                log_ins.after_denial = Some(now);
            }
            let session = in_time(shared.auth.log_in(&shared.client)).await;
            let session = session.inspect_err(|error| log_ins.failure = Some((Instant::now(), error.clone())))?;
            match denied {
                // The file still contains the denied token.
                Some(denied) if denied.session.token == session.token => Err(denied.error),
                _ => Ok(shared.start(session)),
            }
        });
        log_in.await.unwrap_or_else(|_| Err(unavailable()))
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
        if self.auth.is_file() {
            self.renew_after(READ_AGAIN, &session);
        } else if !session.lease.is_zero() && (session.renewable || self.auth.can_replace()) {
            let jitter = 1.0 - fastrand::f64() / 10.0;
            self.renew_after((session.lease * 2 / 3).mul_f64(jitter), &session);
        }
        session
    }

    fn renew_after(self: &Arc<Self>, delay: Duration, session: &Arc<Session>) {
        let (shared, session) = (Arc::downgrade(self), Arc::clone(session));
        let timer = tokio::spawn(async move {
            sleep(delay).await;
            // In another task: a renewal replaces this timer.
            tokio::spawn(Self::renew(shared, session));
        });
        if let Some(earlier) = self.current().timer.replace(timer.abort_handle()) {
            earlier.abort();
        }
    }

    /// Renews the session, or logs in if it cannot be renewed for its whole lease.
    async fn renew(shared: Weak<Self>, session: Arc<Session>) {
        let Some(shared) = shared.upgrade() else { return };
        let _one_at_a_time = shared.log_ins.lock().await;
        if shared.usable(None).is_some_and(|current| !Arc::ptr_eq(&current, &session)) {
            return;
        }
        let renewed = in_time(async {
            let renewed =
                if session.renewable { Some(auth::renew(&shared.client, &session.token).await) } else { None };
            match renewed {
                // Near its maximum lifetime, a token is renewed for less than its lease.
                Some(Ok(renewed)) if renewed.lease >= session.lease * 2 / 3 => Ok(renewed),
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
                let retry = (session.lease / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
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

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").field("auth", &self.0.auth).finish_non_exhaustive()
    }
}

async fn in_time(work: impl Future<Output = Result<Session, KeyError>>) -> Result<Session, KeyError> {
    timeout(LOG_IN_TIMEOUT, work).await.unwrap_or_else(|_| Err(unavailable()))
}

fn unavailable() -> KeyError {
    KeyError::new(KeyErrorKind::Unavailable, "timed out logging in to Vault")
        .with_hint("check the network between this machine and Vault")
}
