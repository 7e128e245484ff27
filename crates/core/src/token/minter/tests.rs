use std::{
    fmt::Write as _,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use pollster::block_on;
use serde_json::{Value, json};
use tracing::{Dispatch, subscriber::NoSubscriber};

use super::*;
use crate::{
    Access, Inspector, KeyError, Lifetime, Signature, SigningInput, StaticKey, async_trait, keys::testing::TestKey,
};

const NOW: u64 = 1_700_000_000;

fn license_key() -> LicenseKey {
    LicenseKey::new("SPGqPIcVnsOEJQ").unwrap()
}

fn claims() -> AgentClaims {
    AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap()
}

fn at(seconds: u64) -> impl Clock {
    move || UNIX_EPOCH + Duration::from_secs(seconds)
}

fn builder(key: &Arc<TestKey>) -> MinterBuilder {
    let key: Arc<dyn SigningKey> = Arc::clone(key) as _;
    Minter::builder(license_key(), StaticKey::new(key)).clock(at(NOW))
}

fn claims_of(token: &AgentToken) -> Value {
    Value::Object(Inspector::new().inspect(token.expose_secret()).claims().unwrap().clone())
}

#[test]
fn is_shared_between_threads_and_tasks() {
    fn assert<T: Clone + Send + Sync + 'static>() {}
    assert::<Minter>();
}

#[test]
fn dates_are_whole_seconds_from_now() {
    let key = Arc::new(TestKey::generate());
    let token = block_on(builder(&key).build().mint(&claims())).unwrap();
    assert_eq!(
        claims_of(&token),
        json!({"iat": NOW, "exp": NOW + 3_600, "aud": "https://cobrowse.io", "iss": "SPGqPIcVnsOEJQ", "sub": "jane@example.com"}),
    );
    assert_eq!(token.expires_at(), UNIX_EPOCH + Duration::from_secs(NOW + 3_600));
}

#[test]
fn backdate_moves_only_iat() {
    let key = Arc::new(TestKey::generate());
    let minter = builder(&key).backdate(ClockSkew::new(Duration::from_secs(90)).unwrap()).build();
    let claims = claims_of(&block_on(minter.mint(&claims())).unwrap());
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW - 90), &json!(NOW + 3_600)));
}

#[test]
fn years_after_2038_are_years() {
    let key = Arc::new(TestKey::generate());
    for now in [2_147_483_648, 4_294_967_296, MAX_NUMERIC_DATE - 3_600] {
        let token = block_on(builder(&key).clock(at(now)).build().mint(&claims())).unwrap();
        assert_eq!(claims_of(&token)["exp"], now + 3_600);
    }
}

#[test]
fn clock_out_of_range_returns_error() {
    let key = Arc::new(TestKey::generate());
    let before = |seconds| builder(&key).clock(move || UNIX_EPOCH - Duration::from_secs(seconds)).build();
    assert!(matches!(block_on(before(1).mint(&claims())), Err(MintError::ClockBeforeEpoch)));

    let backdated = builder(&key).clock(at(10)).backdate(ClockSkew::new(Duration::from_secs(11)).unwrap()).build();
    assert!(matches!(block_on(backdated.mint(&claims())), Err(MintError::ClockBeforeEpoch)));

    let late = builder(&key).clock(at(MAX_NUMERIC_DATE - 3_599)).build();
    assert!(matches!(block_on(late.mint(&claims())), Err(MintError::ExpiryOutOfRange)));

    let forever = claims().with_lifetime(Lifetime::long_lived(Duration::from_secs(u64::MAX)).unwrap());
    assert!(matches!(block_on(builder(&key).build().mint(&forever)), Err(MintError::ExpiryOutOfRange)));
}

#[test]
fn only_registered_keys_sign() {
    let (key, other) = (Arc::new(TestKey::generate()), TestKey::generate().public);
    let refused = builder(&key).expect_public_key(other.clone()).build();
    for error in [block_on(refused.mint(&claims())).unwrap_err(), block_on(refused.check_key()).unwrap_err()] {
        assert!(matches!(error, MintError::UnregisteredKey { found } if found == key.public.thumbprint()));
    }

    let changing_over = builder(&key).expect_public_key(other).expect_public_key(key.public.clone()).build();
    assert!(block_on(changing_over.mint(&claims())).is_ok());
    assert_eq!(block_on(changing_over.check_key()).unwrap(), key.public);
}

#[test]
fn token_over_the_limit_returns_error() {
    let key = Arc::new(TestKey::generate());
    let long = AgentClaims::new("j".repeat(50_000), Access::AccountDefault).unwrap();
    assert!(matches!(block_on(builder(&key).build().mint(&long)), Err(MintError::TooLong { bytes }) if bytes > 65_536));
}

/// Returns the first key until it is refreshed, then the next one; the last key stays.
#[derive(Debug)]
struct Rotating {
    keys: Mutex<Vec<Arc<dyn SigningKey>>>,
    refresh_error: Mutex<Option<KeyErrorKind>>,
}

impl Rotating {
    fn new(keys: impl IntoIterator<Item = Arc<dyn SigningKey>>) -> Arc<Self> {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.reverse();
        Arc::new(Self { keys: Mutex::new(keys), refresh_error: Mutex::default() })
    }

    /// Changes the key behind the source's back, as a cache sees it.
    fn replace(&self, key: Arc<dyn SigningKey>) {
        *self.keys.lock().unwrap() = vec![key];
    }
}

#[async_trait]
impl KeySource for Rotating {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(Arc::clone(self.keys.lock().unwrap().last().unwrap()))
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        if let Some(kind) = *self.refresh_error.lock().unwrap() {
            return Err(KeyError::new(kind, "refresh failed"));
        }
        let mut keys = self.keys.lock().unwrap();
        if keys.len() > 1 {
            keys.pop();
        }
        Ok(Arc::clone(keys.last().unwrap()))
    }
}

/// A key that counts its calls, and signs, fails or signs with another key.
#[derive(Debug)]
struct ScriptedKey {
    key: TestKey,
    behaviour: Mutex<Behaviour>,
    calls: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
enum Behaviour {
    Sign,
    Fail(KeyErrorKind),
    SignWrongly,
}

impl ScriptedKey {
    fn new(behaviour: Behaviour) -> Arc<Self> {
        Arc::new(Self { key: TestKey::generate(), behaviour: Mutex::new(behaviour), calls: AtomicUsize::new(0) })
    }

    fn set_behaviour(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::Relaxed)
    }
}

#[async_trait]
impl SigningKey for ScriptedKey {
    fn public_key(&self) -> &PublicKey {
        &self.key.public
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let behaviour = *self.behaviour.lock().unwrap();
        match behaviour {
            Behaviour::Sign => self.key.sign(input).await,
            Behaviour::Fail(kind) => Err(KeyError::new(kind, "scripted")),
            Behaviour::SignWrongly => self.key.sign(&SigningInput::new(b"something else")).await,
        }
    }
}

/// Mints with `include_key_id` and returns the thumbprint of the key that signed.
fn signer(minter: &Minter) -> Result<String, MintError> {
    let token = block_on(minter.mint(&claims()))?;
    let header = Inspector::new().inspect(token.expose_secret()).header().unwrap().clone();
    Ok(header["kid"].as_str().unwrap().to_owned())
}

fn rotating_minter(source: &Arc<Rotating>, registered: &[&Arc<ScriptedKey>]) -> Minter {
    let mut builder = Minter::builder(license_key(), Arc::clone(source)).include_key_id(true);
    for key in registered {
        builder = builder.expect_public_key(key.public_key().clone());
    }
    builder.build()
}

#[test]
fn mint_with_superseded_or_wrong_key_refreshes_once() {
    for behaviour in [Behaviour::Fail(KeyErrorKind::Superseded), Behaviour::SignWrongly] {
        let (first, second, third) =
            (ScriptedKey::new(behaviour), ScriptedKey::new(behaviour), ScriptedKey::new(Behaviour::Sign));
        let mint = |keys: Vec<Arc<dyn SigningKey>>| signer(&rotating_minter(&Rotating::new(keys), &[]));

        assert_eq!(mint(vec![first.clone(), third.clone()]).unwrap(), third.key.public.thumbprint());
        assert_eq!(first.calls(), 1);

        assert!(mint(vec![first.clone()]).is_err());
        assert_eq!(first.calls(), 1, "the same snapshot is not tried again");

        assert!(mint(vec![first.clone(), second.clone(), third]).is_err());
        assert_eq!((first.calls(), second.calls()), (1, 1), "not tried a third time");
    }
}

#[test]
fn mint_with_failed_refresh_returns_its_error_only_if_superseded() {
    for (behaviour, expected) in [
        (Behaviour::Fail(KeyErrorKind::Superseded), KeyErrorKind::NotFound),
        (Behaviour::SignWrongly, KeyErrorKind::InvalidResponse),
    ] {
        let source = Rotating::new([ScriptedKey::new(behaviour) as _]);
        *source.refresh_error.lock().unwrap() = Some(KeyErrorKind::NotFound);
        let Err(MintError::Key(error)) = signer(&rotating_minter(&source, &[])) else { panic!("{behaviour:?}") };
        assert_eq!(error.kind(), expected);
    }
}

#[test]
fn mint_with_other_errors_returns_them_unchanged() {
    use KeyErrorKind::*;
    for kind in [AccessDenied, NotFound, InvalidKey, Throttled, Unavailable, InvalidResponse] {
        let (key, next) = (ScriptedKey::new(Behaviour::Sign), ScriptedKey::new(Behaviour::Sign));
        let source = Rotating::new([key.clone() as _, next.clone() as _]);
        let minter = rotating_minter(&source, &[&key]);
        signer(&minter).unwrap();
        key.set_behaviour(Behaviour::Fail(kind));
        let Err(MintError::Key(error)) = signer(&minter) else { panic!("expected {kind:?}") };
        assert_eq!((error.kind(), next.calls()), (kind, 0));
    }
}

#[test]
fn mint_with_unregistered_key_signs_with_registered_snapshot() {
    let (registered, other) = (ScriptedKey::new(Behaviour::Sign), ScriptedKey::new(Behaviour::Sign));
    let source = Rotating::new([registered.clone() as _]);
    let minter = rotating_minter(&source, &[&registered]);
    let expected = registered.key.public.thumbprint();
    assert_eq!(signer(&minter).unwrap(), expected);

    source.replace(other.clone());
    assert_eq!(signer(&minter).unwrap(), expected);
    assert_eq!(signer(&minter.clone()).unwrap(), expected, "clones share the snapshot");
    assert_eq!(block_on(minter.check_key()).unwrap().thumbprint(), expected);
    assert_eq!(other.calls(), 0);

    source.replace(registered.clone());
    assert_eq!(signer(&minter).unwrap(), expected);
}

#[test]
fn mint_with_cached_unregistered_key_refreshes_before_it_fails() {
    let (other, registered) = (ScriptedKey::new(Behaviour::Sign), ScriptedKey::new(Behaviour::Sign));
    let source = Rotating::new([other as _, registered.clone() as _]);
    assert_eq!(signer(&rotating_minter(&source, &[&registered])).unwrap(), registered.key.public.thumbprint());
}

#[test]
fn mint_with_unregistered_key_and_failed_refresh_returns_a_transient_error_of_the_refresh() {
    let (registered, other) = (ScriptedKey::new(Behaviour::Sign), ScriptedKey::new(Behaviour::Sign));
    let source = Rotating::new([other as _]);
    let minter = rotating_minter(&source, &[&registered]);
    *source.refresh_error.lock().unwrap() = Some(KeyErrorKind::NotFound);
    assert!(matches!(signer(&minter), Err(MintError::UnregisteredKey { .. })));
    *source.refresh_error.lock().unwrap() = Some(KeyErrorKind::Unavailable);
    let Err(MintError::Key(error)) = signer(&minter) else { panic!("expected the error of the refresh") };
    assert_eq!(error.kind(), KeyErrorKind::Unavailable);
}

#[test]
fn mint_with_superseded_registered_key_never_signs_with_another() {
    let (registered, other) = (ScriptedKey::new(Behaviour::Sign), ScriptedKey::new(Behaviour::Sign));
    let source = Rotating::new([registered.clone() as _]);
    let minter = rotating_minter(&source, &[&registered]);
    signer(&minter).unwrap();

    source.replace(other.clone());
    registered.set_behaviour(Behaviour::Fail(KeyErrorKind::Superseded));
    for attempt in ["discards the snapshot", "has no snapshot"] {
        let Err(MintError::UnregisteredKey { found }) = signer(&minter) else { panic!("{attempt}") };
        assert_eq!(found, other.key.public.thumbprint(), "{attempt}");
    }
    assert_eq!(other.calls(), 0);
}

#[test]
fn mint_with_both_registered_keys_follows_the_source() {
    let (old, new) = (ScriptedKey::new(Behaviour::Sign), ScriptedKey::new(Behaviour::Sign));
    let source = Rotating::new([old.clone() as _]);
    let minter = rotating_minter(&source, &[&old, &new]);
    assert_eq!(signer(&minter).unwrap(), old.key.public.thumbprint());
    source.replace(new.clone());
    assert_eq!(signer(&minter).unwrap(), new.key.public.thumbprint());
    source.replace(ScriptedKey::new(Behaviour::Sign));
    assert_eq!(signer(&minter).unwrap(), new.key.public.thumbprint(), "the newest registered snapshot signs");
}

/// The events and their fields, as text.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn during(act: impl FnOnce()) -> Vec<String> {
        // With one subscriber, `tracing` disables an event for the whole process if another test emits it first. A second
        // subscriber prevents that.
        static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
        LazyLock::force(&SECOND);
        let events = Self::default();
        tracing::subscriber::with_default(events.clone(), act);
        let events = events.0.lock().unwrap();
        events.clone()
    }
}

impl tracing::Subscriber for Events {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = format!("{} {}", event.metadata().level(), event.metadata().target());
        event.record(&mut |field: &tracing::field::Field, value: &dyn fmt::Debug| {
            let _ = write!(text, " {field}={value:?}");
        });
        self.0.lock().unwrap().push(text);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// Replaces the digits of the duration.
fn without_duration(event: &str) -> String {
    let (before, after) = event.split_once("duration_us=").unwrap();
    format!("{before}duration_us=_{}", after.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

#[test]
fn mint_emits_one_event_with_thumbprint_and_fingerprint() {
    let key = Arc::new(TestKey::generate());
    let minter = builder(&key).build();
    let mut token = None;
    let events = Events::during(|| token = Some(block_on(minter.mint(&claims())).unwrap()));
    let (token, thumbprint) = (token.unwrap(), key.public.thumbprint());
    assert_eq!(token.key_thumbprint(), thumbprint);
    let expected = format!(
        "INFO cobrowse_jwt_core message=mint outcome=\"ok\" duration_us=_ thumbprint={thumbprint:?} fingerprint={:?}",
        token.fingerprint()
    );
    assert_eq!(events.iter().map(|event| without_duration(event)).collect::<Vec<_>>(), [expected]);
    let parts = token.expose_secret().split('.').chain([token.expose_secret()]);
    for secret in parts.chain(["jane@example.com", license_key().as_str()]) {
        assert!(!events[0].contains(secret), "{}", events[0]);
    }
}

#[test]
fn failed_mint_emits_one_event_with_error_id() {
    let failing = ScriptedKey::new(Behaviour::Fail(KeyErrorKind::AccessDenied));
    let minter = rotating_minter(&Rotating::new([failing.clone() as _]), &[]);
    let events = Events::during(|| drop(block_on(minter.mint(&claims())).unwrap_err()));
    let expected = "INFO cobrowse_jwt_core message=mint outcome=\"error\" error_id=\"access-denied\" duration_us=_";
    assert_eq!(events.iter().map(|event| without_duration(event)).collect::<Vec<_>>(), [expected]);

    let other = ScriptedKey::new(Behaviour::Sign);
    let minter = rotating_minter(&Rotating::new([failing.clone() as _]), &[&other]);
    let events = Events::during(|| drop(block_on(minter.mint(&claims())).unwrap_err()));
    let thumbprint = failing.public_key().thumbprint();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("error_id=\"unregistered-key\""), "{events:?}");
    assert!(events[0].ends_with(&format!("thumbprint={thumbprint:?}")), "{events:?}");
}

#[test]
fn unregistered_key_is_reported_once() {
    let (registered, other) = (ScriptedKey::new(Behaviour::Sign), ScriptedKey::new(Behaviour::Sign));
    let source = Rotating::new([registered.clone() as _]);
    let minter = rotating_minter(&source, &[&registered]);
    signer(&minter).unwrap();
    source.replace(other.clone());
    let events = Events::during(|| (0..3).for_each(|_| drop(signer(&minter).unwrap())));
    let warnings: Vec<_> = events.iter().filter(|event| event.starts_with("WARN")).collect();
    let expected = format!(
        "WARN cobrowse_jwt_core message=the key source returned an unregistered key; signing with the registered key thumbprint={:?}",
        other.public_key().thumbprint()
    );
    assert_eq!(warnings, [&expected]);
}

#[test]
fn default_lifetime_applies_to_claims_without_lifetime() {
    let key = Arc::new(TestKey::generate());
    let lifetime = |seconds| Lifetime::new(Duration::from_secs(seconds)).unwrap();
    let minter = builder(&key).default_lifetime(lifetime(300)).build();
    let exp = |claims: AgentClaims| claims_of(&block_on(minter.mint(&claims)).unwrap())["exp"].clone();
    assert_eq!(exp(claims()), NOW + 300);
    assert_eq!(exp(claims().with_lifetime(lifetime(60))), NOW + 60);
    assert_eq!(exp(claims().with_lifetime(Lifetime::default())), NOW + 3_600);
}

#[test]
fn token_has_the_dates_of_its_claims() {
    let key = Arc::new(TestKey::generate());
    let minter = builder(&key).backdate(ClockSkew::new(Duration::from_secs(90)).unwrap()).build();
    let token = block_on(minter.mint(&claims())).unwrap();
    assert_eq!(token.issued_at(), UNIX_EPOCH + Duration::from_secs(NOW - 90));
    assert_eq!(token.expires_at(), UNIX_EPOCH + Duration::from_secs(NOW + 3_600));
}
