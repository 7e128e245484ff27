use std::sync::Arc;

use cobrowse_jwt_aws_kms::{
    AwsKmsKey, AwsKmsKeyBuilder,
    aws_config::{self, BehaviorVersion},
};
use cobrowse_jwt_core::{KeySource, async_trait};
use url::{Host, Url};

use super::{KeyUriError, KeyUriScheme};

/// What follows `awskms:`, in the form of sigstore: `//` endpoint `/` key.
pub(super) struct AwsKmsUri;

#[async_trait]
impl KeyUriScheme for AwsKmsUri {
    async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
        Ok(Arc::new(builder(rest).await?.build()))
    }
}

pub(super) async fn builder(rest: &str) -> Result<AwsKmsKeyBuilder, KeyUriError> {
    let Location { endpoint, key_id } = Location::parse(rest)?;
    let mut config = aws_config::defaults(BehaviorVersion::latest());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(AwsKmsKey::builder_from_config(&config.load().await, key_id).await?)
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) endpoint: Option<String>,
    pub(super) key_id: String,
}

impl Location {
    pub(super) fn parse(rest: &str) -> Result<Self, KeyUriError> {
        let (host, key_id) = rest
            .strip_prefix("//")
            .and_then(|rest| rest.split_once('/'))
            .filter(|(host, key_id)| !key_id.is_empty() && *host != "alias" && !host.starts_with("arn:"))
            .ok_or(KeyUriError::MissingKmsKey)?;
        if key_id.contains(['?', '#']) {
            return Err(KeyUriError::InvalidEndpoint);
        }
        let endpoint = if host.is_empty() { None } else { Some(endpoint(host)?) };
        Ok(Self { endpoint, key_id: key_id.to_owned() })
    }
}

/// Credentials travel to the endpoint, so it is https, except on a loopback host.
fn endpoint(host: &str) -> Result<String, KeyUriError> {
    let url = Url::parse(&format!("https://{host}/")).map_err(|_| KeyUriError::InvalidEndpoint)?;
    // What was written must be what the parser reads, for another parser reads it again.
    let read = url.origin().ascii_serialization();
    if read.strip_prefix("https://") != Some(host.strip_suffix(":443").unwrap_or(host)) {
        return Err(KeyUriError::InvalidEndpoint);
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    Ok(format!("{}://{host}", if loopback { "http" } else { "https" }))
}
