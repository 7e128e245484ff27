//! Shared helpers: a client for the fault server, and a verifier.
#![allow(dead_code, reason = "each test program uses a part")]

use std::time::Duration;

use cobrowse_jwt_aws_kms::aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig},
};
use cobrowse_jwt_core::{AgentToken, PublicKey, Verifier};
use cobrowse_jwt_fault_server::license_key;

pub(crate) fn kms_client(endpoint: &str) -> Client {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "a-secret-access-key", None, None, "the tests");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(Region::new("eu-central-1"))
        // By default, the random delays before the two retries, up to 1 and 2 seconds, could exceed the deadline.
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(100)))
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}

pub(crate) fn assert_verifies(token: &AgentToken, key: PublicKey) {
    Verifier::new(license_key(), key).verify(token.expose_secret()).unwrap();
}
