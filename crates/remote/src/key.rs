use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey, Signature, SigningInput, SigningKey};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::{
    events,
    lookup::timed_out,
    runtime::runtime,
    service::{KeyService, KeyVersion, ResolvedKey, ServiceSignature},
};

/// A snapshot: one version of a key in a service.
pub(crate) struct RemoteSigningKey<S> {
    signer: Arc<Signer<S>>,
    version: KeyVersion,
    public_key: PublicKey,
}

impl<S: KeyService> RemoteSigningKey<S> {
    pub(crate) fn new(signer: Arc<Signer<S>>, resolved: &ResolvedKey) -> Self {
        Self { signer, version: resolved.version.clone(), public_key: resolved.public_key.clone() }
    }
}

#[async_trait]
impl<S: KeyService> SigningKey for RemoteSigningKey<S> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        let ServiceSignature { bytes, version } = self.signer.sign(&self.version, input).await?;
        if version.is_some_and(|version| version != self.version) {
            return Err(KeyError::new(
                KeyErrorKind::InvalidResponse,
                "key service signed with a different key version",
            ));
        }
        Ok(Signature::remote(bytes))
    }
}

impl<S> fmt::Debug for RemoteSigningKey<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RemoteSigningKey").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// Signs within the deadline and the load limit, for every snapshot of one source.
pub(crate) struct Signer<S> {
    pub(crate) service: S,
    pub(crate) operation_timeout: Duration,
    pub(crate) lookup_timeout: Duration,
    /// `None`: unlimited.
    pub(crate) permits: Option<Semaphore>,
    pub(crate) authenticating: AtomicBool,
}

impl<S: KeyService> Signer<S> {
    async fn sign(
        self: &Arc<Self>,
        version: &KeyVersion,
        input: &SigningInput<'_>,
    ) -> Result<ServiceSignature, KeyError> {
        let runtime = runtime()?;
        let mut queued = false;
        let call = async {
            let _permit = self.permit(&mut queued).await;
            // A signature that had to queue can be late without slow credentials.
            let mut unfinished = Unfinished { signer: (!queued).then_some(self), runtime };
            let result = self.service.sign(version, input).await;
            unfinished.signer = None;
            result
        };
        match timeout(self.operation_timeout, call).await {
            Ok(result) => result,
            Err(_) if queued => Err(KeyError::new(KeyErrorKind::Throttled, "too many signatures in flight")
                .with_hint("raise max_in_flight or the quota of the key service")),
            Err(_) => Err(timed_out()),
        }
    }

    /// Waits for a free place among the signatures in flight, and records whether it had to.
    async fn permit(&self, queued: &mut bool) -> Option<SemaphorePermit<'_>> {
        let permits = self.permits.as_ref()?;
        if let Ok(permit) = permits.try_acquire() {
            return Some(permit);
        }
        *queued = true;
        permits.acquire().await.ok()
    }

    /// Authenticates in the background, at most once at a time: credentials slower than the deadline arrive for a later call.
    fn authenticate_in_background(self: &Arc<Self>, runtime: &Handle) {
        if self.authenticating.swap(true, Ordering::AcqRel) {
            return;
        }
        let authenticating = Authenticating(Arc::clone(self));
        runtime.spawn(async move {
            let signer = &authenticating.0;
            match timeout(signer.lookup_timeout, signer.service.authenticate()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => events::authentication_failed(&error),
                Err(_) => events::authentication_failed(&timed_out()),
            }
        });
    }
}

/// Starts an authentication when a signature timed out or its future was dropped.
struct Unfinished<'a, S: KeyService> {
    signer: Option<&'a Arc<Signer<S>>>,
    runtime: Handle,
}

impl<S: KeyService> Drop for Unfinished<'_, S> {
    fn drop(&mut self) {
        if let Some(signer) = self.signer {
            signer.authenticate_in_background(&self.runtime);
        }
    }
}

/// Resets the flag when the authentication ends, also when its runtime drops it.
struct Authenticating<S>(Arc<Signer<S>>);

impl<S> Drop for Authenticating<S> {
    fn drop(&mut self) {
        self.0.authenticating.store(false, Ordering::Release);
    }
}
