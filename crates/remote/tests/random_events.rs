//! Random sequences of calls and failures, on tokio's paused clock: no caller waits past its deadline, lookups and authentications never
//! overlap, and no superseded snapshot is served.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    future::pending,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cobrowse_jwt_core::{KeyError, KeyErrorKind, KeySource, PublicKey, SigningInput, SigningKey, async_trait};
use cobrowse_jwt_remote::{KeyService, KeyVersion, RemoteKey, ResolvedKey, ServiceSignature};
use proptest::prelude::*;
use tokio::{
    runtime::Builder,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// How a call to the service ends.
#[derive(Clone, Copy, Debug)]
enum Call {
    After(u64),
    Never,
    Fail(KeyErrorKind),
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Advance(u64),
    Rotate,
    Resolve(Call),
    Sign(Call),
    Authenticate(Call),
    SigningKey,
    Refresh,
    /// Signs with the cached key; the caller gives up after so many milliseconds.
    SignOrGiveUp(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let call = || {
        prop_oneof![
            4 => (0_u64..25_000).prop_map(Call::After),
            1 => Just(Call::Never),
            1 => Just(Call::Fail(KeyErrorKind::Unavailable)),
            1 => Just(Call::Fail(KeyErrorKind::NotFound)),
        ]
    };
    let event = prop_oneof![
        3 => (0_u64..6_000).prop_map(Event::Advance),
        1 => (0_u64..1_000_000).prop_map(Event::Advance),
        1 => Just(Event::Rotate),
        1 => call().prop_map(Event::Resolve),
        1 => call().prop_map(Event::Sign),
        1 => call().prop_map(Event::Authenticate),
        3 => Just(Event::SigningKey),
        2 => Just(Event::Refresh),
        2 => (0_u64..5_000).prop_map(Event::SignOrGiveUp),
    ];
    proptest::collection::vec(event, 1..80)
}

#[derive(Clone, Debug)]
struct Service(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    resolving: Overlap,
    authenticating: Overlap,
}

#[derive(Clone, Copy, Debug)]
struct Script {
    version: usize,
    resolve: Call,
    sign: Call,
    authenticate: Call,
}

/// Counts calls that run at the same time.
#[derive(Debug, Default)]
struct Overlap {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Running<'a>(&'a Overlap);

impl Overlap {
    fn enter(&self) -> Running<'_> {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    fn script(&self) -> Script {
        *self.0.script.lock().unwrap()
    }

    fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.0.script.lock().unwrap());
    }
}

async fn run(call: Call) -> Result<(), KeyError> {
    match call {
        Call::After(milliseconds) => {
            sleep(Duration::from_millis(milliseconds)).await;
            Ok(())
        }
        Call::Never => pending().await,
        Call::Fail(kind) => Err(KeyError::new(kind, "scripted")),
    }
}

/// One public key for each version. They cannot sign.
static PUBLIC_KEYS: LazyLock<Vec<PublicKey>> = LazyLock::new(|| (0..=u8::MAX).map(public_key).collect());

fn public_key(version: u8) -> PublicKey {
    let mut modulus = [0xff; 256];
    modulus[128] = version;
    PublicKey::from_components(&modulus, &[1, 0, 1]).unwrap()
}

fn version_of(key: &Arc<dyn SigningKey>) -> usize {
    PUBLIC_KEYS.iter().position(|other| other == key.public_key()).unwrap()
}

#[async_trait]
impl KeyService for Service {
    async fn authenticate(&self) -> Result<(), KeyError> {
        let _running = self.0.authenticating.enter();
        run(self.script().authenticate).await
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        let _running = self.0.resolving.enter();
        let Script { version, resolve, .. } = self.script();
        run(resolve).await?;
        Ok(ResolvedKey {
            version: KeyVersion::new(version.to_string()),
            public_key: PUBLIC_KEYS[version].clone(),
            pinned: false,
        })
    }

    async fn sign(&self, _: &KeyVersion, _: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        run(self.script().sign).await?;
        Ok(ServiceSignature { bytes: Vec::new(), version: None })
    }
}

const LAST_VERSION: usize = 255;
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(20);
const HOLD_OFF: Duration = Duration::from_secs(5);
/// Resolution of tokio's timers.
const TICK: Duration = Duration::from_millis(2);

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let result = work.await;
    assert!(start.elapsed() <= limit + TICK, "waited {:?}", start.elapsed());
    result
}

async fn call(key: RemoteKey<Service>, newest: Arc<Mutex<usize>>, event: Event) {
    let before = *newest.lock().unwrap();
    let found = match event {
        Event::SigningKey => within(OPERATION_TIMEOUT, key.signing_key()).await,
        Event::Refresh => within(OPERATION_TIMEOUT, key.refresh()).await,
        _ => return,
    };
    if let Ok(found) = found {
        let version = version_of(&found);
        assert!(version >= before, "version {version} after {before}");
        let mut newest = newest.lock().unwrap();
        *newest = version.max(*newest);
    }
}

async fn play(events: Vec<Event>) {
    const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");
    let immediately = Call::After(0);
    let script = Script { version: 0, resolve: immediately, sign: immediately, authenticate: immediately };
    let service = Service(Arc::new(Shared {
        script: Mutex::new(script),
        resolving: Overlap::default(),
        authenticating: Overlap::default(),
    }));
    let key = RemoteKey::new(service.clone());
    let signing_key = key.signing_key().await.unwrap();
    let newest = Arc::new(Mutex::new(0));
    let mut callers = JoinSet::new();
    for event in events {
        match event {
            Event::Advance(milliseconds) => sleep(Duration::from_millis(milliseconds)).await,
            Event::Rotate => service.set(|script| script.version += 1),
            Event::Resolve(call) => service.set(|script| script.resolve = call),
            Event::Sign(call) => service.set(|script| script.sign = call),
            Event::Authenticate(call) => service.set(|script| script.authenticate = call),
            Event::SigningKey | Event::Refresh => drop(callers.spawn(call(key.clone(), Arc::clone(&newest), event))),
            Event::SignOrGiveUp(milliseconds) => {
                let (signing_key, limit) = (Arc::clone(&signing_key), Duration::from_millis(milliseconds));
                callers.spawn(async move {
                    let _ = timeout(limit, within(OPERATION_TIMEOUT, signing_key.sign(&INPUT))).await;
                });
            }
        }
    }
    callers.join_all().await;

    service.set(|script| (script.version, script.resolve) = (LAST_VERSION, immediately));
    within(LOOKUP_TIMEOUT + HOLD_OFF + OPERATION_TIMEOUT, async {
        while !key.refresh().await.is_ok_and(|key| version_of(&key) == LAST_VERSION) {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert!(service.0.resolving.most.load(Ordering::SeqCst) <= 1, "lookups overlapped");
    assert!(service.0.authenticating.most.load(Ordering::SeqCst) <= 1, "authentications overlapped");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_events_keep_deadlines_and_order(events in events()) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(play(events));
    }
}
