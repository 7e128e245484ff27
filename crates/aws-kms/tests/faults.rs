//! No fault of AWS KMS causes an invalid token, a result after the deadline, or an error that contains an ARN, an account id or a
//! credential.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use cobrowse_jwt_aws_kms::{AwsKmsKey, AwsKmsKeyBuilder, Preflight, PreflightStepName};
use cobrowse_jwt_core::{Access, AgentClaims, AgentToken, Inspector, KeyErrorKind, MintError, Minter};
use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times, claims, license_key};
use support::{assert_verifies, kms_client};
use tokio::task::JoinSet;

/// How much later than its deadline a result may arrive. Long, because a loaded machine is slow.
const SLACK: Duration = Duration::from_secs(2);
const WARM: Duration = Duration::from_secs(3);
const COLD: Duration = Duration::from_secs(6);

fn builder(server: &FaultServer) -> AwsKmsKeyBuilder {
    AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS)
}

fn source(server: &FaultServer) -> AwsKmsKey {
    builder(server).build().unwrap()
}

fn minter(server: &FaultServer) -> Minter {
    Minter::new(license_key(), source(server))
}

/// Returns the kind of the error, after a check that its whole chain contains no secret.
fn kind(fault: Fault, error: &MintError) -> KeyErrorKind {
    let chain: Vec<_> =
        std::iter::successors(Some(error as &dyn Error), |&error| error.source()).map(ToString::to_string).collect();
    for link in &chain {
        let lower = link.to_lowercase();
        for secret in ["arn:", "123456789012", "secret", "akia"] {
            assert!(!lower.contains(secret), "{fault:?}: {chain:?}");
        }
        assert!(link.len() < 1_000, "{fault:?}: {chain:?}");
    }
    for (link, source) in chain.iter().zip(&chain[1..]) {
        assert!(!link.contains(source.as_str()), "{fault:?} repeats its source: {chain:?}");
    }
    let MintError::Key(key) = error else { panic!("{fault:?}: {error:?}") };
    assert_eq!(error.is_transient(), matches!(key.kind(), KeyErrorKind::Throttled | KeyErrorKind::Unavailable));
    key.kind()
}

/// Returns the kind that this fault has in both operations.
fn expected(fault: Fault) -> KeyErrorKind {
    match fault {
        Fault::Throttling | Fault::Bare429 => KeyErrorKind::Throttled,
        // The SDK waits for the requested 20 s, past the deadline.
        Fault::RetryAfter20s
        | Fault::InternalError500
        | Fault::Unavailable503
        | Fault::ResetBeforeHeaders
        | Fault::ResetDuringHeaders
        | Fault::ResetAfterHeaders
        | Fault::SilenceAfterAccept
        | Fault::SilenceAfterHeaders
        | Fault::SilenceMidBody
        | Fault::BytePerSecond
        | Fault::ChunkedSlowly
        | Fault::SlowHeaders
        | Fault::TruncatedBody => KeyErrorKind::Unavailable,
        Fault::AccessDenied | Fault::ExpiredCredentials | Fault::ClockSkew | Fault::RequestTimeTooSkewed => {
            KeyErrorKind::AccessDenied
        }
        Fault::InvalidKeyUsage
        | Fault::EncryptDecryptKey
        | Fault::EccKey
        | Fault::HmacKey
        | Fault::SymmetricKey
        | Fault::SmallKey1024 => KeyErrorKind::InvalidKey,
        _ => KeyErrorKind::InvalidResponse,
    }
}

fn expected_of_sign(fault: Fault) -> KeyErrorKind {
    match fault {
        Fault::Disabled | Fault::NotFound | Fault::InvalidState => KeyErrorKind::Superseded,
        fault => expected(fault),
    }
}

fn expected_of_lookup(fault: Fault) -> KeyErrorKind {
    match fault {
        Fault::Disabled | Fault::InvalidState | Fault::WrongAlgorithm => KeyErrorKind::InvalidKey,
        Fault::NotFound => KeyErrorKind::NotFound,
        fault => expected(fault),
    }
}

/// Runs the work for every fault of the operation, eight at a time.
async fn for_every_fault<W: Future<Output = ()> + Send + 'static>(operation: Operation, work: fn(Fault) -> W) {
    let mut running = JoinSet::new();
    for fault in Fault::all_for(operation) {
        if running.len() == 8 {
            running.join_next().await.unwrap().unwrap();
        }
        running.spawn(work(fault));
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_with_any_fault_returns_its_kind_in_time() {
    for_every_fault(Operation::Sign, |fault| async move {
        let server = FaultServer::start().await;
        let minter = minter(&server);
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());

        server.fault(Operation::Sign, fault, Times::Always);
        let start = Instant::now();
        let result = minter.mint(&claims()).await;
        assert!(start.elapsed() <= WARM + SLACK, "{fault:?}: {:?}", start.elapsed());
        match result {
            Ok(token) if matches!(fault, Fault::LeadingZeroStripped | Fault::Chunked) => {
                assert_verifies(&token, server.public_key());
            }
            Ok(_) => panic!("{fault:?}: a token"),
            Err(error) => assert_eq!(kind(fault, &error), expected_of_sign(fault), "{fault:?}: {error:?}"),
        }
        server.clear_faults();
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lookup_with_any_fault_returns_its_kind_in_time() {
    for_every_fault(Operation::GetPublicKey, |fault| async move {
        let server = FaultServer::start().await;
        let minter = minter(&server);
        server.fault(Operation::GetPublicKey, fault, Times::Always);
        let start = Instant::now();
        let error = match minter.mint(&claims()).await {
            Ok(token) if fault == Fault::Chunked => return assert_verifies(&token, server.public_key()),
            Ok(_) => panic!("{fault:?}: a token"),
            Err(error) => error,
        };
        assert!(start.elapsed() <= COLD + SLACK, "{fault:?}: {:?}", start.elapsed());
        assert_eq!(kind(fault, &error), expected_of_lookup(fault), "{fault:?}: {error:?}");
        let named = match fault {
            Fault::EncryptDecryptKey => "ENCRYPT_DECRYPT",
            Fault::EccKey => "ECC",
            Fault::HmacKey => "HMAC",
            Fault::SymmetricKey => "symmetric",
            _ => "",
        };
        assert!(error.to_string().contains(named), "{fault:?}: {error}");
    })
    .await;
}

#[tokio::test]
async fn fault_that_ends_is_retried() {
    for fault in [Fault::Throttling, Fault::InternalError500, Fault::Unavailable503, Fault::ResetBeforeHeaders] {
        let server = FaultServer::start().await;
        server.fault(Operation::GetPublicKey, fault, Times::Once);
        server.fault(Operation::Sign, fault, Times::Once);
        assert_verifies(&minter(&server).mint(&claims()).await.unwrap(), server.public_key());
    }
    let server = FaultServer::start().await;
    server.fault(Operation::Sign, Fault::Throttling, Times::Twice);
    assert_verifies(&minter(&server).mint(&claims()).await.unwrap(), server.public_key());
    assert_eq!(server.calls(Operation::Sign), 3);
}

#[tokio::test]
async fn stripped_signature_makes_a_token() {
    let server = FaultServer::start().await;
    server.fault(Operation::Sign, Fault::LeadingZeroStripped, Times::Always);
    let minter = minter(&server);
    let mut stripped = 0;
    for number in 0.. {
        let claims = AgentClaims::new(format!("agent-{number}@example.com"), Access::AccountDefault).unwrap();
        let token = minter.mint(&claims).await.unwrap();
        assert_verifies(&token, server.public_key());
        // A zero byte is the base64 letter A followed by one of the first 16 letters. One signature in 256 starts with it.
        let signature = token.expose_secret().rsplit('.').next().unwrap().as_bytes();
        stripped += usize::from(signature[0] == b'A' && (b'A'..=b'P').contains(&signature[1]));
        if stripped == 1 || number == 20_000 {
            break;
        }
    }
    assert_eq!(stripped, 1);
}

async fn cold_mints(minter: &Minter) -> (Vec<Result<AgentToken, MintError>>, Duration) {
    let start = Instant::now();
    let mut mints = JoinSet::new();
    for _ in 0..256 {
        let minter = minter.clone();
        mints.spawn(async move { minter.mint(&claims()).await });
    }
    (mints.join_all().await, start.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_cold_mints_share_one_lookup() {
    let server = FaultServer::start().await;
    // Together they can take longer than the deadline of one mint.
    let source = builder(&server).operation_timeout(Duration::from_mins(1)).build().unwrap();
    let (minted, _) = cold_mints(&Minter::new(license_key(), source)).await;
    assert!(minted.iter().all(Result::is_ok), "{minted:?}");
    assert_eq!(server.calls(Operation::GetPublicKey), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_cold_mints_share_one_failure() {
    let server = FaultServer::start().await;
    server.fault(Operation::GetPublicKey, Fault::AccessDenied, Times::Always);
    server.latency(Duration::from_millis(300));
    let (minted, _) = cold_mints(&minter(&server)).await;
    assert!(
        minted
            .iter()
            .all(|minted| matches!(minted, Err(MintError::Key(error)) if error.kind() == KeyErrorKind::AccessDenied))
    );
    assert_eq!(server.calls(Operation::GetPublicKey), 1);

    let server = FaultServer::start().await;
    server.fault(Operation::GetPublicKey, Fault::BytePerSecond, Times::Always);
    let (minted, took) = cold_mints(&minter(&server)).await;
    assert!(minted.iter().all(|minted| matches!(minted, Err(MintError::Key(error)) if error.is_transient())));
    assert!(took <= WARM + SLACK, "{took:?}");
    assert_eq!(server.calls(Operation::GetPublicKey), 1);
}

#[tokio::test]
async fn dropped_mint_does_not_cancel_the_lookup_of_others() {
    let server = FaultServer::start().await;
    server.latency(Duration::from_millis(200));
    let minter = minter(&server);
    let dropped = tokio::time::timeout(Duration::from_millis(50), {
        let minter = minter.clone();
        async move { minter.mint(&claims()).await }
    });
    assert!(dropped.await.is_err());
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert_eq!(server.calls(Operation::GetPublicKey), 1);
}

/// A wrong public key or ARN from `GetPublicKey` is not cached for long: the minter refreshes and mints.
#[tokio::test]
async fn wrong_lookup_is_refreshed_by_the_first_mint() {
    for fault in [Fault::BitFlipped, Fault::ForeignKey, Fault::WrongKeyId] {
        for by_alias in [true, false] {
            let server = FaultServer::start().await;
            let key_id = if by_alias { FaultServer::ALIAS.to_owned() } else { server.arn() };
            server.fault(Operation::GetPublicKey, fault, Times::Once);
            let key = AwsKmsKey::new(&kms_client(server.url()), key_id).unwrap();
            let minter = Minter::new(license_key(), key);
            assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
        }
    }
}

#[tokio::test]
async fn endless_refresh_interval_still_mints() {
    let server = FaultServer::start().await;
    let source = builder(&server).refresh_after(Duration::MAX).max_age(Duration::MAX).build().unwrap();
    let minter = Minter::new(license_key(), source);
    for _ in 0..2 {
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    }
}

#[tokio::test]
async fn disabled_key_is_replaced_by_the_key_of_the_alias() {
    let server = FaultServer::start().await;
    let minter = Minter::builder(license_key(), source(&server)).include_key_id(true).build();
    minter.mint(&claims()).await.unwrap();
    let (old, old_key) = (server.arn(), server.public_key());
    server.rotate().await;
    server.disable(&old);
    let token = minter.mint(&claims()).await.unwrap();
    assert_ne!(old_key, server.public_key());
    assert_verifies(&token, server.public_key());
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_alias_never_mixes_two_keys() {
    let server = FaultServer::start().await;
    let source = builder(&server).refresh_after(Duration::from_millis(50)).build().unwrap();
    let old = server.public_key();
    let minter = Minter::builder(license_key(), source.clone()).include_key_id(true).build();
    let registered = Minter::builder(license_key(), source).expect_public_key(old.clone()).build();

    let mut new = None;
    let mut seen = [0, 0];
    for round in 0.. {
        if round == 10 {
            server.rotate().await;
            new = Some(server.public_key());
        }
        let mut mints = JoinSet::new();
        for _ in 0..25 {
            let (minter, registered) = (minter.clone(), registered.clone());
            mints.spawn(
                async move { (minter.mint(&claims()).await.unwrap(), registered.mint(&claims()).await.unwrap()) },
            );
        }
        for (token, by_registered) in mints.join_all().await {
            let inspection = Inspector::new().inspect(token.expose_secret());
            let is_new = inspection.header().unwrap()["kid"] != old.thumbprint();
            seen[usize::from(is_new)] += 1;
            assert_verifies(&token, if is_new { new.clone().unwrap() } else { old.clone() });
            assert_verifies(&by_registered, old.clone());
        }
        // The alias is resolved again 5 seconds after the last lookup at the earliest.
        if seen[1] > 100 {
            break;
        }
        assert!(round < 2_000, "{seen:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(seen[0] >= 250, "{seen:?}");
}

#[tokio::test]
async fn failed_refresh_serves_known_key_only_if_transient() {
    for (fault, expected) in [(Fault::Unavailable503, None), (Fault::AccessDenied, Some(KeyErrorKind::AccessDenied))] {
        let server = FaultServer::start().await;
        let short = Duration::from_millis(1);
        let minter = Minter::new(license_key(), builder(&server).refresh_after(short).max_age(short).build().unwrap());
        minter.mint(&claims()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;

        server.fault(Operation::GetPublicKey, fault, Times::Always);
        match (minter.mint(&claims()).await, expected) {
            (Ok(token), None) => assert_verifies(&token, server.public_key()),
            (Err(error), Some(expected)) => assert_eq!(kind(fault, &error), expected),
            (other, _) => panic!("{fault:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn preflight_ends_with_the_step_that_failed() {
    use PreflightStepName::{Authenticate, Resolve, Sign, Verify};
    let server = FaultServer::start().await;
    let names = |preflight: &Preflight| preflight.steps().iter().map(|step| step.name).collect::<Vec<_>>();
    let preflight = source(&server).preflight().await;
    assert_eq!(names(&preflight), [Authenticate, Resolve, Sign, Verify]);
    preflight.result().unwrap();

    for (operation, fault, last) in [
        (Operation::GetPublicKey, Fault::AccessDenied, Resolve),
        (Operation::Sign, Fault::AccessDenied, Sign),
        (Operation::Sign, Fault::BitFlipped, Verify),
    ] {
        server.fault(operation, fault, Times::Always);
        let preflight = source(&server).preflight().await;
        assert_eq!(names(&preflight).last(), Some(&last));
        assert!(preflight.result().is_err());
        server.clear_faults();
    }
}

#[tokio::test]
async fn authenticate_sends_no_request() {
    let server = FaultServer::start().await;
    source(&server).authenticate().await.unwrap();
    assert_eq!((server.accepted_connections(), server.calls(Operation::GetPublicKey)), (0, 0));
}

#[test]
fn pasted_secret_as_key_id_reaches_neither_aws_nor_an_error() {
    let client = kms_client("http://127.0.0.1:1");
    for secret in ["-----BEGIN PRIVATE KEY-----\nMIIE", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "MIIEvQIBADANBgkq+g=="] {
        let error = AwsKmsKey::new(&client, secret).unwrap_err();
        assert_eq!(error.kind(), KeyErrorKind::NotFound);
        assert!(!format!("{error:?}{error}").contains(&secret[..8]), "{error:?}");
    }
}
