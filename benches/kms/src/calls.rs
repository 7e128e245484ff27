use std::{hint::black_box, sync::Arc, time::Duration};

use bench_ours::{Verifying, claims, clock, license_key};
use cobrowse_jwt::{
    AgentClaims, Minter, SigningInput,
    aws_kms::{
        AwsKmsKey,
        aws_sdk_kms::{
            Client,
            config::{BehaviorVersion, Config, Credentials, Region, timeout::TimeoutConfig},
            primitives::Blob,
            types::{MessageType, SigningAlgorithmSpec},
        },
    },
};
use harness::private_key;
use tokio::runtime::{self, Runtime};

use crate::Stub;

/// Signs with one client on one thread: bare calls of the SDK, and whole tokens.
#[derive(Debug)]
pub struct Calls {
    runtime: Runtime,
    stub: Stub,
    client: Client,
    minter: Minter,
    claims: Arc<AgentClaims>,
    verifying: Arc<Verifying>,
}

impl Calls {
    /// Starts a stub and a client for it.
    #[must_use]
    pub fn new() -> Self {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stub = Stub::start(&private_key(2048));
        let client = client(&stub.url());
        let source = AwsKmsKey::builder(&client, Stub::ARN).operation_timeout(Duration::from_mins(1)).build().unwrap();
        // The time is fixed, so that the stub signs once and caches the signature.
        let minter = Minter::builder(license_key(), source).clock(clock);
        Self {
            runtime,
            stub,
            client,
            minter: minter.build(),
            claims: Arc::new(claims()),
            verifying: Arc::new(Verifying::new(2048)),
        }
    }

    /// Sets how long the stub waits before each response.
    pub fn latency(&self, latency: Duration) {
        self.stub.latency(latency);
    }

    /// Makes bare calls of the SDK.
    pub fn bare(&self, concurrency: u32, count: u32) {
        let client = self.client.clone();
        self.repeat(concurrency, count, move || {
            let client = client.clone();
            async move { sign(&client).await }
        });
    }

    /// Makes bare calls, each followed by a verification.
    pub fn bare_and_verify(&self, concurrency: u32, count: u32) {
        let (client, verifying) = (self.client.clone(), Arc::clone(&self.verifying));
        self.repeat(concurrency, count, move || {
            let (client, verifying) = (client.clone(), Arc::clone(&verifying));
            async move {
                sign(&client).await;
                verifying.raw();
            }
        });
    }

    /// Mints tokens.
    pub fn mint(&self, concurrency: u32, count: u32) {
        let (minter, claims) = (self.minter.clone(), Arc::clone(&self.claims));
        self.repeat(concurrency, count, move || {
            let (minter, claims) = (minter.clone(), Arc::clone(&claims));
            async move { drop(minter.mint(&claims).await.unwrap()) }
        });
    }

    /// Verifies a signature, as each mint does.
    pub fn verify(&self, count: u32) {
        (0..count).for_each(|_| black_box(&self.verifying).raw());
    }

    fn repeat<F: Future<Output = ()> + Send + 'static>(
        &self,
        concurrency: u32,
        count: u32,
        call: impl Fn() -> F + Clone + Send + 'static,
    ) {
        self.runtime.block_on(async {
            let workers = (0..concurrency).map(|_| {
                let call = call.clone();
                tokio::spawn(async move {
                    for _ in 0..count / concurrency {
                        call().await;
                    }
                })
            });
            for worker in workers.collect::<Vec<_>>() {
                worker.await.unwrap();
            }
        });
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns a client with long timeouts, for a loaded machine.
fn client(url: &str) -> Client {
    let minute = Duration::from_mins(1);
    let timeouts = TimeoutConfig::builder().connect_timeout(minute).read_timeout(minute).operation_timeout(minute);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "a-secret-access-key",
            None,
            None,
            "the benches",
        ))
        .region(Region::new("eu-central-1"))
        .timeout_config(timeouts.build())
        .endpoint_url(url);
    Client::from_conf(config.build())
}

/// Makes the call of the SDK that a mint makes.
async fn sign(client: &Client) {
    const DIGEST_OF: SigningInput<'static> = SigningInput::new(b"header.payload");
    client
        .sign()
        .key_id(Stub::ARN)
        .message(Blob::new(DIGEST_OF.sha256()))
        .message_type(MessageType::Digest)
        .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256)
        .send()
        .await
        .unwrap()
        .signature
        .unwrap();
}
