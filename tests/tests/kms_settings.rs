//! What a source makes of the client that it is given: it fills in what is unset, and nothing else.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, future},
};
use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, KeyErrorKind, KeySource as _, MintError, Minter, PublicKey, Verifier,
    aws_kms::{
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
    },
};
use cobrowse_jwt_tests::{
    fault_server::{Fault, FaultServer, Operation, Times},
    kms_client, license_key,
};
use tokio::time::{sleep, timeout};

/// How much later than its deadline an answer may come.
const SLACK: Duration = Duration::from_millis(250);
const DEADLINE: Duration = Duration::from_secs(3);
/// Longer than the deadline.
const SLOW: Duration = Duration::from_secs(5);

fn claims() -> AgentClaims {
    AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap()
}

fn assert_verifies(token: &AgentToken, key: PublicKey) {
    Verifier::new(license_key(), key).verify(token.expose_secret()).unwrap();
}

/// The kind of the error, and how long it took.
async fn failure(minter: &Minter) -> (KeyErrorKind, Duration) {
    let start = Instant::now();
    match minter.mint(&claims()).await {
        Err(MintError::Key(error)) => (error.kind(), start.elapsed()),
        other => panic!("{other:?}"),
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    timeout(Duration::from_millis(500), async {
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

/// An STS that is as slow as it is told to be.
#[derive(Clone, Debug)]
struct Sts(Arc<Temper>);

#[derive(Debug)]
struct Temper {
    /// How long a call takes, and how long what it gives is valid.
    now: Mutex<(Duration, Option<Duration>)>,
    calls: AtomicUsize,
}

impl Sts {
    fn new(takes: Duration, valid: Option<Duration>) -> Self {
        Self(Arc::new(Temper { now: Mutex::new((takes, valid)), calls: AtomicUsize::new(0) }))
    }

    fn becomes(&self, takes: Duration, valid: Option<Duration>) {
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

#[tokio::test]
async fn slow_credentials_arrive_at_last() {
    let server = FaultServer::start().await;
    let sts = Sts::new(SLOW, None);
    let client = client(|builder| builder.credentials_provider(sts.clone()).endpoint_url(server.url()));
    let minter = Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS));
    let start = Instant::now();

    let (kind, took) = failure(&minter).await;
    assert_eq!(kind, KeyErrorKind::Unavailable);
    assert!(took <= DEADLINE + SLACK, "{took:?}");

    // Who asks next has only the rest to wait.
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert!(start.elapsed() <= SLOW + SLACK, "{:?}", start.elapsed());
    assert_eq!(sts.calls(), 1, "the credentials of the look are also the signature's");
}

#[tokio::test]
async fn slow_credentials_arrive_at_last_for_a_given_key() {
    let server = FaultServer::start().await;
    let sts = Sts::new(SLOW, None);
    let client = client(|builder| builder.credentials_provider(sts.clone()).endpoint_url(server.url()));
    let source = AwsKmsKey::builder(&client, FaultServer::ALIAS).expect_public_key(server.public_key());
    assert_slow_credentials_are_survived(&Minter::new(license_key(), source.build()), &server).await;
}

#[tokio::test]
async fn a_slow_renewal_of_credentials_arrives_at_last() {
    let server = FaultServer::start().await;
    // So short that every use renews them.
    let sts = Sts::new(Duration::ZERO, Some(Duration::from_secs(1)));
    let client = client(|builder| builder.credentials_provider(sts.clone()).endpoint_url(server.url()));
    let minter = Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS));
    assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    assert!(sts.calls() > 1, "they were not expired");

    sts.becomes(SLOW, None);
    assert_slow_credentials_are_survived(&minter, &server).await;
}

/// Each mint fails in time until the credentials are there.
async fn assert_slow_credentials_are_survived(minter: &Minter, server: &FaultServer) {
    // A mint that gives up takes the renewal that it began with it, and the next one's may come before the patient client's.
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
async fn the_timeouts_of_the_client_are_kept() {
    let server = FaultServer::start().await;
    let with = |timeouts: TimeoutConfig| {
        let client = client(|builder| builder.timeout_config(timeouts).endpoint_url(server.url()));
        Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS))
    };
    let short = Duration::from_millis(500);
    let hurried = TimeoutConfig::builder().operation_timeout(short).build();
    let cold = with(hurried.clone());
    let warm = with(hurried);
    // The second waits for the answer where the sources' own settings would have given up.
    let long = Duration::from_secs(4);
    let patient = with(TimeoutConfig::builder().read_timeout(long).operation_timeout(long).build());
    for minter in [&warm, &patient] {
        assert_verifies(&minter.mint(&claims()).await.unwrap(), server.public_key());
    }

    for operation in [Operation::GetPublicKey, Operation::Sign] {
        server.fault(operation, Fault::SilenceAfterAccept, Times::Always);
    }
    for (minter, timeout) in [(cold, short), (warm, short), (patient, long)] {
        let (kind, took) = failure(&minter).await;
        assert_eq!(kind, KeyErrorKind::Unavailable);
        assert!(took >= timeout && took <= timeout + SLACK, "{timeout:?}: {took:?}");
    }
}

/// Where a request would have gone, and the Region that it is signed for. It stays here.
#[derive(Clone, Debug, Default)]
struct Censor(Arc<Mutex<Vec<(String, String)>>>);

impl Intercept for Censor {
    fn name(&self) -> &'static str {
        "Censor"
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
        Err("censored".into())
    }
}

/// What a client for eu-central-1 asks for this key: once to look at it, once to sign.
async fn asked(key_id: &str, key: &PublicKey, endpoint: Option<&str>) -> Vec<(String, String)> {
    let censor = Censor::default();
    let client = client(|mut builder| {
        builder.set_endpoint_url(endpoint.map(ToOwned::to_owned));
        builder.interceptor(censor.clone())
    });
    for builder in [
        AwsKmsKey::builder(&client, key_id),
        // With a given key, the first request is to sign.
        AwsKmsKey::builder(&client, key_id).expect_public_key(key.clone()),
    ] {
        Minter::new(license_key(), builder.build()).mint(&claims()).await.unwrap_err();
    }
    let mut asked = std::mem::take(&mut *censor.0.lock().unwrap());
    assert!(asked.len() >= 2, "{asked:?}");
    asked.dedup();
    asked
}

#[tokio::test]
async fn the_region_of_an_arn_is_where_its_key_is() {
    let key = FaultServer::start().await.public_key();
    for (key_id, uri, region) in [
        ("arn:aws:kms:us-east-1:111122223333:key/x", "https://kms.us-east-1.amazonaws.com/", "us-east-1"),
        ("arn:aws:kms:us-east-1:111122223333:alias/x", "https://kms.us-east-1.amazonaws.com/", "us-east-1"),
        ("arn:aws-cn:kms:cn-north-1:111122223333:key/x", "https://kms.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
        ("alias/x", "https://kms.eu-central-1.amazonaws.com/", "eu-central-1"),
        ("mrk-1234abcd12ab34cd56ef1234567890ab", "https://kms.eu-central-1.amazonaws.com/", "eu-central-1"),
        // Not a name that AWS gives; it must not become a Region.
        ("arn:aws:s3:us-east-1:111122223333:key/x", "https://kms.eu-central-1.amazonaws.com/", "eu-central-1"),
    ] {
        assert_eq!(asked(key_id, &key, None).await, [(uri.to_owned(), region.to_owned())], "{key_id}");
    }
}

#[tokio::test]
async fn an_endpoint_is_kept_whatever_the_arn() {
    let key = FaultServer::start().await.public_key();
    let endpoint = "https://vpce-0.kms.eu-central-1.vpce.amazonaws.com/";
    for key_id in ["arn:aws:kms:us-east-1:111122223333:key/x", "alias/x"] {
        let expected = [(endpoint.to_owned(), "eu-central-1".to_owned())];
        assert_eq!(asked(key_id, &key, Some(endpoint)).await, expected, "{key_id}");
    }
}

#[tokio::test]
async fn an_endpoint_of_a_loaded_configuration_is_kept() {
    let server = FaultServer::start().await;
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials(None)))
        .region(Region::new("us-east-1"))
        .endpoint_url(server.url())
        .build();
    let source = AwsKmsKey::builder_from_config(&config, server.arn()).await.unwrap().build();
    assert_verifies(&Minter::new(license_key(), source).mint(&claims()).await.unwrap(), server.public_key());
}

/// A runtime that is no tokio has no timers and no sockets for the SDK.
#[test]
fn outside_of_a_tokio_runtime_there_is_an_error() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(FaultServer::start());
    let client = kms_client(server.url());
    let cold = Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS));
    let given = AwsKmsKey::builder(&client, FaultServer::ALIAS).expect_public_key(server.public_key());
    let given = Minter::new(license_key(), given.build());
    let warm = Minter::new(license_key(), AwsKmsKey::new(&client, FaultServer::ALIAS));
    runtime.block_on(warm.mint(&claims())).unwrap();

    for (name, minter) in [("cold", cold), ("given", given), ("warm", warm)] {
        let (kind, _) = pollster::block_on(failure(&minter));
        assert_eq!(kind, KeyErrorKind::InvalidKey, "{name}");
        let token = runtime.block_on(minter.mint(&claims())).unwrap();
        assert_verifies(&token, server.public_key());
    }
}

#[tokio::test]
async fn a_look_ends_with_its_source() {
    let server = FaultServer::start().await;
    server.fault(Operation::GetPublicKey, Fault::SilenceAfterAccept, Times::Always);
    let minter = Minter::new(license_key(), AwsKmsKey::new(&kms_client(server.url()), FaultServer::ALIAS));
    assert!(timeout(Duration::from_millis(100), minter.mint(&claims())).await.is_err());
    until("the look", || server.calls(Operation::GetPublicKey) == 1).await;
    assert_eq!(server.open_connections(), 1, "it goes on without the mint");

    drop(minter);
    until("the end of its connection", || server.open_connections() == 0).await;
    // Nor is it tried again when the silence would have become a timeout.
    sleep(Duration::from_secs(2)).await;
    assert_eq!((server.calls(Operation::GetPublicKey), server.open_connections()), (1, 0));
}

#[tokio::test]
async fn without_a_region_there_is_nothing_to_wait_for() {
    let client = client(|builder| builder.region(None));
    let error = AwsKmsKey::new(&client, "alias/cobrowse").signing_key().await.unwrap_err();
    assert_eq!(error.kind(), KeyErrorKind::InvalidKey, "{error}");
    assert!(error.to_string().contains("set a Region"), "{error}");
}
