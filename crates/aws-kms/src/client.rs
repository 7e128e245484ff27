use std::time::Duration;

use aws_sdk_kms::{
    Client,
    config::{
        ConfigBag, IdentityCache, Intercept, Region, RuntimeComponents, SharedInterceptor,
        StalledStreamProtectionConfig,
        interceptors::{
            BeforeDeserializationInterceptorContextMut, BeforeSerializationInterceptorContextRef,
            BeforeTransmitInterceptorContextRef,
        },
    },
    error::BoxError,
};
use aws_smithy_types::body::SdkBody;
use aws_types::{endpoint_config::EndpointUrl, region::SigningRegion};
use cobrowse_jwt_core::Instance;
use http::Uri;
use http_body_util::Limited;

use crate::{error::InsecureEndpoint, key_id::KeyId};

/// How long credentials may take to arrive: as long as a lookup of the engine.
pub(crate) const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns a client with the settings of the given one, which refuses plain http and large responses and sends an ARN to its Region.
pub(crate) fn guarded(client: &Client, key_id: &KeyId, endpoint: Option<String>, allow_http: bool) -> Client {
    let config = client.config();
    let mut builder = config.to_builder();
    if config.identity_cache().is_none() {
        builder = builder.identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build());
    }
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    // This protection wraps both bodies of each request and starts timers. The deadlines of the engine already end stalled calls.
    builder = builder.stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    // The SDK calls each interceptor some twenty times per request. A permanent one spares the check whether it is disabled.
    builder.push_interceptor(SharedInterceptor::permanent(Guard { allow_http }));
    if let Some(region) = key_id.region().filter(|region| config.region() != Some(region)) {
        builder.push_interceptor(SharedInterceptor::permanent(RegionOfArn(region)));
    }
    Client::from_conf(builder.build())
}

/// Refuses to send a request over plain http, except to loopback, and to read more than 64 KiB of a response.
#[derive(Debug)]
struct Guard {
    allow_http: bool,
}

impl Guard {
    /// More than any response of KMS.
    const RESPONSE_LIMIT: usize = 64 * 1024;
}

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.allow_http || is_https_or_loopback(context.request().uri()) {
            return Ok(());
        }
        Err(InsecureEndpoint.into())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let body = Limited::new(response.take_body(), Self::RESPONSE_LIMIT);
        *response.body_mut() = SdkBody::from_body_1_x(body);
        Ok(())
    }
}

fn is_https_or_loopback(uri: &str) -> bool {
    let Ok(uri) = uri.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    // `Instance` allows plain http only to loopback.
    scheme == "https" || Instance::new(&format!("{scheme}://{authority}")).is_ok()
}

/// Sends a key's ARN to its Region, unless an endpoint is set. Only the configuration of the operation shows whether one is set.
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
