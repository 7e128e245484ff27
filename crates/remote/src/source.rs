use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use async_trait::async_trait;
use cobrowse_jwt_core::{KeyError, KeySource, SigningKey};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    cache::{Cache, Change, Decision, LookupId, RefreshPolicy},
    events,
    key::{RemoteSigningKey, Signer},
    lookup::{InFlight, panicked, timed_out},
    runtime::{require_runtime, runtime},
    service::{KeyService, ResolvedKey},
};

/// A key held by a service: the [`KeySource`] for every [`KeyService`].
///
/// Caches the resolved version, shares one lookup between all callers, and returns within its deadlines; see the crate's
/// documentation. Cheap to clone; clones share the cache. Needs a Tokio runtime with the time driver (`enable_time`) while it is used.
///
/// ```
/// use cobrowse_jwt_core::{LicenseKey, Minter};
/// use cobrowse_jwt_remote::{KeyService, RemoteKey};
///
/// fn start(service: impl KeyService) -> Result<Minter, Box<dyn std::error::Error>> {
///     let key = RemoteKey::builder(service).max_in_flight(64.try_into()?).build();
///     Ok(Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, key))
/// }
/// ```
pub struct RemoteKey<S: KeyService>(Arc<Shared<S>>);

impl<S: KeyService> RemoteKey<S> {
    /// Returns a source with the default deadlines.
    pub fn new(service: S) -> Self {
        Self::builder(service).build()
    }

    /// Returns a builder for a source.
    pub fn builder(service: S) -> RemoteKeyBuilder<S> {
        RemoteKeyBuilder::default().with_service(service)
    }

    /// Returns the service.
    #[must_use]
    pub fn service(&self) -> &S {
        &self.0.signer.service
    }

    /// Obtains credentials or logs in, for at most `lookup_timeout`, so that no mint waits for it.
    ///
    /// # Errors
    ///
    /// The error of the service, [`Unavailable`](cobrowse_jwt_core::KeyErrorKind::Unavailable) after the timeout, and
    /// [`InvalidKey`](cobrowse_jwt_core::KeyErrorKind::InvalidKey) outside of a Tokio runtime.
    pub async fn authenticate(&self) -> Result<(), KeyError> {
        require_runtime()?;
        let signer = &self.0.signer;
        timeout(signer.lookup_timeout, signer.service.authenticate()).await.unwrap_or_else(|_| Err(timed_out()))
    }

    /// Looks up the key. Unlike [`KeySource::refresh`], returns a transient error even if the cache has a key.
    pub(crate) async fn look_up(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        match self.key(Cache::refresh).await? {
            (key, None) => Ok(key),
            (_, Some(failure)) => Err(failure),
        }
    }

    /// Applies the decision of the cache under one lock. If the lookup failed and a cached key is used, returns both.
    async fn key(&self, decide: Decide<Key<S>>) -> Result<(Key<S>, Option<KeyError>), KeyError> {
        let lookup = {
            let mut state = self.0.state();
            state.discard_ended_lookup();
            let now = Instant::now();
            match decide(&state.cache, now) {
                Decision::Use(key) => return Ok((key, None)),
                Decision::UseDespite(key, failure) => return Ok((key, Some(failure))),
                Decision::UseAndRefresh(key) => {
                    // This fails only outside of a runtime, and then `sign` reports it.
                    let _ = Shared::start_lookup(&self.0, &mut state, now);
                    return Ok((key, None));
                }
                Decision::Fail(error) => return Err(error),
                Decision::Join | Decision::Start => match state.lookup.clone() {
                    Some(lookup) if state.cache.is_in_flight(now) => lookup,
                    _ => Shared::start_lookup(&self.0, &mut state, now)?,
                },
            }
        };
        match lookup.wait(self.0.signer.operation_timeout).await {
            Ok(key) => Ok((key, None)),
            Err(error) => {
                let key = self.0.state().cache.wait_failed(error.clone(), Instant::now())?;
                Ok((key, Some(error)))
            }
        }
    }
}

#[async_trait]
impl<S: KeyService> KeySource for RemoteKey<S> {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(self.key(Cache::signing_key).await?.0)
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(self.key(Cache::refresh).await?.0)
    }
}

impl<S: KeyService> Clone for RemoteKey<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: KeyService> fmt::Debug for RemoteKey<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.state().cache.known().cloned();
        formatter.debug_struct("RemoteKey").field("key", &key).finish_non_exhaustive()
    }
}

/// Builder for [`RemoteKey`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct RemoteKeyBuilder<S> {
    service: S,
    refresh_after: Duration,
    max_age: Duration,
    operation_timeout: Duration,
    lookup_timeout: Duration,
    max_in_flight: Option<NonZeroUsize>,
}

impl Default for RemoteKeyBuilder<()> {
    /// Returns the default deadlines without a service, for the builder of an adapter.
    fn default() -> Self {
        Self {
            service: (),
            refresh_after: Duration::from_secs(5 * 60),
            max_age: Duration::from_secs(15 * 60),
            operation_timeout: Duration::from_secs(3),
            lookup_timeout: Duration::from_secs(20),
            max_in_flight: None,
        }
    }
}

impl<S> RemoteKeyBuilder<S> {
    /// Sets the service, and keeps everything else.
    pub fn with_service<T: KeyService>(self, service: T) -> RemoteKeyBuilder<T> {
        let Self { service: _, refresh_after, max_age, operation_timeout, lookup_timeout, max_in_flight } = self;
        RemoteKeyBuilder { service, refresh_after, max_age, operation_timeout, lookup_timeout, max_in_flight }
    }

    /// Sets the age from which the version is looked up again in the background; 5 minutes by default. Up to a tenth of it is taken
    /// off at random, so that many processes do not refresh at the same moment.
    pub fn refresh_after(self, age: Duration) -> Self {
        Self { refresh_after: age, ..self }
    }

    /// Sets the age from which callers wait for the lookup; 15 minutes by default, and at least `refresh_after`.
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: age, ..self }
    }

    /// Sets how long a caller waits for a lookup, and again for a signature; 3 seconds by default.
    pub fn operation_timeout(self, limit: Duration) -> Self {
        Self { operation_timeout: limit, ..self }
    }

    /// Sets how long a lookup or an authentication runs in the background; 20 seconds by default.
    pub fn lookup_timeout(self, limit: Duration) -> Self {
        Self { lookup_timeout: limit, ..self }
    }

    /// Limits how many signatures are in flight; unlimited by default. A caller that cannot finish before its deadline because it had to
    /// queue gets [`Throttled`](cobrowse_jwt_core::KeyErrorKind::Throttled).
    pub fn max_in_flight(self, signatures: NonZeroUsize) -> Self {
        Self { max_in_flight: Some(signatures), ..self }
    }
}

impl<S: KeyService> RemoteKeyBuilder<S> {
    /// Returns the source. Nothing is sent until a key is needed.
    #[must_use]
    pub fn build(self) -> RemoteKey<S> {
        let policy = RefreshPolicy {
            refresh_after: self.refresh_after,
            max_age: self.max_age.max(self.refresh_after),
            stuck_after: self.lookup_timeout.saturating_add(self.operation_timeout),
        };
        let permits = |limit: NonZeroUsize| Semaphore::new(limit.get().min(Semaphore::MAX_PERMITS));
        let signer = Signer {
            service: self.service,
            operation_timeout: self.operation_timeout,
            lookup_timeout: self.lookup_timeout,
            permits: self.max_in_flight.map(permits),
            authenticating: AtomicBool::new(false),
        };
        let state = State { cache: Cache::new(policy), lookup: None };
        RemoteKey(Arc::new(Shared { signer: Arc::new(signer), state: Mutex::new(state) }))
    }
}

impl<S> fmt::Debug for RemoteKeyBuilder<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RemoteKeyBuilder")
            .field("refresh_after", &self.refresh_after)
            .field("max_age", &self.max_age)
            .field("operation_timeout", &self.operation_timeout)
            .field("lookup_timeout", &self.lookup_timeout)
            .field("max_in_flight", &self.max_in_flight)
            .finish_non_exhaustive()
    }
}

type Decide<K> = fn(&Cache<K>, Instant) -> Decision<K>;
type Key<S> = Arc<RemoteSigningKey<S>>;

struct Shared<S: KeyService> {
    signer: Arc<Signer<S>>,
    state: Mutex<State<S>>,
}

struct State<S> {
    cache: Cache<Key<S>>,
    lookup: Option<InFlight<Key<S>>>,
}

impl<S: KeyService> Shared<S> {
    fn start_lookup(this: &Arc<Self>, state: &mut State<S>, now: Instant) -> Result<InFlight<Key<S>>, KeyError> {
        let runtime = runtime()?;
        if let Some(stuck) = state.lookup.take() {
            stuck.abort();
        }
        let id = state.cache.begin(now);
        let (signer, source) = (Arc::clone(&this.signer), Arc::downgrade(this));
        let lookup = InFlight::spawn(&runtime, async move {
            // In a task, so that a panic of the service is a failed lookup. Dropping the set aborts it.
            let mut lookup = JoinSet::new();
            lookup.spawn(async move { timeout(signer.lookup_timeout, signer.service.resolve()).await });
            let resolved = match lookup.join_next().await {
                Some(Ok(resolved)) => resolved.unwrap_or_else(|_| Err(timed_out())),
                Some(Err(_)) | None => Err(panicked()),
            };
            source.upgrade()?.complete_lookup(id, resolved)
        });
        state.lookup = Some(lookup.clone());
        Ok(lookup)
    }

    fn complete_lookup(
        &self,
        id: LookupId,
        resolved: Result<ResolvedKey, KeyError>,
    ) -> Option<Result<Key<S>, KeyError>> {
        let snapshot = |resolved: &ResolvedKey| Arc::new(RemoteSigningKey::new(Arc::clone(&self.signer), resolved));
        let completed = self.state().cache.complete(id, resolved, Instant::now(), fastrand::f64(), snapshot);
        let (result, change) = completed?;
        // Not under the lock: a subscriber may use the source.
        match change {
            Change::None => {}
            Change::Rotated(key) => events::rotated(key.public_key()),
            Change::RefreshFailed(error) => events::refresh_failed(&error),
        }
        Some(result)
    }

    /// No code panics while it holds the lock, and the state is consistent after every statement.
    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: KeyService> State<S> {
    fn discard_ended_lookup(&mut self) {
        if self.lookup.as_ref().is_some_and(|lookup| !lookup.is_running()) {
            self.lookup = None;
            self.cache.abandon();
        }
    }
}

impl<S: KeyService> Drop for Shared<S> {
    fn drop(&mut self) {
        if let Some(lookup) = &self.state().lookup {
            lookup.abort();
        }
    }
}
