use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use aws_config::BehaviorVersion;
use aws_lc_rs::rand;
use aws_sdk_kms::{
    Client,
    config::{Builder, IdentityCache, timeout::TimeoutConfig},
};
use cobrowse_jwt_core::{KeyError, KeySource, SigningKey, async_trait};
use cobrowse_jwt_remote::{Preflight, RemoteKey, RemoteKeyBuilder, require_runtime};
use tokio::task::spawn_blocking;

use crate::{
    client::{CREDENTIALS_TIMEOUT, guarded},
    key_id::KeyId,
    service::Kms,
};

/// A key in AWS KMS: a [`KeySource`] whose private key never enters this process.
///
/// `key_id` is the id or ARN of a key, or the name (`alias/cobrowse`) or ARN of an alias. Cheap to clone; clones share the cache. Needs a
/// Tokio runtime with the I/O and time drivers (`enable_all`) while it is used.
///
/// ```no_run
/// use cobrowse_jwt_aws_kms::AwsKmsKey;
/// use cobrowse_jwt_core::{LicenseKey, Minter};
///
/// # async fn start() -> Result<Minter, Box<dyn std::error::Error>> {
/// let key = AwsKmsKey::from_env("alias/cobrowse").await?;
/// let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, key);
/// # Ok(minter) }
/// ```
#[derive(Clone, Debug)]
pub struct AwsKmsKey(RemoteKey<Kms>);

impl AwsKmsKey {
    /// Opens a key with the standard configuration of the AWS SDK (the `AWS_*` variables, profiles, web identity, containers, instance
    /// metadata), and connect and read timeouts of 1 second. Loads the credentials, for at most 20 seconds.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](cobrowse_jwt_core::KeyErrorKind::AccessDenied) if there are no credentials,
    /// [`Unavailable`](cobrowse_jwt_core::KeyErrorKind::Unavailable) if they cannot be fetched now, and the errors of
    /// [`AwsKmsKeyBuilder::build`].
    pub async fn from_env(key_id: impl Into<String>) -> Result<Self, KeyError> {
        Self::builder_from_env(key_id).await?.open().await
    }

    /// Returns a builder with the configuration of [`AwsKmsKey::from_env`], without loading the credentials.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](cobrowse_jwt_core::KeyErrorKind::InvalidKey) outside of a Tokio runtime.
    pub async fn builder_from_env(key_id: impl Into<String>) -> Result<AwsKmsKeyBuilder, KeyError> {
        seed_on_blocking_thread().await?;
        let identity_cache = IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build();
        let config = aws_config::defaults(BehaviorVersion::latest()).identity_cache(identity_cache).load().await;
        let second = Duration::from_secs(1);
        // Not in the loader, which would apply them to STS too.
        let timeouts = TimeoutConfig::builder().connect_timeout(second).read_timeout(second).build();
        let client = Client::from_conf(Builder::from(&config).timeout_config(timeouts).build());
        Ok(Self::builder(&client, key_id))
    }

    /// Opens a key with the given client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`AwsKmsKeyBuilder::build`].
    pub fn new(client: &Client, key_id: impl Into<String>) -> Result<Self, KeyError> {
        Self::builder(client, key_id).build()
    }

    /// Returns a builder for a key with the given client, whose timeouts, retries and credentials stay as they are.
    pub fn builder(client: &Client, key_id: impl Into<String>) -> AwsKmsKeyBuilder {
        AwsKmsKeyBuilder {
            client: client.clone(),
            key_id: key_id.into(),
            endpoint: None,
            allow_http: false,
            remote: RemoteKeyBuilder::default(),
        }
    }

    /// Loads the credentials, for at most 20 seconds, so that no mint waits for them.
    ///
    /// # Errors
    ///
    /// As [`AwsKmsKey::from_env`].
    pub async fn authenticate(&self) -> Result<(), KeyError> {
        self.0.authenticate().await
    }

    /// Loads the credentials, resolves the key, signs a fixed message and verifies the signature; for start-up and health checks.
    pub async fn preflight(&self) -> Preflight {
        self.0.preflight().await
    }
}

#[async_trait]
impl KeySource for AwsKmsKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.signing_key().await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.refresh().await
    }
}

/// Builder for [`AwsKmsKey`].
#[must_use = "a builder does nothing until `open` or `build` is called"]
pub struct AwsKmsKeyBuilder {
    client: Client,
    key_id: String,
    endpoint: Option<String>,
    allow_http: bool,
    remote: RemoteKeyBuilder<()>,
}

impl AwsKmsKeyBuilder {
    /// Sets the endpoint instead of the one of the client, for a VPC endpoint or an emulator.
    pub fn endpoint_url(self, url: impl Into<String>) -> Self {
        Self { endpoint: Some(url.into()), ..self }
    }

    /// Allows a plain http endpoint on another host, for an emulator; loopback is always allowed. Requests over plain http can be read and
    /// altered on their way.
    pub fn allow_http(self, allow: bool) -> Self {
        Self { allow_http: allow, ..self }
    }

    /// Sets the age from which an alias is resolved again in the background; 5 minutes by default.
    pub fn refresh_after(self, age: Duration) -> Self {
        Self { remote: self.remote.refresh_after(age), ..self }
    }

    /// Sets the age from which a mint waits until the alias is resolved again; 15 minutes by default.
    pub fn max_age(self, age: Duration) -> Self {
        Self { remote: self.remote.max_age(age), ..self }
    }

    /// Sets how long a mint waits for a lookup, and again for a signature; 3 seconds by default.
    pub fn operation_timeout(self, limit: Duration) -> Self {
        Self { remote: self.remote.operation_timeout(limit), ..self }
    }

    /// Limits how many signatures are in flight; unlimited by default.
    pub fn max_in_flight(self, signatures: NonZeroUsize) -> Self {
        Self { remote: self.remote.max_in_flight(signatures), ..self }
    }

    /// Opens the key and loads the credentials. Takes at most 20 seconds.
    ///
    /// # Errors
    ///
    /// As [`AwsKmsKeyBuilder::build`] and [`AwsKmsKey::authenticate`];
    /// [`InvalidKey`](cobrowse_jwt_core::KeyErrorKind::InvalidKey) outside of a Tokio runtime.
    pub async fn open(self) -> Result<AwsKmsKey, KeyError> {
        seed_on_blocking_thread().await?;
        let key = self.build()?;
        key.authenticate().await?;
        Ok(key)
    }

    /// Returns the key. Nothing is sent.
    ///
    /// The first key of a process computes for about 30 ms: AWS-LC collects entropy for its first random number, which would otherwise
    /// happen inside the first TLS handshake. [`AwsKmsKeyBuilder::open`] does this on a thread that may block.
    ///
    /// # Errors
    ///
    /// [`NotFound`](cobrowse_jwt_core::KeyErrorKind::NotFound) if the key id has other characters than `A-Z a-z 0-9 : / _ -`, or not 1 to
    /// 2,048 of them.
    pub fn build(self) -> Result<AwsKmsKey, KeyError> {
        seed_random_generator();
        let key_id = KeyId::new(self.key_id)?;
        let client = guarded(&self.client, &key_id, self.endpoint, self.allow_http);
        Ok(AwsKmsKey(self.remote.with_service(Kms { client, key_id }).build()))
    }
}

impl fmt::Debug for AwsKmsKeyBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AwsKmsKeyBuilder")
            .field("allow_http", &self.allow_http)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

/// Seeds the random generator on a thread that may block, because this computes for about 30 ms; see [`AwsKmsKeyBuilder::build`].
async fn seed_on_blocking_thread() -> Result<(), KeyError> {
    require_runtime()?;
    let _ = spawn_blocking(seed_random_generator).await;
    Ok(())
}

/// A failure is reported by whatever needs a random number next.
fn seed_random_generator() {
    let _ = rand::fill(&mut [0; 1]);
}
