//! Two independent implementations of AWS KMS, and a third one that signs incorrectly.

use std::{
    env,
    process::Command,
    time::{Duration, UNIX_EPOCH},
};

use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, Inspector, KeyErrorKind, KeySource, KeyUriRegistry, MintError, Minter, Policy,
    PublicKey, Rule, Verifier,
    aws_kms::{
        AwsKmsKey,
        aws_sdk_kms::types::{KeySpec, KeyUsageType, OriginType},
    },
    env::EnvKey,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::{Emulator, kms_client_in, license_key, reexec};
use tokio::task::JoinSet;

/// Generates each test for both emulators. The name of the emulator is in the name of the test.
macro_rules! against_both {
    ($($test:ident $(($per_ministack:expr, $per_localstack:expr))?;)+) => {
        mod ministack {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs MiniStack, which `cargo xtask test` starts"]
                async fn $test() {
                    super::$test(super::Emulator::from_env("COBROWSE_TEST_MINISTACK").await $(, $per_ministack)?).await;
                }
            )+
        }
        mod localstack {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
                async fn $test() {
                    super::$test(super::Emulator::from_env("COBROWSE_TEST_LOCALSTACK").await $(, $per_localstack)?).await;
                }
            )+
        }
    };
}

against_both! {
    key_of_any_size_signs_by_any_name;
    key_that_cannot_sign_returns_its_kind;
    replicas_of_a_key_make_equal_tokens;
    moved_alias_never_mixes_two_keys (2_000, 100);
    one_key_in_pem_variable_and_kms_makes_equal_tokens (500, 100);
    key_uri_opens_the_key;
}

fn agent(number: usize) -> AgentClaims {
    let customer = Rule::custom_data("user_id", number.to_string());
    let access = Access::PolicyOnly(Policy::builder().devices(customer).build().unwrap());
    AgentClaims::new(format!("agent-{number}@example.com"), access).unwrap()
}

async fn mint_and_verify(minter: &Minter) -> PublicKey {
    let key = minter.check_key().await.unwrap();
    let token = minter.mint(&agent(0)).await.unwrap();
    Verifier::new(license_key(), key.clone()).verify(token.expose_secret()).unwrap();
    key
}

async fn refused(emulator: &Emulator, key_id: &str) -> KeyErrorKind {
    let minter = Minter::new(license_key(), emulator.key(key_id).build().unwrap());
    match minter.mint(&agent(0)).await {
        Err(MintError::Key(error)) => error.kind(),
        other => panic!("{key_id}: {other:?}"),
    }
}

async fn key_of_any_size_signs_by_any_name(emulator: Emulator) {
    for (spec, bits) in [(KeySpec::Rsa2048, 2048), (KeySpec::Rsa3072, 3072), (KeySpec::Rsa4096, 4096)] {
        let arn = emulator.create_rsa(spec).await;
        let alias = format!("alias/size-{bits}");
        emulator.point(&alias, &arn).await;
        let (account, id) = arn.rsplit_once(":key/").unwrap();
        let mut keys = Vec::new();
        for name in [id, &arn, &alias, &format!("{account}:{alias}")] {
            let minter = Minter::new(license_key(), emulator.key(name).build().unwrap());
            keys.push(mint_and_verify(&minter).await);
        }
        assert!(keys.iter().all(|key| key == &keys[0] && key.bits() == bits));
    }
}

async fn key_that_cannot_sign_returns_its_kind(emulator: Emulator) {
    let client = &emulator.client;
    let disabled = emulator.create_rsa(KeySpec::Rsa2048).await;
    client.disable_key().key_id(&disabled).send().await.unwrap();
    // AWS refuses GetPublicKey for a disabled key, and the emulators refuse Sign.
    assert!(matches!(refused(&emulator, &disabled).await, KeyErrorKind::Superseded | KeyErrorKind::InvalidKey));

    let pending_deletion = emulator.create_rsa(KeySpec::Rsa2048).await;
    client.schedule_key_deletion().key_id(&pending_deletion).pending_window_in_days(7).send().await.unwrap();
    assert!(matches!(refused(&emulator, &pending_deletion).await, KeyErrorKind::Superseded | KeyErrorKind::InvalidKey));

    let encryption =
        emulator.create(|key| key.key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::EncryptDecrypt)).await;
    assert_eq!(refused(&emulator, &encryption).await, KeyErrorKind::InvalidKey);
    let ecc = emulator.create(|key| key.key_spec(KeySpec::EccNistP256).key_usage(KeyUsageType::SignVerify)).await;
    assert_eq!(refused(&emulator, &ecc).await, KeyErrorKind::InvalidKey);

    assert_eq!(refused(&emulator, "1234abcd-12ab-34cd-56ef-1234567890ab").await, KeyErrorKind::NotFound);
    let deleted = emulator.create_rsa(KeySpec::Rsa2048).await;
    emulator.point("alias/deleted", &deleted).await;
    client.delete_alias().alias_name("alias/deleted").send().await.unwrap();
    assert_eq!(refused(&emulator, "alias/deleted").await, KeyErrorKind::NotFound);
}

/// `LocalStack` signs with a key whose material was never imported.
#[tokio::test]
#[ignore = "needs MiniStack, which `cargo xtask test` starts"]
async fn ministack_refuses_a_key_pending_import() {
    let emulator = Emulator::from_env("COBROWSE_TEST_MINISTACK").await;
    let external = emulator
        .create(|key| key.key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify).origin(OriginType::External))
        .await;
    let kind = refused(&emulator, &external).await;
    assert!(matches!(kind, KeyErrorKind::Superseded | KeyErrorKind::InvalidKey), "{kind:?}");
}

async fn replicas_of_a_key_make_equal_tokens(emulator: Emulator) {
    let arn = emulator
        .create(|key| key.key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify).multi_region(true))
        .await;
    let id = arn.rsplit_once('/').unwrap().1;
    assert!(id.starts_with("mrk-"), "{arn}");
    emulator.client.replicate_key().key_id(&arn).replica_region("us-east-1").send().await.unwrap();
    let mut tokens = Vec::new();
    for region in ["eu-central-1", "us-east-1"] {
        let source = AwsKmsKey::new(&kms_client_in(&emulator.url, region), id).unwrap();
        let minter =
            Minter::builder(license_key(), source).clock(|| UNIX_EPOCH + Duration::from_secs(1_700_000_000)).build();
        tokens.push(minter.mint(&agent(0)).await.unwrap().expose_secret().to_owned());
    }
    assert_eq!(tokens[0], tokens[1]);
}

async fn moved_alias_never_mixes_two_keys(emulator: Emulator, mints: usize) {
    const ALIAS: &str = "alias/moving";
    const CONCURRENT: usize = 16;
    let (old_arn, new_arn) = (emulator.create_rsa(KeySpec::Rsa2048).await, emulator.create_rsa(KeySpec::Rsa2048).await);
    let public_key = async |arn: &str| {
        let minter = Minter::new(license_key(), emulator.key(arn).build().unwrap());
        minter.check_key().await.unwrap()
    };
    let (old, new) = (public_key(&old_arn).await, public_key(&new_arn).await);
    emulator.point(ALIAS, &old_arn).await;
    let source = emulator.key(ALIAS).refresh_after(Duration::from_millis(50)).build().unwrap();
    let minter = Minter::builder(license_key(), source).include_key_id(true).build();

    let mut seen = [0, 0];
    let mut running = JoinSet::new();
    let mut moving = None;
    for number in 0..mints {
        if number == mints / 2 {
            // While mints are in flight.
            let (emulator, new_arn) = (emulator.clone(), new_arn.clone());
            moving = Some(tokio::spawn(async move { emulator.point(ALIAS, &new_arn).await }));
        }
        let minter = minter.clone();
        running.spawn(async move { minter.mint(&agent(number)).await.unwrap() });
        if running.len() >= CONCURRENT {
            count(&running.join_next().await.unwrap().unwrap(), &old, &new, &mut seen);
        }
    }
    moving.unwrap().await.unwrap();
    while let Some(minted) = running.join_next().await {
        count(&minted.unwrap(), &old, &new, &mut seen);
    }
    assert_eq!(seen[0] + seen[1], mints);
    // The alias is resolved again 5 seconds after the last lookup at the earliest.
    for number in 0.. {
        if seen[1] > 0 {
            break;
        }
        assert!(number < 600, "the new key never signed");
        tokio::time::sleep(Duration::from_millis(50)).await;
        count(&minter.mint(&agent(number)).await.unwrap(), &old, &new, &mut seen);
    }
    assert!(seen[0] > 0, "{seen:?}");
}

/// Counts a token for the key of its `kid`, after a check that it verifies with this key only.
fn count(token: &AgentToken, old: &PublicKey, new: &PublicKey, seen: &mut [usize; 2]) {
    let inspection = Inspector::new().inspect(token.expose_secret());
    let kid = inspection.header().unwrap()["kid"].as_str().unwrap();
    let (named, other, place) = if kid == old.thumbprint() { (old, new, 0) } else { (new, old, 1) };
    assert_eq!(kid, named.thumbprint());
    seen[place] += 1;
    assert!(Verifier::new(license_key(), named.clone()).verify(token.expose_secret()).is_ok());
    assert!(Verifier::new(license_key(), other.clone()).verify(token.expose_secret()).is_err());
}

const STOPPED: Duration = Duration::from_secs(1_700_000_000);

async fn tokens(source: impl KeySource + 'static, count: usize) -> Vec<String> {
    let minter = Minter::builder(license_key(), source).clock(|| UNIX_EPOCH + STOPPED).build();
    let mut tokens = Vec::new();
    for number in 0..count {
        tokens.push(minter.mint(&agent(number)).await.unwrap().expose_secret().to_owned());
    }
    tokens
}

async fn one_key_in_pem_variable_and_kms_makes_equal_tokens(emulator: Emulator, count: usize) {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let pem = key.to_pkcs8_pem().unwrap();
    let (_, pkcs8) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
    let arn = emulator.import(&pkcs8).await;

    let from_pem = tokens(key, count).await;
    let printed = reexec([("COBROWSE_PRIVATE_KEY", pem.as_str()), ("COBROWSE_TEST_COUNT", &count.to_string())]);
    let from_variable: Vec<_> = printed.split(' ').map(str::to_owned).collect();
    let from_kms = tokens(emulator.key(&arn).build().unwrap(), count).await;
    assert_eq!(from_pem.len(), count);
    assert!(from_pem == from_variable && from_pem == from_kms);
}

#[tokio::test]
#[ignore = "runs in the child processes of other tests"]
async fn reexec_helper() {
    if let Ok(count) = env::var("COBROWSE_TEST_COUNT") {
        let tokens = tokens(EnvKey::open("COBROWSE_PRIVATE_KEY").await.unwrap(), count.parse().unwrap()).await;
        println!("<<{}>>", tokens.join(" "));
    }
    if let Ok(uri) = env::var("COBROWSE_TEST_URI") {
        let minter = Minter::new(license_key(), KeyUriRegistry::new().open(&uri.parse().unwrap()).await.unwrap());
        println!("<<{}>>", mint_and_verify(&minter).await.thumbprint());
    }
}

async fn key_uri_opens_the_key(emulator: Emulator) {
    let arn = emulator.create_rsa(KeySpec::Rsa2048).await;
    let host = emulator.url.strip_prefix("http://").unwrap();
    // The emulators accept any credentials.
    let uri = format!("awskms://{host}/{arn}");
    let printed = reexec([
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_REGION", "eu-central-1"),
        ("COBROWSE_TEST_URI", &uri),
    ]);
    let expected = Minter::new(license_key(), emulator.key(&arn).build().unwrap()).check_key().await.unwrap();
    assert_eq!(printed, expected.thumbprint());
}

/// moto hashes the digest again before it signs, so its signatures do not verify.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto, which `cargo xtask test` starts"]
async fn moto_signature_never_becomes_a_token() {
    let emulator = Emulator::from_env("COBROWSE_TEST_MOTO").await;
    let arn = emulator.create_rsa(KeySpec::Rsa2048).await;
    let minter = Minter::new(license_key(), emulator.key(&arn).build().unwrap());
    for number in 0..200 {
        let Err(MintError::Key(error)) = minter.mint(&agent(number)).await else { panic!("a token from moto") };
        assert_eq!(error.kind(), KeyErrorKind::InvalidResponse, "{error:?}");
    }
}

/// The example of the README.
#[test]
#[ignore = "needs LocalStack, which `cargo xtask test` starts"]
fn example_with_localstack_prints_a_valid_token() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let emulator = runtime.block_on(Emulator::from_env("COBROWSE_TEST_LOCALSTACK"));
    let expected = runtime.block_on(async {
        emulator.point("alias/cobrowse", &emulator.create_rsa(KeySpec::Rsa2048).await).await;
        Minter::new(license_key(), emulator.key("alias/cobrowse").build().unwrap()).check_key().await.unwrap()
    });
    let example = |key: &str| {
        Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--package", "kms-token"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .envs([
                ("COBROWSE_LICENSE_KEY", license_key().as_str()),
                ("COBROWSE_KEY", key),
                ("AWS_ENDPOINT_URL", &emulator.url),
                ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "x"),
                ("AWS_REGION", "eu-central-1"),
            ])
            .output()
            .unwrap()
    };
    let good = example("awskms:///alias/cobrowse");
    let (stdout, stderr) = (String::from_utf8(good.stdout).unwrap(), String::from_utf8(good.stderr).unwrap());
    assert!(good.status.success(), "{stderr}");
    Verifier::new(license_key(), expected.clone()).verify(stdout.trim_end()).unwrap();
    assert!(stderr.contains(expected.to_pem()), "{stderr}");
    for step in ["authenticate", "resolve", "sign", "verify"] {
        assert!(stderr.contains(step), "{step} in {stderr}");
    }
    let bad = example("awskms:///alias/unknown");
    let explained = String::from_utf8(bad.stderr).unwrap();
    assert_eq!(bad.status.code(), Some(1));
    assert!(explained.contains("KMS key not found") && !explained.contains("arn:"), "{explained}");
}
