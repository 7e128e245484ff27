//! AWS KMS as it is on its worst days. No fault yields a token that does not verify, an answer later than the deadline, or an error
//! that says too much.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, KeyErrorKind, MintError, Minter, PublicKey, Verifier, aws_kms::AwsKmsKey,
};
use cobrowse_jwt_tests::{
    fault_server::{Fault, FaultServer, Operation, Times},
    kms_client, license_key, patient_kms_client,
};
use tokio::task::JoinSet;

/// How much later than its deadline an answer may come.
const SLACK: Duration = Duration::from_millis(250);
const WARM: Duration = Duration::from_secs(3);
const COLD: Duration = Duration::from_secs(6);

fn claims() -> AgentClaims {
    AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap()
}

fn source(server: &FaultServer) -> AwsKmsKey {
    AwsKmsKey::new(&kms_client(server.url()), FaultServer::ALIAS)
}

fn minter(server: &FaultServer) -> Minter {
    Minter::new(license_key(), source(server))
}

fn assert_verifies(token: &AgentToken, key: PublicKey) {
    Verifier::new(license_key(), key).verify(token.expose_secret()).unwrap();
}

/// The kind of the error, once its whole chain is found to keep secrets.
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

/// What is common to both operations.
fn expected(fault: Fault) -> KeyErrorKind {
    match fault {
        Fault::Throttling | Fault::Bare429 => KeyErrorKind::Throttled,
        // The SDK waits as long as it is told to, and past the deadline.
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

fn expected_of_look(fault: Fault) -> KeyErrorKind {
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
async fn every_fault_of_signing() {
    for_every_fault(Operation::Sign, |fault| async move {
        let server = FaultServer::start().await;
        let minter = minter(&server);
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());

        server.fault(Operation::Sign, fault, Times::Always);
        let start = Instant::now();
        let answer = minter.mint(&claims()).await;
        assert!(start.elapsed() <= WARM + SLACK, "{fault:?}: {:?}", start.elapsed());
        match answer {
            Ok(token) if fault == Fault::LeadingZeroStripped => assert_verifies(&token, server.public_key()),
            Ok(_) => panic!("{fault:?}: a token"),
            Err(error) => assert_eq!(kind(fault, &error), expected_of_sign(fault), "{fault:?}: {error:?}"),
        }
        server.heal();
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_looking() {
    for_every_fault(Operation::GetPublicKey, |fault| async move {
        let server = FaultServer::start().await;
        let minter = minter(&server);
        server.fault(Operation::GetPublicKey, fault, Times::Always);
        let start = Instant::now();
        let Err(error) = minter.mint(&claims()).await else { panic!("{fault:?}: a token") };
        assert!(start.elapsed() <= COLD + SLACK, "{fault:?}: {:?}", start.elapsed());
        assert_eq!(kind(fault, &error), expected_of_look(fault), "{fault:?}: {error:?}");
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
async fn what_passes_is_passed_over() {
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
async fn a_stripped_signature_makes_a_token() {
    let server = FaultServer::start().await;
    server.fault(Operation::Sign, Fault::LeadingZeroStripped, Times::Always);
    let minter = minter(&server);
    let mut stripped = 0;
    for number in 0.. {
        let claims = AgentClaims::new(format!("agent-{number}@example.com"), Access::AccountDefault).unwrap();
        let token = minter.mint(&claims).await.unwrap();
        assert_verifies(&token, server.public_key());
        // One signature in 256 begins with a zero, which is an A and one of the first sixteen letters.
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
async fn many_cold_mints_share_one_look() {
    let server = FaultServer::start().await;
    // All at once they may take this machine longer than a mint is given.
    let source = AwsKmsKey::new(&patient_kms_client(server.url()), FaultServer::ALIAS);
    let (minted, _) = cold_mints(&Minter::new(license_key(), source)).await;
    assert!(minted.iter().all(Result::is_ok), "{minted:?}");
    assert_eq!(server.calls(Operation::GetPublicKey), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_cold_mints_share_one_failure() {
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
async fn one_that_stops_waiting_stops_no_other() {
    let server = FaultServer::start().await;
    server.latency(Duration::from_millis(200));
    let minter = minter(&server);
    let impatient = tokio::time::timeout(Duration::from_millis(50), {
        let minter = minter.clone();
        async move { minter.mint(&claims()).await }
    });
    assert!(impatient.await.is_err());
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert_eq!(server.calls(Operation::GetPublicKey), 1);
}

#[tokio::test]
async fn a_given_public_key_saves_the_look() {
    let server = FaultServer::start().await;
    let source =
        AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS).expect_public_key(server.public_key());
    let minter = Minter::new(license_key(), source.build());
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert_eq!((server.calls(Operation::GetPublicKey), server.calls(Operation::Sign)), (0, 1));
    assert_eq!(server.last_key_id(Operation::Sign).unwrap(), FaultServer::ALIAS);

    minter.mint(&claims()).await.unwrap();
    assert_eq!(server.last_key_id(Operation::Sign).unwrap(), server.arn(), "signing names the ARN from then on");
    assert_eq!(server.calls(Operation::GetPublicKey), 0);

    let other = FaultServer::start().await;
    let source =
        AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS).expect_public_key(other.public_key());
    let Err(MintError::Key(error)) = Minter::new(license_key(), source.build()).mint(&claims()).await else {
        panic!("a token by another key than the given one");
    };
    assert_eq!(error.kind(), KeyErrorKind::InvalidResponse);
}

/// Neither a wrong public half nor a wrong ARN that was learnt once is believed for ever.
#[tokio::test]
async fn what_was_learnt_wrongly_is_looked_up_anew() {
    for fault in [Fault::BitFlipped, Fault::ForeignKey, Fault::WrongKeyId] {
        let server = FaultServer::start().await;
        server.fault(Operation::GetPublicKey, fault, Times::Once);
        let minter = Minter::new(license_key(), AwsKmsKey::new(&kms_client(server.url()), server.arn()));
        assert!(minter.mint(&claims()).await.is_err());
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    }
    let server = FaultServer::start().await;
    server.fault(Operation::Sign, Fault::WrongKeyId, Times::Once);
    let source =
        AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS).expect_public_key(server.public_key());
    let minter = Minter::new(license_key(), source.build());
    for _ in 0..2 {
        let _ = minter.mint(&claims()).await;
    }
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
}

#[tokio::test]
async fn a_given_key_with_a_wrong_id_is_not_found() {
    let server = FaultServer::start().await;
    let source = AwsKmsKey::builder(&kms_client(server.url()), "alias/typo").expect_public_key(server.public_key());
    let minter = Minter::new(license_key(), source.build());
    for _ in 0..2 {
        let error = minter.mint(&claims()).await.unwrap_err();
        assert_eq!(kind(Fault::NotFound, &error), KeyErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_refresh_may_be_put_off_for_ever() {
    let server = FaultServer::start().await;
    let source =
        AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS).refresh(Duration::MAX, Duration::MAX);
    let minter = Minter::new(license_key(), source.build());
    for _ in 0..2 {
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    }
}

#[tokio::test]
async fn a_disabled_key_is_superseded_by_where_the_alias_leads_now() {
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
async fn an_alias_that_moves_never_mixes_two_keys() {
    let server = FaultServer::start().await;
    let every_50_ms = |source: cobrowse_jwt::aws_kms::AwsKmsKeyBuilder| {
        source.refresh(Duration::from_millis(50), Duration::from_secs(1)).build()
    };
    let source = every_50_ms(AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS));
    let minter = Minter::builder(license_key(), source).include_key_id(true).build();
    let pinned = every_50_ms(
        AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS).expect_public_key(server.public_key()),
    );
    let pinned = Minter::builder(license_key(), pinned).expect_public_key(server.public_key()).build();

    let old = server.public_key();
    let mut seen = [0, 0];
    let mut new = None;
    for round in 0..40 {
        if round == 10 {
            server.rotate().await;
            new = Some(server.public_key());
        }
        let mut mints = JoinSet::new();
        for _ in 0..25 {
            let (minter, pinned) = (minter.clone(), pinned.clone());
            mints.spawn(async move { (minter.mint(&claims()).await.unwrap(), pinned.mint(&claims()).await.unwrap()) });
        }
        for (token, by_pinned) in mints.join_all().await {
            let header = cobrowse_jwt::Inspection::of(token.expose_secret()).header().unwrap().clone();
            let is_new = header["kid"] != old.thumbprint();
            seen[usize::from(is_new)] += 1;
            assert_verifies(&token, if is_new { new.clone().unwrap() } else { old.clone() });
            assert_verifies(&by_pinned, old.clone());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[tokio::test]
async fn an_old_key_signs_on_while_its_look_fails_for_a_while() {
    let server = FaultServer::start().await;
    let source = AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS)
        .refresh(Duration::from_millis(1), Duration::from_millis(1))
        .build();
    let minter = Minter::new(license_key(), source);
    minter.mint(&claims()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;

    server.fault(Operation::GetPublicKey, Fault::Unavailable503, Times::Always);
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    tokio::time::sleep(Duration::from_millis(5)).await;
    server.heal();
    server.fault(Operation::GetPublicKey, Fault::AccessDenied, Times::Always);
    let error = minter.mint(&claims()).await.unwrap_err();
    assert_eq!(kind(Fault::AccessDenied, &error), KeyErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_preflight_names_the_step_that_fails() {
    let server = FaultServer::start().await;
    let names = |preflight: &cobrowse_jwt::aws_kms::Preflight| {
        preflight.steps().iter().map(|step| step.name).collect::<Vec<_>>()
    };
    let preflight = source(&server).preflight().await;
    assert_eq!(names(&preflight), ["resolve", "sign", "verify"]);
    preflight.outcome().unwrap();

    let with_registered =
        AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS).expect_public_key(server.public_key());
    let preflight = with_registered.build().preflight().await;
    assert_eq!(names(&preflight), ["resolve", "sign", "verify", "registered"]);
    preflight.outcome().unwrap();

    let other = FaultServer::start().await;
    let unregistered = AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS)
        .expect_public_key(other.public_key())
        .expect_public_key(other.public_key());
    let preflight = unregistered.build().preflight().await;
    assert_eq!(names(&preflight), ["resolve", "registered"]);
    assert!(preflight.outcome().is_err());

    for (operation, fault, last) in [
        (Operation::GetPublicKey, Fault::AccessDenied, "resolve"),
        (Operation::Sign, Fault::AccessDenied, "sign"),
        (Operation::Sign, Fault::BitFlipped, "verify"),
    ] {
        server.fault(operation, fault, Times::Always);
        let preflight = source(&server).preflight().await;
        assert_eq!(names(&preflight).last(), Some(&last));
        assert!(preflight.outcome().is_err());
        server.heal();
    }
}
