//! A remote key over a scripted service, on tokio's paused clock.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    future::pending,
    io,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, KeySource, MintError, Minter, PublicKey, SigningInput, async_trait};
use cobrowse_jwt_fault_server::{claims, license_key};
use cobrowse_jwt_remote::{KeyService, KeyVersion, PreflightStepName, RemoteKey, ResolvedKey, ServiceSignature};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tracing::{Dispatch, subscriber::NoSubscriber};
use tracing_subscriber::util::SubscriberInitExt as _;

const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");

/// The key pair of every version.
static PAIR: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// A service whose delays and failures a test sets.
#[derive(Debug)]
struct Scripted {
    script: Mutex<Script>,
    resolves: AtomicUsize,
    authentications: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

#[derive(Clone, Debug, Default)]
struct Script {
    version: u64,
    pinned: bool,
    resolve: Call,
    sign: Call,
    authenticate: Call,
    /// `sign` takes 2.5 s until `authenticate` has succeeded, as in an SDK that loads credentials inside the call.
    needs_credentials: bool,
    signs_with_version: Option<u64>,
    signs_wrongly: bool,
}

#[derive(Clone, Debug, Default)]
enum Call {
    #[default]
    Immediate,
    After(Duration),
    Never,
    Fail(KeyErrorKind),
    Panic,
}

impl Call {
    async fn run(&self) -> Result<(), KeyError> {
        match self {
            Self::Immediate => Ok(()),
            Self::After(delay) => {
                sleep(*delay).await;
                Ok(())
            }
            Self::Never => pending().await,
            Self::Fail(kind) => Err(KeyError::new(*kind, "scripted")),
            Self::Panic => panic!("scripted"),
        }
    }
}

impl Scripted {
    fn new(script: Script) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(script),
            resolves: AtomicUsize::new(0),
            authentications: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        })
    }

    fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    fn script(&self) -> Script {
        self.script.lock().unwrap().clone()
    }

    fn resolves(&self) -> usize {
        self.resolves.load(Ordering::SeqCst)
    }
}

#[derive(Clone, Debug)]
struct Service(Arc<Scripted>);

#[async_trait]
impl KeyService for Service {
    async fn authenticate(&self) -> Result<(), KeyError> {
        self.0.authentications.fetch_add(1, Ordering::SeqCst);
        self.0.script().authenticate.run().await?;
        self.0.set(|script| script.needs_credentials = false);
        Ok(())
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        self.0.resolves.fetch_add(1, Ordering::SeqCst);
        let Script { resolve, version, pinned, .. } = self.0.script();
        resolve.run().await?;
        let der = AsDer::<PublicKeyX509Der>::as_der(PAIR.public_key()).unwrap();
        let public_key = PublicKey::from_spki_der(der.as_ref()).unwrap();
        Ok(ResolvedKey { version: KeyVersion::new(version.to_string()), public_key, pinned })
    }

    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        let _open = Open::new(&self.0);
        let script = self.0.script();
        if script.needs_credentials {
            sleep(Duration::from_millis(2_500)).await;
        }
        script.sign.run().await?;
        let mut bytes = vec![0; PAIR.public_modulus_len()];
        PAIR.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.message(), &mut bytes).unwrap();
        bytes[0] ^= u8::from(script.signs_wrongly);
        let version = script.signs_with_version.map_or(version.clone(), |other| KeyVersion::new(other.to_string()));
        Ok(ServiceSignature { bytes, version: Some(version) })
    }
}

/// Counts a call as open until it ends or is dropped.
struct Open<'a>(&'a Scripted);

impl<'a> Open<'a> {
    fn new(service: &'a Scripted) -> Self {
        let open = service.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        service.most_in_flight.fetch_max(open, Ordering::SeqCst);
        Self(service)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

fn remote(script: Script) -> (Arc<Scripted>, RemoteKey<Service>) {
    let service = Scripted::new(script);
    (Arc::clone(&service), RemoteKey::new(Service(service)))
}

fn minter(key: &RemoteKey<Service>) -> Minter {
    Minter::new(license_key(), key.clone())
}

fn kind(error: &MintError) -> KeyErrorKind {
    let MintError::Key(error) = error else { panic!("{error:?}") };
    error.kind()
}

async fn elapsed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn signing_key_with_many_callers_resolves_once() {
    let (service, key) = remote(Script { resolve: Call::After(SECOND), ..Script::default() });
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let key = key.clone();
        callers.spawn(async move { key.signing_key().await.unwrap() });
    }
    let keys = callers.join_all().await;
    assert!(keys.iter().all(|other| Arc::ptr_eq(other, &keys[0])));
    assert_eq!(service.resolves(), 1);
}

#[tokio::test(start_paused = true)]
async fn signing_key_with_failing_lookup_fails_all_callers_once() {
    let (service, key) = remote(Script { resolve: Call::Fail(KeyErrorKind::NotFound), ..Script::default() });
    for _ in 0..50 {
        assert_eq!(key.signing_key().await.unwrap_err().kind(), KeyErrorKind::NotFound);
    }
    assert_eq!(service.resolves(), 1);
}

#[tokio::test(start_paused = true)]
async fn dropped_caller_does_not_cancel_the_lookup() {
    let (service, key) = remote(Script { resolve: Call::After(2 * SECOND), ..Script::default() });
    assert!(timeout(SECOND, key.signing_key()).await.is_err());
    sleep(2 * SECOND).await;
    let (result, waited) = elapsed(key.signing_key()).await;
    assert!(result.is_ok());
    assert_eq!((waited, service.resolves()), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn dropped_source_aborts_the_lookup() {
    let (service, key) = remote(Script { resolve: Call::Never, ..Script::default() });
    assert!(timeout(SECOND, key.signing_key()).await.is_err());
    drop(key);
    sleep(MILLISECOND).await;
    assert_eq!(Arc::strong_count(&service), 1, "the task and its service are gone");
}

#[tokio::test(start_paused = true)]
async fn mint_is_bounded_whatever_the_service_does() {
    let (service, key) = remote(Script { resolve: Call::Never, sign: Call::Never, ..Script::default() });
    let minter = minter(&key);
    let (error, waited) = elapsed(minter.mint(&claims())).await;
    assert_eq!((kind(&error.unwrap_err()), waited), (KeyErrorKind::Unavailable, 3 * SECOND), "cold");

    service.set(|script| script.resolve = Call::After(2_999 * MILLISECOND));
    sleep(30 * SECOND).await;
    let (error, waited) = elapsed(minter.mint(&claims())).await;
    assert_eq!(kind(&error.unwrap_err()), KeyErrorKind::Unavailable);
    assert!(waited <= 6 * SECOND, "cold, both slow: {waited:?}");

    let (error, waited) = elapsed(minter.mint(&claims())).await;
    assert_eq!((kind(&error.unwrap_err()), waited), (KeyErrorKind::Unavailable, 3 * SECOND), "warm");

    service.set(|script| {
        script.sign = Call::Fail(KeyErrorKind::Superseded);
        script.resolve = Call::After(2_999 * MILLISECOND);
        script.version = 1;
    });
    let (error, waited) = elapsed(minter.mint(&claims())).await;
    assert_eq!(kind(&error.unwrap_err()), KeyErrorKind::Superseded);
    assert!(waited <= 9 * SECOND, "superseded: {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn expired_key_is_served_when_the_lookup_hangs_and_only_one_mint_waits() {
    let (service, key) = remote(Script::default());
    let minter = minter(&key);
    minter.mint(&claims()).await.unwrap();
    service.set(|script| script.resolve = Call::Never);
    sleep(16 * 60 * SECOND).await;
    let (token, waited) = elapsed(minter.mint(&claims())).await;
    assert!(token.is_ok());
    assert_eq!(waited, 3 * SECOND);
    let (token, waited) = elapsed(minter.mint(&claims())).await;
    assert!(token.is_ok());
    assert_eq!(waited, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn stale_key_is_refreshed_in_the_background_and_rotates() {
    let (service, key) = remote(Script::default());
    let first = key.signing_key().await.unwrap();
    service.set(|script| (script.version, script.resolve) = (1, Call::After(2 * SECOND)));
    sleep(6 * 60 * SECOND).await;
    let (during, waited) = elapsed(key.signing_key()).await;
    assert!(Arc::ptr_eq(&during.unwrap(), &first));
    assert_eq!(waited, Duration::ZERO);
    sleep(3 * SECOND).await;
    assert!(!Arc::ptr_eq(&key.signing_key().await.unwrap(), &first));
    assert_eq!(service.resolves(), 2);
}

#[tokio::test(start_paused = true)]
async fn pinned_version_is_resolved_once() {
    let (service, key) = remote(Script { pinned: true, ..Script::default() });
    key.signing_key().await.unwrap();
    sleep(24 * 60 * 60 * SECOND).await;
    key.signing_key().await.unwrap();
    assert_eq!(service.resolves(), 1);
}

#[tokio::test(start_paused = true)]
async fn refresh_returns_the_same_snapshot_until_the_version_changes() {
    let (service, key) = remote(Script::default());
    let first = key.signing_key().await.unwrap();
    assert!(Arc::ptr_eq(&key.refresh().await.unwrap(), &first));
    service.set(|script| script.version = 1);
    assert!(Arc::ptr_eq(&key.refresh().await.unwrap(), &first), "held off for 5 s");
    sleep(5 * SECOND).await;
    let second = key.refresh().await.unwrap();
    assert!(!Arc::ptr_eq(&second, &first));
    assert!(Arc::ptr_eq(&key.signing_key().await.unwrap(), &second));
}

#[tokio::test(start_paused = true)]
async fn caller_that_gives_up_before_the_credentials_arrive_does_not_cancel_them() {
    let credentials = Call::After(2_500 * MILLISECOND);
    let (service, key) = remote(Script { authenticate: credentials, ..Script::default() });
    let minter = minter(&key);
    key.signing_key().await.unwrap();
    service.set(|script| script.needs_credentials = true);
    for _ in 0..3 {
        assert!(timeout(2 * SECOND, minter.mint(&claims())).await.is_err());
    }
    assert!(timeout(2 * SECOND, minter.mint(&claims())).await.is_ok());
    assert!(service.authentications.load(Ordering::SeqCst) <= 3, "one authentication at a time");
}

#[tokio::test(start_paused = true)]
async fn signature_that_times_out_authenticates_in_the_background() {
    let (service, key) =
        remote(Script { authenticate: Call::After(10 * SECOND), sign: Call::Never, ..Script::default() });
    let signing_key = key.signing_key().await.unwrap();
    for _ in 0..3 {
        assert_eq!(signing_key.sign(&INPUT).await.unwrap_err().kind(), KeyErrorKind::Unavailable);
    }
    assert_eq!(service.authentications.load(Ordering::SeqCst), 1);
    service.set(|script| script.sign = Call::Fail(KeyErrorKind::AccessDenied));
    sleep(20 * SECOND).await;
    signing_key.sign(&INPUT).await.unwrap_err();
    assert_eq!(service.authentications.load(Ordering::SeqCst), 1, "a response needs no authentication");
}

#[tokio::test(start_paused = true)]
async fn authentication_that_hangs_is_replaced_after_the_lookup_timeout() {
    let (service, key) = remote(Script { authenticate: Call::Never, sign: Call::Never, ..Script::default() });
    let signing_key = key.signing_key().await.unwrap();
    signing_key.sign(&INPUT).await.unwrap_err();
    sleep(15 * SECOND).await;
    signing_key.sign(&INPUT).await.unwrap_err();
    assert_eq!(service.authentications.load(Ordering::SeqCst), 1);
    sleep(5 * SECOND).await;
    signing_key.sign(&INPUT).await.unwrap_err();
    sleep(MILLISECOND).await;
    assert_eq!(service.authentications.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn lookup_that_hangs_is_replaced_after_the_lookup_timeout() {
    let (service, key) = remote(Script { resolve: Call::Never, ..Script::default() });
    key.signing_key().await.unwrap_err();
    service.set(|script| script.resolve = Call::Immediate);
    sleep(16 * SECOND).await;
    key.signing_key().await.unwrap_err();
    assert_eq!(service.resolves(), 1);
    sleep(6 * SECOND).await;
    key.signing_key().await.unwrap();
    assert_eq!(service.resolves(), 2);
}

#[tokio::test(start_paused = true)]
async fn failing_signatures_cause_at_most_one_lookup_in_five_seconds() {
    use KeyErrorKind::{InvalidResponse, Superseded, Throttled, Unavailable};
    let failing = |kind| Script { sign: Call::Fail(kind), ..Script::default() };
    for (script, failure, lookups) in [
        // The first mint resolves and refreshes; then one refresh each at 5, 10 and 15 s.
        (failing(Superseded), Superseded, 5),
        (Script { signs_wrongly: true, ..Script::default() }, InvalidResponse, 5),
        (failing(Unavailable), Unavailable, 1),
        (failing(Throttled), Throttled, 1),
    ] {
        let (service, key) = remote(script);
        let minter = minter(&key);
        for _ in 0..199 {
            assert_eq!(kind(&minter.mint(&claims()).await.unwrap_err()), failure);
            sleep(100 * MILLISECOND).await;
        }
        assert_eq!(service.resolves(), lookups, "{failure:?}: lookups in 20 s");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_name_that_is_corrected_signs_after_five_seconds_at_the_latest() {
    let service = Scripted::new(Script { resolve: Call::Fail(KeyErrorKind::NotFound), ..Script::default() });
    let key = RemoteKey::builder(Service(Arc::clone(&service))).refresh_after(Duration::MAX).build();
    let minter = minter(&key);
    assert_eq!(kind(&minter.mint(&claims()).await.unwrap_err()), KeyErrorKind::NotFound);
    service.set(|script| script.resolve = Call::Immediate);
    let start = Instant::now();
    while minter.mint(&claims()).await.is_err() {
        sleep(100 * MILLISECOND).await;
    }
    assert!(start.elapsed() <= 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn max_in_flight_throttles_mints_that_cannot_sign_in_time() {
    let service = Scripted::new(Script { sign: Call::After(100 * MILLISECOND), ..Script::default() });
    let key = RemoteKey::builder(Service(Arc::clone(&service))).max_in_flight(8.try_into().unwrap()).build();
    let minter = minter(&key);
    minter.check_key().await.unwrap();
    let mut mints = JoinSet::new();
    for _ in 0..400 {
        let minter = minter.clone();
        mints.spawn(async move { elapsed(minter.mint(&claims())).await });
    }
    let results = mints.join_all().await;
    assert_eq!(service.most_in_flight.load(Ordering::SeqCst), 8);
    assert!(results.iter().all(|(_, waited)| *waited <= 3 * SECOND));
    let succeeded = results.iter().filter(|(result, _)| result.is_ok()).count();
    // 30 rounds of 8; the last one ends together with the deadline.
    assert!((232..=240).contains(&succeeded), "{succeeded}");
    let failures = results.iter().filter_map(|(result, _)| result.as_ref().err());
    assert!(failures.into_iter().all(|error| kind(error) == KeyErrorKind::Throttled));
    assert_eq!(service.authentications.load(Ordering::SeqCst), 0, "load needs no new credentials");
}

#[tokio::test(start_paused = true)]
async fn dropped_caller_authenticates_unless_it_was_queued() {
    let service = Scripted::new(Script { sign: Call::After(2 * SECOND), ..Script::default() });
    let key = RemoteKey::builder(Service(Arc::clone(&service))).max_in_flight(1.try_into().unwrap()).build();
    let signing_key = key.signing_key().await.unwrap();
    let (first, queued) =
        tokio::join!(signing_key.sign(&INPUT), async { timeout(SECOND, signing_key.sign(&INPUT)).await });
    assert!(first.is_ok() && queued.is_err());
    assert_eq!(service.authentications.load(Ordering::SeqCst), 0);
    assert!(timeout(SECOND, signing_key.sign(&INPUT)).await.is_err());
    sleep(MILLISECOND).await;
    assert_eq!(service.authentications.load(Ordering::SeqCst), 1);
    assert!(signing_key.sign(&INPUT).await.is_ok(), "a dropped caller leaves its place to the next");
}

#[tokio::test(start_paused = true)]
async fn signature_from_another_version_is_refused() {
    let (_, key) = remote(Script { signs_with_version: Some(7), ..Script::default() });
    let error = key.signing_key().await.unwrap().sign(&INPUT).await.unwrap_err();
    assert_eq!(error.kind(), KeyErrorKind::InvalidResponse);
}

#[tokio::test(start_paused = true)]
async fn preflight_stops_at_the_first_failure() {
    use PreflightStepName::{Authenticate, Resolve, Sign, Verify};
    let failing = || Call::Fail(KeyErrorKind::AccessDenied);
    for (script, steps, passes) in [
        (Script::default(), &[Authenticate, Resolve, Sign, Verify][..], true),
        (Script { authenticate: failing(), ..Script::default() }, &[Authenticate], false),
        (Script { resolve: failing(), ..Script::default() }, &[Authenticate, Resolve], false),
        (Script { sign: failing(), ..Script::default() }, &[Authenticate, Resolve, Sign], false),
        (Script { authenticate: Call::Never, ..Script::default() }, &[Authenticate], false),
    ] {
        let (preflight, waited) = elapsed(remote(script).1.preflight()).await;
        let names: Vec<_> = preflight.steps().iter().map(|step| step.name).collect();
        assert_eq!((&names[..], preflight.result().is_ok()), (steps, passes));
        assert!(waited <= 26 * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn preflight_with_cached_key_reports_a_failed_lookup() {
    for (resolve, expected) in [
        (Call::Immediate, None),
        (Call::Fail(KeyErrorKind::Unavailable), Some("scripted")),
        (Call::Never, Some("timed out waiting for the key service")),
    ] {
        let (service, key) = remote(Script::default());
        key.signing_key().await.unwrap();
        service.set(|script| script.resolve = resolve);
        assert!(key.refresh().await.is_ok(), "mints use the cached key");
        let error = key.preflight().await.result().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected);
    }
}

#[test]
fn call_without_runtime_returns_error() {
    let (_, key) = remote(Script::default());
    let error = pollster::block_on(key.signing_key()).unwrap_err();
    assert_eq!(error.to_string(), "no Tokio runtime is running");
}

#[test]
fn join_of_a_lookup_without_runtime_returns_error() {
    let (_, key) = remote(Script { resolve: Call::Never, ..Script::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { timeout(MILLISECOND, key.signing_key()).await.unwrap_err() });
    let error = pollster::block_on(key.signing_key()).unwrap_err();
    assert_eq!(error.to_string(), "no Tokio runtime is running");
}

#[tokio::test(start_paused = true)]
async fn lookup_that_panics_counts_as_failed() {
    let (service, key) = remote(Script { resolve: Call::Panic, ..Script::default() });
    for _ in 0..3 {
        let error = key.signing_key().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (KeyErrorKind::Unavailable, "lookup of the key panicked")
        );
    }
    assert_eq!(service.resolves(), 1);
    service.set(|script| script.resolve = Call::Immediate);
    sleep(5 * SECOND).await;
    key.signing_key().await.unwrap();
}

#[test]
fn lookup_whose_runtime_ended_is_replaced() {
    let (service, key) = remote(Script { resolve: Call::Never, ..Script::default() });
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime().block_on(async { timeout(MILLISECOND, key.signing_key()).await.unwrap_err() });
    service.set(|script| script.resolve = Call::Immediate);
    runtime().block_on(key.signing_key()).unwrap();
}

/// A runtime that is not driven keeps its tasks, which make no progress.
#[test]
fn lookup_that_makes_no_progress_is_replaced() {
    let service = Scripted::new(Script { resolve: Call::Never, ..Script::default() });
    let key = RemoteKey::builder(Service(Arc::clone(&service)))
        .operation_timeout(MILLISECOND)
        .lookup_timeout(50 * MILLISECOND)
        .build();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (stopped, running) = (runtime(), runtime());
    stopped.block_on(key.signing_key()).unwrap_err();
    service.set(|script| script.resolve = Call::Immediate);
    running.block_on(async {
        for _ in 0..10_000 {
            if key.signing_key().await.is_ok() {
                return;
            }
        }
        panic!("the lookup was not replaced");
    });
    assert_eq!(service.resolves(), 2);
    // Its late end changes nothing.
    service.set(|script| script.resolve = Call::Fail(KeyErrorKind::NotFound));
    let known = running.block_on(key.signing_key()).unwrap();
    stopped.block_on(async { sleep(100 * MILLISECOND).await });
    assert!(Arc::ptr_eq(&running.block_on(key.signing_key()).unwrap(), &known));
}

/// Collects the events of this thread.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<u8>>>);

impl io::Write for Events {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn events_have_the_documented_fields_and_no_others() {
    let events = Events::default();
    let writer = events.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || writer.clone());
    // With one subscriber, `tracing` disables an event for the whole process if another test emits it first. A second
    // subscriber prevents that.
    let _second = Dispatch::new(NoSubscriber::new());
    let _guard = subscriber.set_default();
    let (service, key) = remote(Script::default());
    let signing_key = key.signing_key().await.unwrap();
    let thumbprint = signing_key.public_key().thumbprint().to_owned();
    service.set(|script| script.version = 1);
    key.refresh().await.unwrap();
    service.set(|script| {
        script.resolve = Call::Fail(KeyErrorKind::Unavailable);
        script.authenticate = Call::Fail(KeyErrorKind::AccessDenied);
        script.sign = Call::Never;
    });
    key.refresh().await.unwrap();
    signing_key.sign(&INPUT).await.unwrap_err();
    sleep(MILLISECOND).await;
    let text = String::from_utf8(events.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    assert_eq!(
        lines,
        [
            format!(r#"INFO cobrowse_jwt_remote: remote key rotated thumbprint="{thumbprint}""#),
            "WARN cobrowse_jwt_remote: failed to refresh the remote key error=scripted kind=\"unavailable\"".to_owned(),
            "WARN cobrowse_jwt_remote: failed to authenticate to the key service error=scripted kind=\"access-denied\""
                .to_owned(),
        ]
    );
}

#[test]
fn debug_shows_the_public_key_alone() {
    let (_, key) = remote(Script::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(key.signing_key()).unwrap();
    let shown = format!("{key:?} {:?}", KeyVersion::new("arn:aws:kms:eu-central-1:111122223333:key/mrk-1"));
    assert!(shown.contains("thumbprint") && !shown.contains("1111"), "{shown}");
}
