use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use pollster::block_on;
use serde_json::{Value, json};

use super::*;
use crate::{
    Access, FixedKey, Inspection, KeyError, Lifetime, Signature, SigningInput, async_trait, keys::testing::TestKey,
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
    Minter::builder(license_key(), FixedKey(key)).clock(at(NOW))
}

fn claims_of(token: &AgentToken) -> Value {
    Value::Object(Inspection::of(token.expose_secret()).claims().unwrap().clone())
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
fn a_backdate_moves_iat_alone() {
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
fn a_clock_outside_of_time_is_an_error() {
    let key = Arc::new(TestKey::generate());
    let before = |seconds| builder(&key).clock(move || UNIX_EPOCH - Duration::from_secs(seconds)).build();
    assert!(matches!(block_on(before(1).mint(&claims())), Err(MintError::ClockBeforeEpoch)));

    let backdated = builder(&key).clock(at(10)).backdate(ClockSkew::new(Duration::from_secs(11)).unwrap()).build();
    assert!(matches!(block_on(backdated.mint(&claims())), Err(MintError::ClockBeforeEpoch)));

    let late = builder(&key).clock(at(MAX_NUMERIC_DATE - 3_599)).build();
    assert!(matches!(block_on(late.mint(&claims())), Err(MintError::TimeOutOfRange)));

    let forever = claims().with_lifetime(Lifetime::long_lived(Duration::from_secs(u64::MAX)).unwrap());
    assert!(matches!(block_on(builder(&key).build().mint(&forever)), Err(MintError::TimeOutOfRange)));
}

#[test]
fn only_a_registered_key_signs() {
    let (key, other) = (Arc::new(TestKey::generate()), TestKey::generate().public);
    let refused = builder(&key).expect_public_key(other.clone()).build();
    for error in [block_on(refused.mint(&claims())).unwrap_err(), block_on(refused.check()).unwrap_err()] {
        assert!(matches!(error, MintError::UnregisteredKey { found } if found == key.public.thumbprint()));
    }

    let changing_over = builder(&key).expect_public_key(other).expect_public_key(key.public.clone()).build();
    assert!(block_on(changing_over.mint(&claims())).is_ok());
    assert_eq!(block_on(changing_over.check()).unwrap(), key.public);
}

#[test]
fn a_token_over_the_limit_is_not_made() {
    let key = Arc::new(TestKey::generate());
    let long = AgentClaims::new("j".repeat(50_000), Access::AccountDefault).unwrap();
    assert!(matches!(block_on(builder(&key).build().mint(&long)), Err(MintError::TooLong { bytes }) if bytes > 65_536));
}

/// Answers with its keys in turn, the last one for ever.
#[derive(Debug)]
struct Rotating(Mutex<Vec<Arc<dyn SigningKey>>>);

impl Rotating {
    fn new(keys: impl IntoIterator<Item = Arc<dyn SigningKey>>) -> Self {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.reverse();
        Self(Mutex::new(keys))
    }
}

#[async_trait]
impl KeySource for Rotating {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        let mut keys = self.0.lock().unwrap();
        if keys.len() > 1 { Ok(keys.pop().unwrap()) } else { Ok(Arc::clone(&keys[0])) }
    }
}

/// A key that is gone.
#[derive(Debug)]
struct Gone(PublicKey, AtomicUsize);

#[async_trait]
impl SigningKey for Gone {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    async fn sign(&self, _: &SigningInput<'_>) -> Result<Signature, KeyError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(KeyError::new(KeyErrorKind::Superseded, "the key is gone"))
    }
}

/// One key's public half, and signatures of another.
#[derive(Debug)]
struct Foreign(PublicKey, TestKey);

#[async_trait]
impl SigningKey for Foreign {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        self.1.sign(input).await
    }
}

fn gone_key() -> Arc<Gone> {
    Arc::new(Gone(TestKey::generate().public, AtomicUsize::new(0)))
}

#[test]
fn a_key_that_is_gone_is_replaced_once() {
    let key = Arc::new(TestKey::generate());
    let (first, second) = (gone_key(), gone_key());
    let mint = |keys: Vec<Arc<dyn SigningKey>>| {
        let minter = Minter::builder(license_key(), Rotating::new(keys)).with_key_id().build();
        block_on(minter.mint(&claims()))
    };

    let token = mint(vec![Arc::clone(&first) as _, Arc::clone(&key) as _]).unwrap();
    let header = Inspection::of(token.expose_secret()).header().unwrap().clone();
    assert_eq!(header["kid"], key.public.thumbprint());

    let asked = |key: &Gone| key.1.swap(0, Ordering::Relaxed);
    asked(&first);
    for (keys, expected) in [
        (vec![Arc::clone(&first) as _], [1, 0]),
        (vec![Arc::clone(&first) as _, Arc::clone(&second) as _, key as _], [1, 1]),
    ] {
        let Err(MintError::Key(error)) = mint(keys) else { panic!("a token of a key that is gone") };
        assert_eq!(error.kind(), KeyErrorKind::Superseded);
        assert_eq!([asked(&first), asked(&second)], expected, "the same key is not asked again, and a third one never");
    }
}

#[test]
fn a_replacement_must_be_registered_too() {
    let (first, key) = (gone_key(), Arc::new(TestKey::generate()));
    let source = Rotating::new([Arc::clone(&first) as _, Arc::clone(&key) as _]);
    let minter = Minter::builder(license_key(), source).expect_public_key(first.public_key().clone()).build();
    assert!(matches!(block_on(minter.mint(&claims())), Err(MintError::UnregisteredKey { .. })));
}

#[test]
fn a_foreign_signature_makes_no_token() {
    let key = Foreign(TestKey::generate().public, TestKey::generate());
    let minter = Minter::new(license_key(), FixedKey(Arc::new(key)));
    let Err(MintError::Key(error)) = block_on(minter.mint(&claims())) else { panic!("a token by a foreign key") };
    assert_eq!(error.kind(), KeyErrorKind::InvalidResponse);
}
