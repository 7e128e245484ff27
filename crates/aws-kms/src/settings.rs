//! What a client gets where its owner has left it unset.

use std::time::Duration;

use aws_sdk_kms::{
    Client,
    config::{
        ConfigBag, IdentityCache, Intercept, Region, RuntimeComponents, SharedInterceptor,
        interceptors::{BeforeDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef},
        timeout::TimeoutConfig,
    },
    error::BoxError,
};
use aws_types::{endpoint_config::EndpointUrl, region::SigningRegion};

/// How long a mint waits for one operation. The SDK sets no read, attempt or operation timeout by itself.
pub(crate) const DEADLINE: Duration = Duration::from_secs(3);

/// How long a look at the key goes on when nobody waits for it any more: the SDK resolves credentials inside the attempt, and a
/// deadline that cancelled a slow STS would cancel it for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Two clients of one configuration, which share connections and credentials.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    /// Ends within the deadline.
    pub(crate) prompt: Client,
    /// Ends later, so that slow credentials arrive at last.
    pub(crate) patient: Client,
}

impl Clients {
    pub(crate) fn derive(given: &Client, key_id: &str) -> Self {
        let config = given.config();
        let mut builder = config.to_builder();
        if config.identity_cache().is_none() {
            // Otherwise each of the two clients would resolve credentials for itself.
            builder = builder.identity_cache(IdentityCache::lazy().load_timeout(PATIENCE).build());
        }
        // The SDK comes by each interceptor some twenty times a call. It looks up every time whether one is disabled, unless it is
        // permanent; one that would change nothing is left out.
        builder.push_interceptor(SharedInterceptor::permanent(SmallAnswers));
        if let Some(region) = region_of(key_id).filter(|region| config.region() != Some(region)) {
            builder.push_interceptor(SharedInterceptor::permanent(RegionOfArn(region)));
        }
        let client = |operation_timeout| {
            let ours = TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .read_timeout(Duration::from_secs(1))
                .operation_timeout(operation_timeout);
            let timeouts = match config.timeout_config() {
                Some(theirs) => theirs.to_builder().take_unset_from(ours),
                None => ours,
            };
            Client::from_conf(builder.clone().timeout_config(timeouts.build()).build())
        };
        Self { prompt: client(DEADLINE), patient: client(PATIENCE) }
    }
}

/// Refuses an answer before its body is read if it is larger than any of KMS's: reading JSON cannot be interrupted, so a large body
/// would outlast every deadline.
#[derive(Debug)]
struct SmallAnswers;

impl SmallAnswers {
    const LIMIT: u64 = 64 * 1024;
}

impl Intercept for SmallAnswers {
    fn name(&self) -> &'static str {
        "SmallAnswers"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let length = context.response().headers().get("content-length").and_then(|length| length.parse().ok());
        if length.is_some_and(|length: u64| length > Self::LIMIT) {
            return Err("the answer is larger than 64 KiB".into());
        }
        Ok(())
    }
}

/// `arn:partition:kms:region:account:...`
fn region_of(key_id: &str) -> Option<Region> {
    let mut parts = key_id.split(':');
    let is_arn = parts.next() == Some("arn") && parts.nth(1) == Some("kms");
    let region = parts.next().filter(|region| is_arn && !region.is_empty())?;
    Some(Region::new(region.to_owned()))
}

/// Sends a key's ARN to the Region in it, unless an endpoint was set. Only an operation's own configuration tells whether one was.
#[derive(Debug)]
struct RegionOfArn(Region);

impl Intercept for RegionOfArn {
    fn name(&self) -> &'static str {
        "RegionOfArn"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<EndpointUrl>().is_none() {
            config.interceptor_state().store_put(self.0.clone());
            config.interceptor_state().store_put(SigningRegion::from(self.0.clone()));
        }
        Ok(())
    }
}
