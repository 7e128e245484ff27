use cobrowse_jwt::aws_kms::aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
};

/// A client of an emulator, or of anything that speaks KMS's protocol.
#[must_use]
pub fn kms_client(endpoint: &str) -> Client {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "a-secret-access-key", None, None, "the tests");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(Region::new("eu-central-1"))
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}
