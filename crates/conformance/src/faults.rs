//! Faults between the engine and a service.

use std::{
    fmt,
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cobrowse_jwt_core::{KeyError, KeyErrorKind, KeySource, MintError, Minter, PublicKey, SigningInput, async_trait};
use cobrowse_jwt_remote::{KeyService, KeyVersion, RemoteKey, ResolvedKey, ServiceSignature};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    cancellation::polled,
    context::{Checked, Context, Failure, failed, minter, verify_token},
};

/// Builds the source under test with this deadline of operations and lookups. Always [`remote_key`], except in the tests of this crate.
pub(crate) type Engine = fn(FaultyService, Duration) -> Arc<dyn KeySource>;

pub(crate) fn remote_key(service: FaultyService, deadline: Duration) -> Arc<dyn KeySource> {
    Arc::new(RemoteKey::builder(service).operation_timeout(deadline).lookup_timeout(deadline).build())
}

/// The results of the three checks under all faults.
pub(crate) struct FaultResults {
    pub(crate) refused: Checked,
    pub(crate) in_time: Checked,
    pub(crate) recovery: Checked,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// `resolve` never returns.
    ResolveHangs,
    /// The future of `resolve` is dropped after its first poll, and the call fails.
    ResolveDropped,
    ResolveFails(KeyErrorKind),
    /// `sign` never returns, and the service is not called.
    SignHangs,
    /// The service signs, and its response is never delivered.
    ResponseLost,
    /// The future of `sign` is dropped after its first poll, and the call fails.
    SignDropped,
    SignFails(KeyErrorKind),
    /// The signature lacks its last byte.
    Truncated,
    /// The signature has the right length and is all zero.
    Zeroed,
    Empty,
    /// The signature of another message.
    OtherMessage,
    /// The correct signature with the name of another version.
    OtherVersion,
}

impl Fault {
    fn all() -> Vec<Self> {
        use KeyErrorKind::{AccessDenied, InvalidKey, InvalidResponse, NotFound, Superseded, Throttled, Unavailable};
        let kinds = [AccessDenied, NotFound, InvalidKey, Throttled, Unavailable, InvalidResponse, Superseded];
        let mut faults = vec![
            Self::ResolveHangs,
            Self::ResolveDropped,
            Self::SignHangs,
            Self::ResponseLost,
            Self::SignDropped,
            Self::Truncated,
            Self::Zeroed,
            Self::Empty,
            Self::OtherMessage,
            Self::OtherVersion,
        ];
        faults.extend(kinds.map(Self::ResolveFails));
        faults.extend(kinds.map(Self::SignFails));
        faults
    }

    /// Returns the deadline of the engine: short only if the fault waits for it, because a busy machine can exceed a short one.
    const fn deadline(self, time_limit: Duration) -> Duration {
        match self {
            Self::ResolveHangs | Self::SignHangs | Self::ResponseLost => Duration::from_secs(3),
            _ => time_limit,
        }
    }

    /// Returns the kind of the error of a mint.
    const fn expected(self) -> KeyErrorKind {
        match self {
            Self::ResolveFails(kind) | Self::SignFails(kind) => kind,
            Self::ResolveHangs | Self::ResolveDropped | Self::SignHangs | Self::ResponseLost | Self::SignDropped => {
                KeyErrorKind::Unavailable
            }
            Self::Truncated | Self::Zeroed | Self::Empty | Self::OtherMessage | Self::OtherVersion => {
                KeyErrorKind::InvalidResponse
            }
        }
    }
}

/// Mints under all faults concurrently, with one engine per fault.
pub(crate) async fn run(
    context: &Arc<Context>,
    service: &Arc<dyn KeyService>,
    engine: Engine,
) -> Checked<FaultResults> {
    let key = context.call("resolve", service.resolve()).await?.public_key;
    let mut running = JoinSet::new();
    for fault in Fault::all() {
        let faulty = FaultyService::new(Arc::clone(service));
        let (context, key) = (Arc::clone(context), key.clone());
        running.spawn(async move { under(fault, &context, faulty, engine, &key).await });
    }
    let mut results = FaultResults { refused: Ok(()), in_time: Ok(()), recovery: Ok(()) };
    while let Some(result) = running.join_next().await {
        let FaultResults { refused, in_time, recovery } =
            result.map_err(|_| failed("a mint under a fault panicked"))?;
        results.refused = results.refused.and(refused);
        results.in_time = results.in_time.and(in_time);
        results.recovery = results.recovery.and(recovery);
    }
    Ok(results)
}

async fn under(
    fault: Fault,
    context: &Context,
    service: FaultyService,
    engine: Engine,
    key: &PublicKey,
) -> FaultResults {
    let fails = |reason: String| Err(failed(format!("{fault:?}: {reason}")));
    service.set(Some(fault));
    let minter = minter(engine(service.clone(), fault.deadline(context.time_limit))).build();
    let mut results = FaultResults { refused: Ok(()), in_time: Ok(()), recovery: Ok(()) };
    match context.mint(&minter).await {
        Ok(Ok(_)) => results.refused = fails("minting returned a token".to_owned()),
        Ok(Err(MintError::Key(error))) if error.kind() == fault.expected() => {}
        Ok(Err(error)) => {
            results.refused = fails(format!("minting returned {}, expected {}", error.id(), fault.expected().id()));
        }
        Err(_) => {
            results.in_time = fails("minting did not return within the time limit".to_owned());
            return results;
        }
    }
    service.set(None);
    results.recovery = recover(context, &minter, key).await.or_else(|failure| match failure {
        Failure::Failed(reason) => fails(reason),
        failure => Err(failure),
    });
    results
}

/// Mints until it succeeds. The engine repeats a failed lookup after 5 seconds.
async fn recover(context: &Context, minter: &Minter, key: &PublicKey) -> Checked {
    const HOLD_OFF: Duration = Duration::from_secs(5);
    let start = Instant::now();
    loop {
        match context.mint(minter).await? {
            Ok(token) => return verify_token(&token, key),
            Err(error) if start.elapsed() > HOLD_OFF + context.time_limit => {
                return Err(failed(format!("minting returned {} after the fault had ended", error.id())));
            }
            Err(_) => sleep(Duration::from_millis(200)).await,
        }
    }
}

/// A service with a fault on demand. Clones share the fault.
#[derive(Clone)]
pub(crate) struct FaultyService {
    service: Arc<dyn KeyService>,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl FaultyService {
    pub(crate) fn new(service: Arc<dyn KeyService>) -> Self {
        Self { service, fault: Arc::default() }
    }

    fn set(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn fault(&self) -> Option<Fault> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyService for FaultyService {
    async fn authenticate(&self) -> Result<(), KeyError> {
        self.service.authenticate().await
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        match self.fault() {
            Some(Fault::ResolveHangs) => pending().await,
            Some(Fault::ResolveDropped) => {
                polled(self.service.resolve(), 1).await;
                Err(error(KeyErrorKind::Unavailable))
            }
            Some(Fault::ResolveFails(kind)) => Err(error(kind)),
            _ => self.service.resolve().await,
        }
    }

    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        let fault = self.fault();
        match fault {
            Some(Fault::SignHangs) => pending().await,
            Some(Fault::SignDropped) => {
                polled(self.service.sign(version, input), 1).await;
                return Err(error(KeyErrorKind::Unavailable));
            }
            Some(Fault::SignFails(kind)) => return Err(error(kind)),
            Some(Fault::OtherMessage) => return self.service.sign(version, &SigningInput::new(b"other.message")).await,
            _ => {}
        }
        let mut signature = self.service.sign(version, input).await?;
        match fault {
            Some(Fault::ResponseLost) => pending().await,
            Some(Fault::Truncated) => drop(signature.bytes.pop()),
            Some(Fault::Zeroed) => signature.bytes.fill(0),
            Some(Fault::Empty) => signature.bytes.clear(),
            Some(Fault::OtherVersion) => signature.version = Some(KeyVersion::new("other-conformance-version")),
            _ => {}
        }
        Ok(signature)
    }
}

impl fmt::Debug for FaultyService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FaultyService").finish_non_exhaustive()
    }
}

fn error(kind: KeyErrorKind) -> KeyError {
    KeyError::new(kind, "fault of the conformance suite")
}
