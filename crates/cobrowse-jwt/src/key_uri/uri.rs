use std::{fmt, path::PathBuf, str::FromStr};

use cobrowse_jwt_core::Instance;
#[cfg(feature = "pkcs11")]
use cobrowse_jwt_pkcs11::{Pkcs11Key, Pkcs11KeyBuilder};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, de};

use super::KeyUriError;

/// The name of a key: a URI or the path of a file.
///
/// | URI | key | feature |
/// | --- | --- | --- |
/// | `/etc/cobrowse/key.pem`, `file:///etc/cobrowse/key.pem` | a PEM file | `pem` |
/// | `env:COBROWSE_PRIVATE_KEY` | an environment variable | `env` |
/// | `awskms:///alias/cobrowse`, `awskms:///<key id or ARN>` | AWS KMS | `aws-kms` |
/// | `awskms://host:port/<id>` | AWS KMS at this endpoint, over https, or over http on a loopback host | `aws-kms` |
/// | `hashivault://cobrowse` | a transit key in HashiCorp Vault or OpenBao, at `VAULT_ADDR` | `vault` |
/// | `pkcs11:token=<label>;object=<label>?module-path=<path>&pin-source=file:<path>` | an HSM or a TPM (RFC 7512) | `pkcs11` |
///
/// Parsing opens nothing; [`KeyUriRegistry::open`](crate::KeyUriRegistry::open) does. A private key or a PIN in place of a name or inside a
/// URI is refused. `Debug` shows only the scheme, because a URI can contain an ARN or a pasted key.
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

/// Where the key of a [`KeyUri`] is. `Debug` shows only the variant.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLocation {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// AWS KMS.
    AwsKms {
        /// The origin of the endpoint, if the URI has one.
        endpoint: Option<String>,
        /// A key id, a key ARN, an alias or an alias ARN.
        key_id: String,
    },
    /// HashiCorp Vault or OpenBao.
    Vault {
        /// The name of a transit key.
        name: String,
    },
    /// A PKCS#11 token. The feature `pkcs11` parses the attributes.
    Pkcs11,
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
            return Err(KeyUriError::invalid("key URI is empty", KeyUriError::SCHEMES));
        }
        // The names that AWS displays. A folder `alias` can be written as `./alias`.
        if text.starts_with("arn:") || text.starts_with("alias/") {
            return Err(KeyUriError::invalid(
                "key URI has no scheme",
                "for a key in AWS KMS write awskms:/// before it, as in awskms:///alias/x",
            ));
        }
        let Some((scheme, rest)) = split_scheme(text) else {
            // In a path, `//` and `%` have no special meaning.
            let location = KeyLocation::File(PathBuf::from(text));
            return Ok(Self { scheme: "file".to_owned(), rest: text.to_owned(), location });
        };
        let location = match scheme.as_str() {
            "file" => KeyLocation::File(file_path(rest)?),
            "env" => KeyLocation::Env(variable(rest)?),
            "awskms" => aws_kms(rest)?,
            "hashivault" => vault(rest)?,
            _ if rest.to_ascii_lowercase().contains("pin-value") => return Err(KeyUriError::PinInUri),
            "pkcs11" => pkcs11(text)?,
            _ => KeyLocation::Other,
        };
        Ok(Self { scheme, rest: rest.to_owned(), location })
    }
}

impl<'de> Deserialize<'de> for KeyUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = KeyUri;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key URI")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyUri, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

impl fmt::Debug for KeyUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What precedes the colon of a pasted secret is not a scheme.
        let scheme = if self.location == KeyLocation::Other { "<other>" } else { &self.scheme };
        formatter.debug_struct("KeyUri").field("scheme", &scheme).finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File(_) => "File(..)",
            Self::Env(_) => "Env(..)",
            Self::AwsKms { .. } => "AwsKms { .. }",
            Self::Vault { .. } => "Vault { .. }",
            Self::Pkcs11 => "Pkcs11",
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

/// Parses what follows `file:`. After `//`, it is a URI (RFC 8089) with an empty host or `localhost`, and with percent escapes. Otherwise
/// it is a plain path.
fn file_path(rest: &str) -> Result<PathBuf, KeyUriError> {
    const INVALID: KeyUriError = KeyUriError::invalid("file: URI is not a local path", "use file:///path/to/key.pem");
    let Some(authority) = rest.strip_prefix("//") else {
        return if rest.is_empty() { Err(INVALID) } else { Ok(PathBuf::from(rest)) };
    };
    let (host, path) = authority.split_at(authority.find('/').ok_or(INVALID)?);
    if !matches!(host, "" | "localhost") || path.contains(['?', '#']) {
        return Err(INVALID);
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| INVALID)?;
    // `file:///C:/key.pem`
    let drive = path.strip_prefix('/').filter(|rest| cfg!(windows) && rest.get(1..2) == Some(":"));
    let path = drive.unwrap_or(&path);
    if path.contains('\0') { Err(INVALID) } else { Ok(PathBuf::from(path)) }
}

fn variable(rest: &str) -> Result<String, KeyUriError> {
    let is_name = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        Ok(rest.to_owned())
    } else {
        Err(KeyUriError::invalid("invalid variable name", "use env: and a name of letters, digits and underscores"))
    }
}

/// Parses sigstore's form: `//` endpoint `/` key.
fn aws_kms(rest: &str) -> Result<KeyLocation, KeyUriError> {
    const MISSING_KEY_ID: KeyUriError = KeyUriError::invalid(
        "awskms: URI has no key id",
        "use three slashes, as in awskms:///alias/name, or awskms://host:port/key for an endpoint",
    );
    let (host, key_id) = rest
        .strip_prefix("//")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(host, key_id)| !key_id.is_empty() && *host != "alias" && !host.starts_with("arn:"))
        .ok_or(MISSING_KEY_ID)?;
    if key_id.contains(['?', '#']) {
        return Err(INVALID_ENDPOINT);
    }
    let endpoint = if host.is_empty() { None } else { Some(endpoint(host)?) };
    Ok(KeyLocation::AwsKms { endpoint, key_id: key_id.to_owned() })
}

/// Parses sigstore's form: `//` name.
fn vault(rest: &str) -> Result<KeyLocation, KeyUriError> {
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    let name = rest.strip_prefix("//").filter(is_name).ok_or(KeyUriError::invalid(
        "hashivault: URI has no valid key name",
        "use hashivault://name, and TRANSIT_SECRET_ENGINE_PATH for another mount path than transit",
    ))?;
    Ok(KeyLocation::Vault { name: name.to_owned() })
}

#[cfg(feature = "pkcs11")]
fn pkcs11(uri: &str) -> Result<KeyLocation, KeyUriError> {
    let built = Pkcs11Key::builder_from_uri(uri).and_then(Pkcs11KeyBuilder::build);
    built.map(|_| KeyLocation::Pkcs11).map_err(|error| KeyUriError::Invalid {
        message: error.to_string().into(),
        hint: error.hint().unwrap_or_default(),
    })
}

#[cfg(not(feature = "pkcs11"))]
#[expect(clippy::unnecessary_wraps, reason = "the feature parses the URI")]
fn pkcs11(_: &str) -> Result<KeyLocation, KeyUriError> {
    Ok(KeyLocation::Pkcs11)
}

const INVALID_ENDPOINT: KeyUriError = KeyUriError::invalid(
    "invalid endpoint in awskms: URI",
    "use awskms://host:port/key or awskms://host.domain/key, without credentials and query",
);

/// Returns an https origin, or an http origin for a loopback host: the rule of an [`Instance`], because credentials are sent to it.
fn endpoint(host: &str) -> Result<String, KeyUriError> {
    // Without this check, the first part of a pasted secret with a slash would reach DNS.
    if host != "localhost" && !host.contains(['.', ':']) {
        return Err(INVALID_ENDPOINT);
    }
    let origin = |scheme| Instance::new(&format!("{scheme}://{host}"));
    let https = origin("https").map_err(|_| INVALID_ENDPOINT)?;
    // The SDK parses the text again, so it must be in normal form.
    if https.origin().strip_prefix("https://") != Some(host.strip_suffix(":443").unwrap_or(host)) {
        return Err(INVALID_ENDPOINT);
    }
    let scheme = if origin("http").is_ok() { "http" } else { "https" };
    Ok(format!("{scheme}://{host}"))
}
