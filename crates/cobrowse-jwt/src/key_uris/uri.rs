use std::{fmt, path::PathBuf, str::FromStr};

use cobrowse_jwt_core::Instance;
use percent_encoding::percent_decode_str;

use super::KeyUriError;

/// The name of a key: a URI or the path of a file.
///
/// | URI | key | feature |
/// | --- | --- | --- |
/// | `/etc/cobrowse/key.pem`, `file:///etc/cobrowse/key.pem` | a PEM file | `pem` |
/// | `env:COBROWSE_PRIVATE_KEY` | an environment variable | `env` |
/// | `awskms:///alias/cobrowse`, `awskms:///<key id or ARN>` | AWS KMS | `aws-kms` |
/// | `awskms://host:port/<id>` | AWS KMS at this endpoint, over https, or over http on a loopback host | `aws-kms` |
///
/// `Debug` shows the scheme only: a URI can contain an ARN, and people paste keys.
///
/// ```
/// use cobrowse_jwt::{KeyUri, KeyUriError};
///
/// let uri: KeyUri = "env:COBROWSE_PRIVATE_KEY".parse()?;
/// assert_eq!(uri.scheme(), "env");
/// assert!(matches!("-----BEGIN PRIVATE KEY-----".parse::<KeyUri>(), Err(KeyUriError::PrivateKeyInUri)));
/// # Ok::<(), KeyUriError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyUri {
    scheme: String,
    rest: String,
    location: KeyLocation,
}

/// Where the key of a [`KeyUri`] is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLocation {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// AWS KMS.
    AwsKms {
        /// The origin of the endpoint, if it is not the one of the AWS configuration.
        endpoint: Option<String>,
        /// A key id, a key ARN, an alias or an alias ARN.
        key_id: String,
    },
    /// A scheme of a third party; see [`KeyUriScheme`](super::KeyUriScheme).
    Other,
}

impl KeyUri {
    /// Returns the scheme in lower case; `file` for a path.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns where the key is.
    #[must_use]
    pub const fn location(&self) -> &KeyLocation {
        &self.location
    }

    /// Returns what follows the scheme and its colon.
    pub(super) fn rest(&self) -> &str {
        &self.rest
    }
}

impl FromStr for KeyUri {
    type Err = KeyUriError;

    fn from_str(text: &str) -> Result<Self, KeyUriError> {
        if text.contains("-----BEGIN ") || text.contains("PRIVATE KEY") {
            return Err(KeyUriError::PrivateKeyInUri);
        }
        if text.trim().is_empty() {
            return Err(KeyUriError::Empty);
        }
        let (scheme, rest) = split_scheme(text).unwrap_or_else(|| ("file".to_owned(), text));
        let location = match scheme.as_str() {
            "file" => KeyLocation::File(file_path(rest)?),
            "env" => KeyLocation::Env(variable(rest)?),
            "awskms" => aws_kms(rest)?,
            _ => KeyLocation::Other,
        };
        Ok(Self { scheme, rest: rest.to_owned(), location })
    }
}

impl fmt::Debug for KeyUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyUri").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File(_) => "File(..)",
            Self::Env(_) => "Env(..)",
            Self::AwsKms { .. } => "AwsKms { .. }",
            Self::Other => "Other",
        })
    }
}

/// Splits off the scheme, in lower case. One letter before a colon is a drive, and a path may contain a colon after its first slash.
pub(super) fn split_scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let is_scheme = scheme.len() > 1
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// Two slashes make it a URI (RFC 8089), with an empty host or `localhost` and percent escapes.
fn file_path(rest: &str) -> Result<PathBuf, KeyUriError> {
    let Some(authority) = rest.strip_prefix("//") else { return Ok(PathBuf::from(rest)) };
    let (host, path) = authority.split_at(authority.find('/').ok_or(KeyUriError::InvalidFile)?);
    if !matches!(host, "" | "localhost") || path.contains(['?', '#']) {
        return Err(KeyUriError::InvalidFile);
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| KeyUriError::InvalidFile)?;
    // `file:///C:/key.pem`
    let drive = path.strip_prefix('/').filter(|rest| cfg!(windows) && rest.get(1..2) == Some(":"));
    let path = drive.unwrap_or(&path);
    if path.contains('\0') { Err(KeyUriError::InvalidFile) } else { Ok(PathBuf::from(path)) }
}

fn variable(rest: &str) -> Result<String, KeyUriError> {
    let is_name = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { Ok(rest.to_owned()) } else { Err(KeyUriError::InvalidVariable) }
}

/// The form of sigstore: `//` endpoint `/` key.
fn aws_kms(rest: &str) -> Result<KeyLocation, KeyUriError> {
    let (host, key_id) = rest
        .strip_prefix("//")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(host, key_id)| !key_id.is_empty() && *host != "alias" && !host.starts_with("arn:"))
        .ok_or(KeyUriError::MissingKeyId)?;
    if key_id.contains(['?', '#']) {
        return Err(KeyUriError::InvalidEndpoint);
    }
    let endpoint = if host.is_empty() { None } else { Some(endpoint(host)?) };
    Ok(KeyLocation::AwsKms { endpoint, key_id: key_id.to_owned() })
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
