//! No fault of Vault causes an invalid token, a result after the deadline, or an error that contains a token, an address or a key name.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use cobrowse_jwt_core::{
    Access, AgentClaims, AgentToken, KeyErrorKind, LicenseKey, MintError, Minter, PublicKey, Verifier,
};
use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times};
use cobrowse_jwt_vault::{PreflightStepName, VaultAuth, VaultKey, VaultKeyBuilder};
use tokio::{task::JoinSet, time};

/// How much later than its deadline a result may arrive. Long, because a loaded machine is slow.
const SLACK: Duration = Duration::from_secs(2);
const WARM: Duration = Duration::from_secs(3);
const COLD: Duration = Duration::from_secs(6);

fn license_key() -> LicenseKey {
    LicenseKey::new("SPGqPIcVnsOEJQ").unwrap()
}

fn claims() -> AgentClaims {
    AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap()
}

fn builder(server: &FaultServer) -> VaultKeyBuilder {
    VaultKey::builder(server.url(), FaultServer::KEY).auth(VaultAuth::app_role("a-role-id", "a-secret-id"))
}

fn minter(server: &FaultServer) -> Minter {
    Minter::new(license_key(), builder(server).build().unwrap())
}

fn assert_verifies(token: &AgentToken, key: PublicKey) {
    Verifier::new(license_key(), key).verify(token.expose_secret()).unwrap();
}

/// Returns the kind of the error, after a check that its whole chain contains no secret.
fn kind(fault: Fault, error: &MintError) -> KeyErrorKind {
    let chain: Vec<_> =
        std::iter::successors(Some(error as &dyn Error), |&error| error.source()).map(ToString::to_string).collect();
    let shown = format!("{error:?}");
    for link in chain.iter().chain([&shown]) {
        for secret in ["hvs.", "127.0.0.1", "a-role-id", "a-secret-id", "transit/", "sign/test", "keys/test"] {
            assert!(!link.contains(secret), "{fault:?}: {chain:?}");
        }
        assert!(link.len() < 1_000, "{fault:?}: {chain:?}");
    }
    for (link, source) in chain.iter().zip(&chain[1..]) {
        assert!(!link.contains(source.as_str()), "{fault:?} repeats its source: {chain:?}");
    }
    let MintError::Key(key) = error else { panic!("{fault:?}: {error:?}") };
    key.kind()
}

/// Returns whether Vault has this failure.
fn is_possible(operation: Operation, fault: Fault) -> bool {
    match fault {
        Fault::ClockSkew | Fault::RequestTimeTooSkewed => false,
        Fault::WrongAlgorithm => operation == Operation::GetPublicKey,
        _ => true,
    }
}

fn expected(operation: Operation, fault: Fault) -> KeyErrorKind {
    match fault {
        Fault::Throttling | Fault::Bare429 | Fault::RetryAfter20s => KeyErrorKind::Throttled,
        Fault::InternalError500
        | Fault::Unavailable503
        | Fault::InvalidState
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
        Fault::AccessDenied | Fault::ExpiredCredentials => KeyErrorKind::AccessDenied,
        Fault::NotFound => KeyErrorKind::NotFound,
        Fault::Disabled if operation == Operation::Sign => KeyErrorKind::Superseded,
        Fault::Disabled
        | Fault::InvalidKeyUsage
        | Fault::WrongAlgorithm
        | Fault::EncryptDecryptKey
        | Fault::EccKey
        | Fault::HmacKey
        | Fault::SymmetricKey
        | Fault::SmallKey1024 => KeyErrorKind::InvalidKey,
        _ => KeyErrorKind::InvalidResponse,
    }
}

/// Runs the work for every fault of the operation, eight at a time.
async fn for_every_fault<W: Future<Output = ()> + Send + 'static>(operation: Operation, work: fn(Fault) -> W) {
    let mut running = JoinSet::new();
    for fault in Fault::all_for(operation).into_iter().filter(|&fault| is_possible(operation, fault)) {
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
            Err(error) => assert_eq!(kind(fault, &error), expected(Operation::Sign, fault), "{fault:?}: {error:?}"),
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
        assert_eq!(kind(fault, &error), expected(Operation::GetPublicKey, fault), "{fault:?}: {error:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_in_with_fault_returns_its_kind_in_time() {
    for (fault, expected) in [
        (Fault::AccessDenied, KeyErrorKind::AccessDenied),
        (Fault::Throttling, KeyErrorKind::Throttled),
        (Fault::Unavailable503, KeyErrorKind::Unavailable),
        (Fault::ResetBeforeHeaders, KeyErrorKind::Unavailable),
        (Fault::SilenceAfterAccept, KeyErrorKind::Unavailable),
        (Fault::NotJson, KeyErrorKind::InvalidResponse),
        (Fault::ChunkedTooLarge, KeyErrorKind::InvalidResponse),
    ] {
        let server = FaultServer::start().await;
        server.fault(Operation::LogIn, fault, Times::Always);
        let start = Instant::now();
        let error = minter(&server).mint(&claims()).await.unwrap_err();
        assert!(start.elapsed() <= WARM + SLACK, "{fault:?}: {:?}", start.elapsed());
        assert_eq!(kind(fault, &error), expected, "{fault:?}: {error:?}");
        assert_eq!(server.calls(Operation::LogIn), 1, "{fault:?}");
    }
}

/// A redirect is one of them: following it would send the token to another server.
#[tokio::test(flavor = "multi_thread")]
async fn status_in_any_call_returns_its_error_after_one_request() {
    use KeyErrorKind::{InvalidResponse, Throttled, Unavailable};
    let server = FaultServer::start().await;
    let mut wrong = Vec::new();
    for (status, kind, message) in [
        (301, InvalidResponse, "response is a redirect"),
        (307, Unavailable, "response is a redirect"),
        (308, InvalidResponse, "response is a redirect"),
        (412, Unavailable, "Vault internal error"),
        (429, Throttled, "Vault rate limit exceeded"),
        (472, Unavailable, "Vault node is a standby"),
        (473, Unavailable, "Vault node is a standby"),
        (503, Unavailable, "Vault internal error"),
    ] {
        for operation in [Operation::LogIn, Operation::GetPublicKey, Operation::Sign] {
            let earlier = server.calls(operation);
            server.fault(operation, Fault::Status(status), Times::Always);
            let error = minter(&server).mint(&claims()).await.unwrap_err();
            server.clear_faults();
            let found =
                (self::kind(Fault::Status(status), &error), error.to_string(), server.calls(operation) - earlier);
            if found != (kind, message.to_owned(), 1) {
                wrong.push((operation, status, found));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn connection_that_breaks_once_is_replaced() {
    for fault in [Fault::ResetBeforeHeaders, Fault::ResetAfterHeaders, Fault::TruncatedBody] {
        let server = FaultServer::start().await;
        server.fault(Operation::GetPublicKey, fault, Times::Once);
        server.fault(Operation::Sign, fault, Times::Once);
        assert_verifies(&minter(&server).mint(&claims()).await.unwrap(), server.public_key());
    }
}

#[tokio::test]
async fn denied_request_is_repeated_after_one_log_in() {
    let server = FaultServer::start().await;
    let minter = minter(&server);
    minter.mint(&claims()).await.unwrap();
    server.fault(Operation::Sign, Fault::ExpiredCredentials, Times::Once);
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert_eq!((server.calls(Operation::LogIn), server.calls(Operation::Sign)), (2, 3));
}

#[tokio::test]
async fn mint_after_failed_log_in_logs_in_again() {
    let server = FaultServer::start().await;
    let minter = minter(&server);
    minter.mint(&claims()).await.unwrap();
    server.fault(Operation::Sign, Fault::ExpiredCredentials, Times::Twice);
    server.fault(Operation::LogIn, Fault::Unavailable503, Times::Once);
    let error = minter.mint(&claims()).await.unwrap_err();
    assert_eq!(kind(Fault::Unavailable503, &error), KeyErrorKind::Unavailable);
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert_eq!(server.calls(Operation::LogIn), 3);
}

#[test]
fn session_whose_runtime_ended_is_renewed() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, minter) = runtime().block_on(async {
        let server = FaultServer::start().await;
        let minter = minter(&server);
        minter.mint(&claims()).await.unwrap();
        (server, minter)
    });
    runtime().block_on(async {
        minter.mint(&claims()).await.unwrap();
        // Two thirds of the lease. Resumed, because a paused clock would skip to the timeout of the renewal.
        time::pause();
        time::advance(Duration::from_mins(40)).await;
        time::resume();
        // The server does not renew tokens, so the process logs in.
        let renewed = async {
            while server.calls(Operation::LogIn) < 2 {
                time::sleep(Duration::from_millis(1)).await;
            }
        };
        time::timeout(Duration::from_mins(1), renewed).await.unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_requests_share_one_log_in_in_five_seconds() {
    let server = FaultServer::start().await;
    let minter = minter(&server);
    minter.mint(&claims()).await.unwrap();
    server.fault(Operation::Sign, Fault::AccessDenied, Times::Always);
    for result in concurrent_mints(&minter, 64).await {
        assert_eq!(kind(Fault::AccessDenied, &result.unwrap_err()), KeyErrorKind::AccessDenied);
    }
    minter.mint(&claims()).await.unwrap_err();
    assert_eq!(server.calls(Operation::LogIn), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_token_is_not_replaced() {
    let server = FaultServer::start().await;
    let key = builder(&server).auth(VaultAuth::token("hvs.wrong")).build().unwrap();
    server.fault(Operation::LogIn, Fault::AccessDenied, Times::Once);
    server.fault(Operation::GetPublicKey, Fault::AccessDenied, Times::Always);
    let error = Minter::new(license_key(), key).mint(&claims()).await.unwrap_err();
    assert_eq!(kind(Fault::AccessDenied, &error), KeyErrorKind::AccessDenied);
    assert_eq!(server.calls(Operation::GetPublicKey), 1);
}

async fn concurrent_mints(minter: &Minter, count: usize) -> Vec<Result<AgentToken, MintError>> {
    let mut mints = JoinSet::new();
    for _ in 0..count {
        let minter = minter.clone();
        mints.spawn(async move { minter.mint(&claims()).await });
    }
    mints.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_cold_mints_share_one_log_in_and_one_lookup() {
    let server = FaultServer::start().await;
    // Together they can take longer than the deadline of one mint.
    let key = builder(&server).operation_timeout(Duration::from_mins(1)).build().unwrap();
    let minted = concurrent_mints(&Minter::new(license_key(), key), 256).await;
    assert!(minted.iter().all(Result::is_ok), "{minted:?}");
    assert_eq!((server.calls(Operation::LogIn), server.calls(Operation::GetPublicKey)), (1, 1));
}

#[tokio::test]
async fn slow_log_in_arrives_for_a_later_mint() {
    let server = FaultServer::start().await;
    let key = builder(&server).operation_timeout(Duration::from_millis(200)).build().unwrap();
    let minter = Minter::new(license_key(), key);
    server.latency(Duration::from_millis(500));
    let error = minter.mint(&claims()).await.unwrap_err();
    assert_eq!(kind(Fault::SilenceAfterAccept, &error), KeyErrorKind::Unavailable);
    server.latency(Duration::ZERO);
    while minter.mint(&claims()).await.is_err() {
        time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.calls(Operation::LogIn), 1);
}

#[tokio::test]
async fn preflight_reports_the_step_that_failed() {
    let server = FaultServer::start().await;
    let key = builder(&server).build().unwrap();
    key.preflight().await.result().unwrap();
    for (operation, step) in [
        (Operation::Sign, PreflightStepName::Sign),
        (Operation::GetPublicKey, PreflightStepName::Resolve),
        (Operation::LogIn, PreflightStepName::Authenticate),
    ] {
        server.fault(operation, Fault::Unavailable503, Times::Always);
        let preflight = builder(&server).build().unwrap().preflight().await;
        let last = preflight.steps().last().unwrap();
        assert_eq!((last.name, last.result.is_err()), (step, true));
    }
}

#[test]
fn invalid_configuration_is_refused() {
    let error = |builder: VaultKeyBuilder| {
        let error = builder.auth(VaultAuth::token("x")).build().unwrap_err();
        (error.kind(), error.to_string())
    };
    let at = |address: &str| VaultKey::builder(address, "cobrowse");
    let key = |name: &str| VaultKey::builder("http://127.0.0.1:8200", name);
    let refused = |message: &str| (KeyErrorKind::InvalidKey, message.to_owned());
    assert_eq!(error(at("")), refused("Vault address is not set"));
    assert_eq!(error(at("http://vault.example")), refused("plain http address of Vault refused"));
    assert_eq!(error(at("https://u:p@vault.example")), refused("invalid Vault address"));
    assert_eq!(error(key("x").mount("../sys")), refused("invalid mount path"));
    assert_eq!(error(key("x").namespace("a\nb")), refused("invalid Vault namespace"));
    let missing = at("https://vault.example").ca_cert_file("/no/such");
    assert_eq!(error(missing), refused("no usable root certificates"));
    assert_eq!(error(key("a/b")).0, KeyErrorKind::NotFound);
    let without_auth = key("x").build().unwrap_err();
    assert_eq!(without_auth.kind(), KeyErrorKind::AccessDenied);
    let mount = key("x").auth(VaultAuth::app_role("a", "b").mount("a?b")).build().unwrap_err();
    assert_eq!(mount.to_string(), "invalid mount path of the authentication method");
}

#[test]
fn debug_contains_no_secret() {
    for auth in
        [VaultAuth::token("hvs.secret"), VaultAuth::app_role("secret", "secret"), VaultAuth::token_file("secret")]
    {
        let builder = VaultKey::builder("http://127.0.0.1:8200", "secret").auth(auth);
        assert!(!format!("{builder:?}").contains("secret"));
        let key = builder.build().unwrap();
        assert!(!format!("{key:?} {:?}", cobrowse_jwt_vault::Secret::new("secret")).contains("secret"));
    }
}
