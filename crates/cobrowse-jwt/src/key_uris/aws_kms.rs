use std::sync::Arc;

use cobrowse_jwt_aws_kms::{AwsKmsKey, AwsKmsKeyBuilder};
use cobrowse_jwt_core::{Instance, KeySource, async_trait};

use super::{KeyUriError, KeyUriScheme};

/// What follows `awskms:`, in the form of sigstore: `//` endpoint `/` key.
pub(super) struct AwsKmsUri;

#[async_trait]
impl KeyUriScheme for AwsKmsUri {
    async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
        let key = builder(rest).await?.build()?;
        key.authenticate().await?;
        Ok(Arc::new(key))
    }
}

pub(super) async fn builder(rest: &str) -> Result<AwsKmsKeyBuilder, KeyUriError> {
    let Location { endpoint, key_id } = Location::parse(rest)?;
    let builder = AwsKmsKey::builder_from_env(key_id).await?;
    Ok(match endpoint {
        Some(endpoint) => builder.endpoint_url(endpoint),
        None => builder,
    })
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

/// Credentials are sent to the endpoint, so it is https, except on a loopback host: the rule of an [`Instance`].
fn endpoint(host: &str) -> Result<String, KeyUriError> {
    let origin = |scheme| Instance::new(&format!("{scheme}://{host}"));
    let https = origin("https").map_err(|_| KeyUriError::InvalidEndpoint)?;
    // The SDK parses the text again, so it must be in normal form.
    if https.origin().strip_prefix("https://") != Some(host.strip_suffix(":443").unwrap_or(host)) {
        return Err(KeyUriError::InvalidEndpoint);
    }
    let scheme = if origin("http").is_ok() { "http" } else { "https" };
    Ok(format!("{scheme}://{host}"))
}
