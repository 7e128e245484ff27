//! Code shared by the programs of this package.

use std::time::Duration;

use bench_service::{BareCall, Calls, Signer, Stub};
use cobrowse_jwt::aws_kms::{
    AwsKmsKey,
    aws_sdk_kms::{
        Client,
        config::{BehaviorVersion, Config, Credentials, Region, timeout::TimeoutConfig},
        primitives::Blob,
        types::{MessageType, SigningAlgorithmSpec},
    },
};
use harness::private_key;
use serde_json::json;

const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Starts a stub of KMS and a client for it.
#[must_use]
pub fn start() -> Calls<Kms> {
    let signer = Signer::new(&private_key(2048));
    let stub = Stub::start(move |head, body| {
        if head.headers["x-amz-target"] == "TrentService.Sign" {
            return signer.sign(body["Message"].as_str().unwrap(), |signature| {
                json!({"KeyId": ARN, "Signature": signature, "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"})
            });
        }
        let response = json!({
            "KeyId": ARN,
            "KeySpec": "RSA_2048",
            "KeyUsage": "SIGN_VERIFY",
            "SigningAlgorithms": ["RSASSA_PKCS1_V1_5_SHA_256"],
            "PublicKey": signer.public_key(),
        });
        response.to_string().into()
    });
    let client = client(&stub.url());
    let source = AwsKmsKey::builder(&client, ARN).operation_timeout(Duration::from_mins(1)).build().unwrap();
    Calls::new(stub, Kms(client), source)
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

/// The call of the SDK that a mint makes.
#[derive(Clone, Debug)]
pub struct Kms(Client);

impl BareCall for Kms {
    async fn call(&self) {
        self.0
            .sign()
            .key_id(ARN)
            .message(Blob::new(Self::INPUT.sha256()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256)
            .send()
            .await
            .unwrap()
            .signature
            .unwrap();
    }
}
