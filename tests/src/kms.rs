use std::{
    collections::HashMap,
    sync::{self, Arc, LazyLock},
    time::Duration,
};

use aws_lc_rs::{
    key_wrap::{AES_256, AesKek, KeyWrapPadded as _},
    rand,
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey},
};
use cobrowse_jwt::aws_kms::{
    AwsKmsKey, AwsKmsKeyBuilder,
    aws_sdk_kms::{
        Client,
        config::{BehaviorVersion, Config, Credentials, Region},
        operation::create_key::builders::CreateKeyFluentBuilder,
        primitives::Blob,
        types::{AlgorithmSpec, ExpirationModelType, KeySpec, KeyUsageType, OriginType, WrappingKeySpec},
    },
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Returns a client of an emulator or another server for the protocol of KMS.
#[must_use]
pub fn kms_client(endpoint: &str) -> Client {
    kms_client_in(endpoint, "eu-central-1")
}

/// Returns the same client in another Region.
#[must_use]
pub fn kms_client_in(endpoint: &str, region: &str) -> Client {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "a-secret-access-key", None, None, "the tests");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}

/// An emulator of AWS KMS that `cargo xtask test` has started. One test of a program uses it at a time: an emulator stops answering
/// while it generates a key, so that a signature for another test would miss its deadline.
#[derive(Clone, Debug)]
pub struct Emulator {
    /// Its endpoint.
    pub url: String,
    /// A client for it.
    pub client: Client,
    _turn: Arc<OwnedMutexGuard<()>>,
}

impl Emulator {
    /// Waits until no other test of this program uses the emulator whose URL is in this variable, and returns it.
    pub async fn from_env(variable: &str) -> Self {
        static TURNS: LazyLock<sync::Mutex<HashMap<String, Arc<Mutex<()>>>>> = LazyLock::new(sync::Mutex::default);

        let url = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} is not set; run `cargo xtask test`, or `cargo xtask services up` first")
        });
        let turn = Arc::clone(TURNS.lock().unwrap().entry(variable.to_owned()).or_default());
        Self { client: kms_client(&url), url, _turn: Arc::new(turn.lock_owned().await) }
    }

    /// Returns a builder for the key with this id. Its deadline is long, for a busy machine.
    pub fn key(&self, key_id: &str) -> AwsKmsKeyBuilder {
        AwsKmsKey::builder(&self.client, key_id).operation_timeout(Duration::from_mins(1))
    }

    /// Creates a key and returns its ARN.
    pub async fn create(&self, with: impl FnOnce(CreateKeyFluentBuilder) -> CreateKeyFluentBuilder) -> String {
        let created = with(self.client.create_key()).send().await.unwrap();
        created.key_metadata.unwrap().arn.unwrap()
    }

    /// Creates a key for RS256 and returns its ARN.
    pub async fn create_rsa(&self, spec: KeySpec) -> String {
        self.create(|key| key.key_spec(spec).key_usage(KeyUsageType::SignVerify)).await
    }

    /// Creates or moves an alias to this key.
    pub async fn point(&self, alias: &str, arn: &str) {
        // LocalStack accepts an ARN here, and then does not find the key of the alias.
        let id = arn.rsplit('/').next().unwrap();
        let moved = self.client.update_alias().alias_name(alias).target_key_id(id).send().await;
        if moved.is_err() {
            self.client.create_alias().alias_name(alias).target_key_id(id).send().await.unwrap();
        }
    }

    /// Imports a private key in PKCS#8 DER and returns its ARN.
    pub async fn import(&self, pkcs8: &[u8]) -> String {
        let external = |key: CreateKeyFluentBuilder| {
            key.key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify).origin(OriginType::External)
        };
        let arn = self.create(external).await;
        let parameters = self
            .client
            .get_parameters_for_import()
            .key_id(&arn)
            .wrapping_algorithm(AlgorithmSpec::RsaAesKeyWrapSha256)
            .wrapping_key_spec(WrappingKeySpec::Rsa2048)
            .send()
            .await
            .unwrap();
        let wrapped = wrap(pkcs8, parameters.public_key.unwrap().as_ref());
        self.client
            .import_key_material()
            .key_id(&arn)
            .import_token(parameters.import_token.unwrap())
            .encrypted_key_material(Blob::new(wrapped))
            .expiration_model(ExpirationModelType::KeyMaterialDoesNotExpire)
            .send()
            .await
            .unwrap();
        arn
    }
}

/// Wraps key material as `RSA_AES_KEY_WRAP_SHA_256`: a new AES key with RSAES-OAEP, and the material with that key (RFC 5649).
pub(crate) fn wrap(material: &[u8], wrapping_key: &[u8]) -> Vec<u8> {
    let mut aes = [0; 32];
    rand::fill(&mut aes).unwrap();
    let rsa = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(wrapping_key).unwrap()).unwrap();
    let mut wrapped_aes = vec![0; rsa.ciphertext_size()];
    rsa.encrypt(&OAEP_SHA256_MGF1SHA256, &aes, &mut wrapped_aes, None).unwrap();
    let mut wrapped = vec![0; material.len() + 15];
    let wrapped = AesKek::new(&AES_256, &aes).unwrap().wrap_with_padding(material, &mut wrapped).unwrap().to_vec();
    [wrapped_aes, wrapped].concat()
}
