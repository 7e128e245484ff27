//! A service that passes the suite, and one with each flaw; engines with a flaw.

use std::{
    fmt,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cobrowse_jwt_core::{
    KeyError, KeyErrorKind, KeySource, PublicKey, Signature, SigningInput, SigningKey, async_trait,
};
use cobrowse_jwt_remote::{KeyService, KeyVersion, RemoteKey, ResolvedKey, ServiceSignature};
use tokio::task::yield_now;

use super::{
    keys::KEYS,
    sources::{Caller, Lookup},
};
use crate::{
    Suite,
    faults::{Engine, remote_key},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    DebugShowsThePassword,
    SecondLoginFails,
    SecondLoginEndsTheSession,
    VersionIsASessionHandle,
    VersionNamesTwoKeys,
    VersionIsIgnored,
    AnotherVersionSigns,
    SignatureIsWrong,
    SignNeverReturns,
    SecondSignatureIsRefused,
    DroppedLoginIsNeverRepeated,
    EngineReturnsUncheckedSignatures,
    EngineHasNoDeadline,
    EngineRepeatsItsFirstError,
}

/// Returns the suite for a service with this flaw, which fails no other check than that of the flaw.
pub(crate) fn suite(flaw: Flaw) -> Suite {
    let service = TestService(Arc::new(Shared::new(flaw)));
    let (rotated, superseded) = (service.clone(), service.clone());
    let engine: Engine = match flaw {
        Flaw::EngineReturnsUncheckedSignatures => {
            |service, deadline| Arc::new(UncheckedEngine(remote_key(service, deadline)))
        }
        Flaw::EngineHasNoDeadline => |service, _| remote_key(service, Duration::from_hours(1)),
        Flaw::EngineRepeatsItsFirstError => |service, deadline| {
            Arc::new(StickyEngine { source: remote_key(service, deadline), error: Mutex::default() })
        },
        _ => remote_key,
    };
    Suite::builder_for_service(service)
        .secret("hunter2")
        .engine(engine)
        .rotate(|| async move { rotated.0.current.store(1, Ordering::SeqCst) })
        .supersede(|| async move { superseded.0.current.store(2, Ordering::SeqCst) })
        .failing_source(KeyErrorKind::NotFound, RemoteKey::new(NoKey))
        .build()
}

pub(crate) fn good() -> impl KeyService {
    TestService(Arc::new(Shared::new(Flaw::None)))
}

#[derive(Clone)]
struct TestService(Arc<Shared>);

/// The version n is the key n of [`KEYS`]. The version 1 is superseded by 2.
struct Shared {
    flaw: Flaw,
    current: AtomicUsize,
    logins: AtomicUsize,
    resolves: AtomicUsize,
    signing: AtomicUsize,
    login: Lookup,
}

impl Shared {
    fn new(flaw: Flaw) -> Self {
        let [current, logins, resolves, signing] = [const { AtomicUsize::new(0) }; 4];
        Self { flaw, current, logins, resolves, signing, login: Lookup::default() }
    }
}

#[async_trait]
impl KeyService for TestService {
    async fn authenticate(&self) -> Result<(), KeyError> {
        let Shared { flaw, logins, login, .. } = &*self.0;
        yield_now().await;
        if *flaw == Flaw::DroppedLoginIsNeverRepeated {
            login.run().await;
        }
        let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
        if *flaw == Flaw::SecondLoginFails && number == 2 {
            return Err(KeyError::new(KeyErrorKind::AccessDenied, "already logged in"));
        }
        Ok(())
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        let Shared { flaw, current, resolves, .. } = &*self.0;
        yield_now().await;
        let (number, count) = (current.load(Ordering::SeqCst), resolves.fetch_add(1, Ordering::SeqCst));
        let name = match flaw {
            Flaw::VersionIsASessionHandle => format!("{number} in session {count}"),
            _ => number.to_string(),
        };
        // An even count resolves to one key, an odd one to the other.
        let number = if *flaw == Flaw::VersionNamesTwoKeys { count % 2 } else { number };
        Ok(ResolvedKey { version: KeyVersion::new(name), public_key: KEYS[number].public.clone(), pinned: false })
    }

    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        let Shared { flaw, current, logins, signing, .. } = &*self.0;
        let caller = Caller::new(signing);
        if *flaw == Flaw::SecondSignatureIsRefused && !caller.is_alone {
            return Err(KeyError::new(KeyErrorKind::Throttled, "busy"));
        }
        yield_now().await;
        match flaw {
            Flaw::SignNeverReturns => pending().await,
            // Until the next login.
            Flaw::SecondLoginEndsTheSession if logins.load(Ordering::SeqCst) == 2 => {
                logins.fetch_add(1, Ordering::SeqCst);
                return Err(KeyError::new(KeyErrorKind::AccessDenied, "session has ended"));
            }
            _ => {}
        }
        let current = current.load(Ordering::SeqCst);
        let number = version.as_str().split(' ').next().and_then(|number| number.parse::<usize>().ok());
        let number = match number {
            _ if *flaw == Flaw::VersionIsIgnored => current,
            Some(1) if current == 2 => return Err(KeyError::new(KeyErrorKind::Superseded, "version is disabled")),
            Some(number) => number,
            None => return Err(KeyError::new(KeyErrorKind::NotFound, "version not found")),
        };
        let mut bytes = KEYS[number].sign(input);
        bytes[17] ^= u8::from(*flaw == Flaw::SignatureIsWrong);
        let signed = if *flaw == Flaw::AnotherVersionSigns { KeyVersion::new("2") } else { version.clone() };
        Ok(ServiceSignature { bytes, version: Some(signed) })
    }
}

impl fmt::Debug for TestService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = if self.0.flaw == Flaw::DebugShowsThePassword { "hunter2" } else { "<redacted>" };
        formatter.debug_struct("TestService").field("password", &password).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct NoKey;

#[async_trait]
impl KeyService for NoKey {
    async fn authenticate(&self) -> Result<(), KeyError> {
        Ok(())
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        Err(KeyError::new(KeyErrorKind::NotFound, "key not found"))
    }

    async fn sign(&self, _: &KeyVersion, _: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        Err(KeyError::new(KeyErrorKind::NotFound, "key not found"))
    }
}

/// Claims that every signature was verified.
#[derive(Debug)]
struct UncheckedEngine(Arc<dyn KeySource>);

#[derive(Debug)]
struct UncheckedKey(Arc<dyn SigningKey>);

#[async_trait]
impl KeySource for UncheckedEngine {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(Arc::new(UncheckedKey(self.0.signing_key().await?)))
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(Arc::new(UncheckedKey(self.0.refresh().await?)))
    }
}

#[async_trait]
impl SigningKey for UncheckedKey {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        Ok(Signature::self_checked(self.0.sign(input).await?.as_bytes().to_vec()))
    }
}

/// Returns its first error forever.
#[derive(Debug)]
struct StickyEngine {
    source: Arc<dyn KeySource>,
    error: Mutex<Option<KeyError>>,
}

#[async_trait]
impl KeySource for StickyEngine {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        if let Some(error) = self.error.lock().unwrap().clone() {
            return Err(error);
        }
        let result = self.source.signing_key().await;
        *self.error.lock().unwrap() = result.as_ref().err().cloned();
        result
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.source.refresh().await
    }
}
