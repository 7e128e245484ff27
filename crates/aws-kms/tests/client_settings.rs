//! The settings of the client: credentials, timeouts, Region, endpoint and plain http.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use cobrowse_jwt_aws_kms::{
    AwsKmsKey,
    aws_config::{Region, SdkConfig},
    aws_sdk_kms::{
        Client,
        config::{
            BehaviorVersion, Builder, ConfigBag, Intercept, RuntimeComponents,
            interceptors::BeforeTransmitInterceptorContextRef, timeout::TimeoutConfig,
        },
        error::BoxError,
    },
};
use cobrowse_jwt_core::{KeyErrorKind, KeySource as _, MintError, Minter};
use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times, claims, license_key};
use support::{assert_verifies, kms_client};
use tokio::time::{sleep, timeout};

/// How much later than its deadline a result may arrive. Long, because a loaded machine is slow.
const SLACK: Duration = Duration::from_secs(2);
const DEADLINE: Duration = Duration::from_secs(3);
/// Longer than the deadline.
const SLOW: Duration = Duration::from_secs(4);

/// Mints, and returns the kind of the error and how long it took.
async fn failure(minter: &Minter) -> (KeyErrorKind, Duration) {
    let start = Instant::now();
    match minter.mint(&claims()).await {
        Err(MintError::Key(error)) => (error.kind(), start.elapsed()),
        other => panic!("{other:?}"),
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    timeout(Duration::from_secs(5), async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("not in time: {what}"));
}

fn credentials(expiry: Option<SystemTime>) -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "a-secret-access-key", None, expiry, "the tests")
}

fn client(complete: impl FnOnce(Builder) -> Builder) -> Client {
    let builder = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials(None))
        .region(Region::new("eu-central-1"));
    Client::from_conf(complete(builder).build())
}

/// A credentials provider whose delay a test sets.
#[derive(Clone, Debug)]
struct Sts(Arc<Behaviour>);

#[derive(Debug)]
struct Behaviour {
    /// How long a call takes, and how long its credentials are valid.
    now: Mutex<(Duration, Option<Duration>)>,
    calls: AtomicUsize,
}

impl Sts {
    fn new(takes: Duration, valid: Option<Duration>) -> Self {
        Self(Arc::new(Behaviour { now: Mutex::new((takes, valid)), calls: AtomicUsize::new(0) }))
    }

    fn set(&self, takes: Duration, valid: Option<Duration>) {
        *self.0.now.lock().unwrap() = (takes, valid);
    }

    fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }
}

impl ProvideCredentials for Sts {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        let (takes, valid) = *self.0.now.lock().unwrap();
        future::ProvideCredentials::new(async move {
            sleep(takes).await;
            Ok(credentials(valid.map(|valid| SystemTime::now() + valid)))
        })
    }
}

/// A credentials provider that fails.
#[derive(Debug)]
struct Failing(fn() -> CredentialsError);

impl ProvideCredentials for Failing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

#[tokio::test]
async fn failed_credentials_are_denied_missing_or_unavailable() {
    const DENIED: &str =
        "AccessDenied: User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: sts:AssumeRole";
    let cases: [(fn() -> CredentialsError, _, _); 3] = [
        (|| CredentialsError::provider_error(DENIED), KeyErrorKind::AccessDenied, "AWS credentials denied"),
        (|| CredentialsError::not_loaded("no providers"), KeyErrorKind::AccessDenied, "no AWS credentials found"),
        (
            || CredentialsError::provider_timed_out(Duration::from_secs(1)),
            KeyErrorKind::Unavailable,
            "failed to fetch AWS credentials",
        ),
    ];
    for (error, kind, message) in cases {
        let client = client(|builder| builder.credentials_provider(Failing(error)));
        let error = AwsKmsKey::new(&client, FaultServer::ALIAS).unwrap().authenticate().await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
        assert!(!format!("{error:?}").contains("123456789012"), "{error:?}");
    }
}

#[tokio::test]
async fn lookup_with_slow_credentials_ends_for_a_later_mint() {
    let server = FaultServer::start().await;
    let sts = Sts::new(SLOW, None);
    let client = client(|builder| builder.credentials_provider(sts.clone()).endpoint_url(server.url()));
    let minter = Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS).unwrap());
    let start = Instant::now();

    let (kind, took) = failure(&minter).await;
    assert_eq!(kind, KeyErrorKind::Unavailable);
    assert!(took <= DEADLINE + SLACK, "{took:?}");

    // The next mint waits for the remaining time only.
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert!(start.elapsed() <= SLOW + SLACK, "{:?}", start.elapsed());
    assert_eq!(sts.calls(), 1, "the signature uses the credentials of the lookup");
}

#[tokio::test]
async fn slow_renewal_of_credentials_ends_for_a_later_mint() {
    let server = FaultServer::start().await;
    // So short that every use renews them.
    let sts = Sts::new(Duration::ZERO, Some(Duration::from_secs(1)));
    let client = client(|builder| builder.credentials_provider(sts.clone()).endpoint_url(server.url()));
    let minter = Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS).unwrap());
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert!(sts.calls() > 1, "they were not expired");

    sts.set(SLOW, None);
    assert_fails_in_time_until_credentials_arrive(&minter, &server).await;
}

#[tokio::test]
async fn caller_that_gives_up_before_the_credentials_arrive_does_not_cancel_them() {
    const PATIENCE: Duration = Duration::from_secs(2);
    let server = FaultServer::start().await;
    let sts = Sts::new(Duration::ZERO, Some(Duration::from_secs(1)));
    let client = client(|builder| builder.credentials_provider(sts.clone()).endpoint_url(server.url()));
    let minter = Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS).unwrap());
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());

    sts.set(Duration::from_millis(2_500), None);
    for attempt in 0.. {
        match timeout(PATIENCE, minter.mint(&claims())).await {
            Ok(result) => return assert_verifies(&result.unwrap(), server.public_key()),
            Err(_) => assert!(attempt < 3, "the credentials never arrived"),
        }
    }
}

/// Each mint fails within its deadline until the credentials arrive.
async fn assert_fails_in_time_until_credentials_arrive(minter: &Minter, server: &FaultServer) {
    // A mint that times out drops its renewal, and the one in the background starts after it.
    let deadline = Instant::now() + 2 * DEADLINE + SLOW + SLACK;
    let (kind, took) = failure(minter).await;
    assert_eq!(kind, KeyErrorKind::Unavailable);
    assert!(took <= DEADLINE + SLACK, "{took:?}");
    loop {
        let start = Instant::now();
        let outcome = minter.mint(&claims()).await;
        assert!(start.elapsed() <= DEADLINE + SLACK, "{:?}", start.elapsed());
        match outcome {
            Ok(token) => return assert_verifies(&token, server.public_key()),
            Err(error) => assert!(error.is_transient() && Instant::now() < deadline, "{error:?}"),
        }
    }
}

#[tokio::test]
async fn timeout_of_client_is_kept_within_the_deadline() {
    let server = FaultServer::start().await;
    let (short, longer, longest) = (Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(8));
    let minter = |limit: Duration| {
        let timeouts = TimeoutConfig::builder().read_timeout(limit).operation_timeout(limit).build();
        let client = client(|builder| builder.timeout_config(timeouts).endpoint_url(server.url()));
        let key = AwsKmsKey::builder(&client, FaultServer::ALIAS).operation_timeout(longer);
        Minter::new(license_key(), key.build().unwrap())
    };
    let (cold, warm, patient) = (minter(short), minter(short), minter(longest));
    for minter in [&warm, &patient] {
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    }

    for operation in [Operation::GetPublicKey, Operation::Sign] {
        server.fault(operation, Fault::SilenceAfterAccept, Times::Always);
    }
    for (minter, limit) in [(cold, short), (warm, short), (patient, longer)] {
        let (kind, took) = failure(&minter).await;
        assert_eq!(kind, KeyErrorKind::Unavailable);
        assert!(took >= limit && took <= limit + SLACK, "{limit:?}: {took:?}");
    }
}

/// Records the address of a request and the Region it is signed for, and does not send it.
#[derive(Clone, Debug, Default)]
struct CaptureRequests(Arc<Mutex<Vec<(String, String)>>>);

impl Intercept for CaptureRequests {
    fn name(&self) -> &'static str {
        "CaptureRequests"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        // AWS4-HMAC-SHA256 Credential=<access key>/<date>/<Region>/kms/aws4_request, ...
        let scope = request.headers().get("authorization").unwrap().split('/').nth(2).unwrap();
        self.0.lock().unwrap().push((request.uri().to_owned(), scope.to_owned()));
        Err("captured".into())
    }
}

/// Returns the lookup of this key by a client for eu-central-1.
async fn requests(key_id: &str, endpoint: Option<&str>) -> Vec<(String, String)> {
    let captured = CaptureRequests::default();
    let client = client(|mut builder| {
        builder.set_endpoint_url(endpoint.map(ToOwned::to_owned));
        builder.interceptor(captured.clone())
    });
    let key = AwsKmsKey::new(&client, key_id).unwrap();
    Minter::new(license_key(), key).mint(&claims()).await.unwrap_err();
    let mut requests = std::mem::take(&mut *captured.0.lock().unwrap());
    requests.dedup();
    requests
}

#[tokio::test]
async fn arn_is_sent_to_its_region() {
    for (key_id, uri, region) in [
        ("arn:aws:kms:us-east-1:111122223333:key/x", "https://kms.us-east-1.amazonaws.com/", "us-east-1"),
        ("arn:aws:kms:us-east-1:111122223333:alias/x", "https://kms.us-east-1.amazonaws.com/", "us-east-1"),
        ("arn:aws-cn:kms:cn-north-1:111122223333:key/x", "https://kms.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
        ("alias/x", "https://kms.eu-central-1.amazonaws.com/", "eu-central-1"),
        ("mrk-1234abcd12ab34cd56ef1234567890ab", "https://kms.eu-central-1.amazonaws.com/", "eu-central-1"),
        // The ARN of another service does not set the Region.
        ("arn:aws:s3:us-east-1:111122223333:key/x", "https://kms.eu-central-1.amazonaws.com/", "eu-central-1"),
    ] {
        assert_eq!(requests(key_id, None).await, [(uri.to_owned(), region.to_owned())], "{key_id}");
    }
}

#[tokio::test]
async fn endpoint_wins_over_region_of_arn() {
    let endpoint = "https://vpce-0.kms.eu-central-1.vpce.amazonaws.com/";
    for key_id in ["arn:aws:kms:us-east-1:111122223333:key/x", "alias/x"] {
        let expected = [(endpoint.to_owned(), "eu-central-1".to_owned())];
        assert_eq!(requests(key_id, Some(endpoint)).await, expected, "{key_id}");
    }
}

#[tokio::test]
async fn endpoint_of_sdk_config_and_of_builder_is_used() {
    let server = FaultServer::start().await;
    let config = |endpoint: &str| {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials(None)))
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint);
        Client::new(&config.build())
    };
    let by_config = AwsKmsKey::new(&config(server.url()), server.arn());
    let by_builder =
        AwsKmsKey::builder(&config("https://kms.example"), server.arn()).endpoint_url(server.url()).build();
    for key in [by_config, by_builder] {
        let minter = Minter::new(license_key(), key.unwrap());
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    }
}

#[test]
fn new_accepts_key_ids_only() {
    let client = kms_client("http://127.0.0.1:1");
    let (longest, too_long) = ("a".repeat(2_048), "a".repeat(2_049));
    for name in ["alias/cobrowse", "mrk-1234", "arn:aws-cn:kms:cn-north-1:111122223333:key/x_y", &longest] {
        AwsKmsKey::new(&client, name).unwrap();
    }
    for name in ["", " ", "-----BEGIN PRIVATE KEY-----", "eyJhbGciOiJSUzI1NiJ9.e30.x", "MIIE+g==", "alias/é", &too_long]
    {
        let error = AwsKmsKey::new(&client, name).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string()),
            (KeyErrorKind::NotFound, "invalid KMS key id".to_owned()),
            "{name}"
        );
        assert!(name.trim().is_empty() || !format!("{error:?}").contains(name), "{error:?}");
    }
}

/// Only a name of the key itself needs no refresh by age.
#[tokio::test]
async fn key_id_that_names_the_key_is_resolved_once() {
    let server = FaultServer::start().await;
    let arn = server.arn();
    for (name, lookups) in [(arn.as_str(), 1), (arn.rsplit('/').next().unwrap(), 1), (FaultServer::ALIAS, 2)] {
        let before = server.calls(Operation::GetPublicKey);
        let key =
            AwsKmsKey::builder(&kms_client(server.url()), name).refresh_after(Duration::ZERO).max_age(Duration::ZERO);
        let key = key.build().unwrap();
        for _ in 0..2 {
            key.signing_key().await.unwrap();
        }
        assert_eq!(server.calls(Operation::GetPublicKey) - before, lookups, "{name}");
    }
}

/// Another name of 127.0.0.1, which is not in the loopback range.
const OTHER_HOST: &str = "http://0.0.0.0";

#[tokio::test]
async fn plain_http_to_another_host_is_refused_unless_allowed() {
    let server = FaultServer::start().await;
    let port = server.url().rsplit(':').next().unwrap();
    for endpoint in ["http://kms.example/", "http://localhost.example/", "http://127.0.0.1.example/", "http://[::2]/"] {
        let key = AwsKmsKey::new(&kms_client(endpoint), FaultServer::ALIAS).unwrap();
        assert_eq!(key.signing_key().await.unwrap_err().kind(), KeyErrorKind::InvalidKey, "{endpoint}");
    }
    for endpoint in ["https://127.0.0.1:1", "http://127.9.9.9:1", "http://[::1]:1", "http://localhost:1"] {
        let key = AwsKmsKey::new(&kms_client(endpoint), FaultServer::ALIAS).unwrap();
        assert_eq!(key.signing_key().await.unwrap_err().kind(), KeyErrorKind::Unavailable, "{endpoint}");
    }
    let client = client(|builder| builder.endpoint_url(format!("{OTHER_HOST}:{port}")));
    let key = AwsKmsKey::new(&client, FaultServer::ALIAS).unwrap();
    let error = key.signing_key().await.unwrap_err();
    assert_eq!(error.kind(), KeyErrorKind::InvalidKey);
    assert!(error.hint().unwrap().contains("`allow_http`"), "{error:?}");
    assert_eq!(server.accepted_connections(), 0);

    let key = AwsKmsKey::builder(&client, FaultServer::ALIAS).allow_http(true).build().unwrap();
    assert_verifies(&Minter::new(license_key(), key).mint(&claims()).await.unwrap(), server.public_key());
}

#[test]
fn sign_without_tokio_runtime_returns_error() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(FaultServer::start());
    let minter = || Minter::new(license_key(), AwsKmsKey::new(&kms_client(server.url()), FaultServer::ALIAS).unwrap());
    let (cold, warm) = (minter(), minter());
    runtime.block_on(warm.mint(&claims())).unwrap();
    for (name, minter) in [("cold", cold), ("warm", warm)] {
        let (kind, _) = pollster::block_on(failure(&minter));
        assert_eq!(kind, KeyErrorKind::InvalidKey, "{name}");
        let token = runtime.block_on(minter.mint(&claims())).unwrap();
        assert_verifies(&token, server.public_key());
    }
}

#[tokio::test]
async fn dropped_source_ends_the_lookup() {
    let server = FaultServer::start().await;
    server.fault(Operation::GetPublicKey, Fault::SilenceAfterAccept, Times::Always);
    let minter = Minter::new(license_key(), AwsKmsKey::new(&kms_client(server.url()), FaultServer::ALIAS).unwrap());
    let mint = tokio::spawn({
        let minter = minter.clone();
        async move { minter.mint(&claims()).await }
    });
    until("the lookup", || server.calls(Operation::GetPublicKey) == 1).await;
    mint.abort();
    let _ended = mint.await;
    assert_eq!(server.open_connections(), 1, "the lookup continues without the mint");

    drop(minter);
    until("the end of its connection", || server.open_connections() == 0).await;
    // It is not retried after its timeout.
    sleep(Duration::from_secs(2)).await;
    assert_eq!((server.calls(Operation::GetPublicKey), server.open_connections()), (1, 0));
}

#[tokio::test]
async fn lookup_without_region_fails_with_a_hint() {
    let client = client(|builder| builder.region(None));
    let error = AwsKmsKey::new(&client, "alias/cobrowse").unwrap().signing_key().await.unwrap_err();
    assert_eq!(error.kind(), KeyErrorKind::InvalidKey, "{error}");
    assert!(error.hint().unwrap().contains("AWS_REGION"), "{error:?}");
}
