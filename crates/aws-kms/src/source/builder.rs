use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_kms::{Client, config::timeout::TimeoutConfig};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey};
use tokio::time::{Instant, timeout};

use super::{
    AwsKms, Inner, Owner, Target,
    freshness::{Pace, State},
};
use crate::{
    error::{Failure, ServiceError},
    key::KmsKey,
    settings::{Clients, PATIENCE},
};

/// An [`AwsKms`] in the making.
#[must_use = "a builder does nothing until `build` is called"]
pub struct AwsKmsBuilder {
    target: Target,
    credentials: Option<SharedCredentialsProvider>,
    registered: Vec<PublicKey>,
    pace: Pace,
}

impl AwsKmsBuilder {
    pub(super) fn new(client: &Client, key_id: String, credentials: Option<SharedCredentialsProvider>) -> Self {
        let target = Target { clients: Clients::derive(client, &key_id), key_id };
        Self { target, credentials, registered: Vec::new(), pace: Pace::default() }
    }

    pub(super) async fn from_config(config: &SdkConfig, key_id: String) -> Result<Self, KeyError> {
        let credentials = config.credentials_provider().ok_or_else(|| {
            KeyError::new(KeyErrorKind::AccessDenied, "the AWS configuration has no credentials; give it a provider")
        })?;
        match timeout(PATIENCE, credentials.provide_credentials()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(Failure::of_credentials(&error, ServiceError::of_cause(&error)).into()),
            Err(_) => {
                return Err(KeyError::new(
                    KeyErrorKind::Unavailable,
                    "the AWS credentials do not arrive in time; try again, and check the way to their provider",
                ));
            }
        }
        // The loader sets a connect timeout of its own, which is nobody's wish.
        let ours = aws_sdk_kms::config::Builder::from(config).timeout_config(TimeoutConfig::builder().build());
        Ok(Self::new(&Client::from_conf(ours.build()), key_id, Some(credentials)))
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
        self.pace = Pace { refresh_after: in_background, wait_after: waiting.max(in_background) };
        self
    }

    /// The source.
    #[must_use]
    pub fn build(self) -> AwsKms {
        let target = Arc::new(self.target);
        AwsKms(Arc::new_cyclic(|source| {
            let mut state = State::new(self.pace);
            if let [only] = self.registered.as_slice() {
                let owner = Owner { target: Arc::clone(&target), source: source.clone() };
                state.know(Arc::new(KmsKey::given(owner, only.clone())), &target.key_id, Instant::now());
            }
            Inner { target, registered: self.registered, credentials: self.credentials, state: Mutex::new(state) }
        }))
    }
}

impl fmt::Debug for AwsKmsBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AwsKmsBuilder")
            .field("registered", &self.registered)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
