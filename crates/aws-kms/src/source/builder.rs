use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_config::SdkConfig;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, future},
};
use aws_sdk_kms::{Client, config::timeout::TimeoutConfig};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey};
use tokio::time::{Instant, timeout};

use super::{
    AwsKmsKey, Inner, Owner, Target,
    freshness::{Pace, State},
    inside_of_a_runtime,
};
use crate::{
    entropy,
    error::{Failure, ServiceError},
    key::KmsKey,
    settings::{Clients, PATIENCE},
};

/// An [`AwsKmsKey`] in the making.
#[must_use = "a builder does nothing until `build` is called"]
pub struct AwsKmsKeyBuilder {
    target: Target,
    credentials: Option<SharedCredentialsProvider>,
    registered: Vec<PublicKey>,
    pace: Pace,
}

impl AwsKmsKeyBuilder {
    pub(super) fn new(client: &Client, key_id: String, credentials: Option<SharedCredentialsProvider>) -> Self {
        let target = Target { clients: Clients::derive(client, &key_id), key_id };
        Self { target, credentials, registered: Vec::new(), pace: Pace::default() }
    }

    pub(super) async fn from_config(config: &SdkConfig, key_id: String) -> Result<Self, KeyError> {
        inside_of_a_runtime()?;
        entropy::gather_aside().await;
        let credentials = config.credentials_provider().ok_or_else(|| {
            KeyError::new(KeyErrorKind::AccessDenied, "the AWS configuration has no credentials; give it a provider")
        })?;
        let first = load(&credentials).await?;
        let primed = Primed { first: Mutex::new(Some(first)), then: credentials.clone() };
        let client = aws_sdk_kms::config::Builder::from(config)
            .credentials_provider(primed)
            .timeout_config(wished(config.timeout_config()));
        Ok(Self::new(&Client::from_conf(client.build()), key_id, Some(credentials)))
    }

    /// Names the key whose public half stands in the Cobrowse dashboard; call it twice while the key changes over.
    ///
    /// Another key that the id leads to then never signs: the registered one goes on signing as long as it works, and a `tracing`
    /// warning reports it. With exactly one, the first token costs one round trip instead of two, because the key need not be
    /// looked at first. Name it on [`Minter`](cobrowse_jwt_core::MinterBuilder::expect_public_key) too.
    pub fn expect_public_key(mut self, key: PublicKey) -> Self {
        self.registered.push(key);
        self
    }

    /// When an alias is looked at again: in the background from `in_background` after the last look (5 minutes until set), and
    /// with the mint waiting for it from `waiting` after it (15 minutes until set; never before `in_background`).
    pub fn refresh(mut self, in_background: Duration, waiting: Duration) -> Self {
        // Beyond a century the sum with the time of now would overflow.
        const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);
        let refresh_after = in_background.min(LONGEST);
        self.pace = Pace { refresh_after, wait_after: waiting.min(LONGEST).max(refresh_after) };
        self
    }

    /// The source.
    ///
    /// The first random number of a process takes AWS-LC some 30 ms of computing. It is drawn here, so that no TLS handshake and no
    /// mint pays for it; [`AwsKmsKey::from_env`] and [`AwsKmsKey::builder_from_config`] have drawn it already, on a thread that may block.
    #[must_use]
    pub fn build(self) -> AwsKmsKey {
        entropy::gather();
        let target = Arc::new(self.target);
        AwsKmsKey(Arc::new_cyclic(|source| {
            let mut state = State::new(self.pace);
            if let [only] = self.registered.as_slice() {
                let owner = Owner { target: Arc::clone(&target), source: source.clone() };
                state.know(Arc::new(KmsKey::given(owner, only.clone())), &target.key_id, Instant::now());
            }
            Inner { target, registered: self.registered, credentials: self.credentials, state: Mutex::new(state) }
        }))
    }
}

impl fmt::Debug for AwsKmsKeyBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AwsKmsKeyBuilder")
            .field("registered", &self.registered)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

/// Asks the provider, for as long as a look may take.
pub(crate) async fn load(provider: &SharedCredentialsProvider) -> Result<Credentials, KeyError> {
    inside_of_a_runtime()?;
    match timeout(PATIENCE, provider.provide_credentials()).await {
        Ok(Ok(credentials)) => Ok(credentials),
        Ok(Err(error)) => Err(Failure::of_credentials(&error, ServiceError::of_cause(&error)).into()),
        Err(_) => Err(KeyError::new(
            KeyErrorKind::Unavailable,
            "the AWS credentials do not arrive in time; try again, and check the way to their provider",
        )),
    }
}

/// Hands out the credentials that were loaded first, so that no mint waits for them again.
struct Primed {
    first: Mutex<Option<Credentials>>,
    then: SharedCredentialsProvider,
}

impl ProvideCredentials for Primed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let soon = SystemTime::now() + PATIENCE;
        match first.filter(|first| first.expiry().is_none_or(|expiry| expiry > soon)) {
            Some(first) => future::ProvideCredentials::ready(Ok(first)),
            None => self.then.provide_credentials(),
        }
    }
}

impl fmt::Debug for Primed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Primed").field("then", &self.then).finish_non_exhaustive()
    }
}

/// The timeouts that somebody wished for: the loader sets a connect timeout of 3.1 seconds by itself.
fn wished(loaded: Option<&TimeoutConfig>) -> TimeoutConfig {
    const BY_THE_LOADER: Duration = Duration::from_millis(3_100);
    let mut wished = TimeoutConfig::builder();
    let Some(loaded) = loaded else { return wished.build() };
    if let Some(connect) = loaded.connect_timeout().filter(|&connect| connect != BY_THE_LOADER) {
        wished = wished.connect_timeout(connect);
    }
    if let Some(read) = loaded.read_timeout() {
        wished = wished.read_timeout(read);
    }
    if let Some(operation) = loaded.operation_timeout() {
        wished = wished.operation_timeout(operation);
    }
    if let Some(attempt) = loaded.operation_attempt_timeout() {
        wished = wished.operation_attempt_timeout(attempt);
    }
    wished.build()
}
