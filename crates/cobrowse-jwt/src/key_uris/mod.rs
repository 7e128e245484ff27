//! One string names a key, in configuration and on the command line.

#[cfg(feature = "aws-kms")]
mod aws_kms;
#[cfg(feature = "env")]
mod env;
mod error;
#[cfg(feature = "pem")]
mod file;

use std::{collections::BTreeMap, fmt, sync::Arc};

use cobrowse_jwt_core::{KeySource, async_trait};

pub use error::KeyUriError;

/// Opens key sources by their URIs.
///
/// | URI | key | feature |
/// | --- | --- | --- |
/// | `/etc/cobrowse/key.pem`, `file:///etc/cobrowse/key.pem` | a PEM file | `pem` |
/// | `env:COBROWSE_PRIVATE_KEY` | a variable | `env` |
/// | `awskms:///alias/cobrowse`, `awskms:///<key id or ARN>` | AWS KMS | `aws-kms` |
/// | `awskms://host:port/<id>` | AWS KMS at this endpoint: by https, or by http on a loopback host | `aws-kms` |
///
/// A string that is none of these is never echoed in an error: people paste keys.
///
/// ```
/// use cobrowse_jwt::{KeyUriError, KeyUriRegistry};
///
/// # pollster::block_on(async {
/// let error = KeyUriRegistry::new().open("-----BEGIN PRIVATE KEY-----").await.unwrap_err();
/// assert!(matches!(error, KeyUriError::PastedKey));
/// # });
/// ```
#[derive(Clone)]
pub struct KeyUriRegistry {
    schemes: BTreeMap<String, Scheme>,
    /// How files are opened by the scheme of ours.
    #[cfg(feature = "pem")]
    file: file::File,
}

#[derive(Clone)]
enum Scheme {
    Open(Arc<dyn KeyUriScheme>),
    /// Known, but not in this build.
    #[cfg_attr(
        all(feature = "pem", feature = "env", feature = "aws-kms"),
        expect(dead_code, reason = "nothing is disabled")
    )]
    Disabled {
        feature: &'static str,
    },
}

/// Opens the keys of one scheme: what a third party implements to add its own.
#[async_trait]
pub trait KeyUriScheme: Send + Sync {
    /// Opens the key that this names: the URI without its scheme and the colon.
    ///
    /// # Errors
    ///
    /// A [`KeyUriError`], which does not contain the text.
    async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError>;
}

impl KeyUriRegistry {
    /// The schemes of the features that are turned on.
    #[must_use]
    pub fn new() -> Self {
        let mut schemes = BTreeMap::new();
        #[cfg(feature = "pem")]
        schemes.insert("file".to_owned(), Scheme::Open(Arc::new(file::File::default())));
        #[cfg(not(feature = "pem"))]
        schemes.insert("file".to_owned(), Scheme::Disabled { feature: "pem" });
        #[cfg(feature = "env")]
        schemes.insert("env".to_owned(), Scheme::Open(Arc::new(env::Env::default())));
        #[cfg(not(feature = "env"))]
        schemes.insert("env".to_owned(), Scheme::Disabled { feature: "env" });
        #[cfg(feature = "aws-kms")]
        schemes.insert("awskms".to_owned(), Scheme::Open(Arc::new(aws_kms::AwsKmsUri)));
        #[cfg(not(feature = "aws-kms"))]
        schemes.insert("awskms".to_owned(), Scheme::Disabled { feature: "aws-kms" });
        Self {
            schemes,
            #[cfg(feature = "pem")]
            file: file::File::default(),
        }
    }

    /// Adds a scheme, or replaces one, on this value alone.
    ///
    /// # Errors
    ///
    /// [`KeyUriError::InvalidScheme`] unless it is a scheme by RFC 3986, section 3.1, of at least two characters.
    pub fn with_scheme(mut self, scheme: &str, open: impl KeyUriScheme + 'static) -> Result<Self, KeyUriError> {
        let scheme = scheme_of(&format!("{scheme}:")).ok_or(KeyUriError::InvalidScheme)?;
        self.schemes.insert(scheme, Scheme::Open(Arc::new(open)));
        Ok(self)
    }

    /// Opens encrypted keys of `file:` and `env:` with this passphrase; that of an unencrypted key is not used.
    #[cfg(feature = "encrypted-pem")]
    #[must_use]
    pub fn with_passphrase(mut self, passphrase: cobrowse_jwt_pem::Passphrase) -> Self {
        #[cfg(feature = "env")]
        self.schemes
            .insert("env".to_owned(), Scheme::Open(Arc::new(env::Env { passphrase: Some(passphrase.clone()) })));
        self.file.passphrase = Some(passphrase);
        self.with_file()
    }

    /// Refuses key files that others than their owner may read, on Unix.
    #[cfg(feature = "pem")]
    #[must_use]
    pub fn strict_permissions(mut self) -> Self {
        self.file.strict_permissions = true;
        self.with_file()
    }

    #[cfg(feature = "pem")]
    fn with_file(mut self) -> Self {
        self.schemes.insert("file".to_owned(), Scheme::Open(Arc::new(self.file.clone())));
        self
    }

    /// The key source of an `awskms:` URI in the making, so that more can be said, and so that it can be asked for its
    /// [`preflight`](cobrowse_jwt_aws_kms::AwsKmsKey::preflight).
    ///
    /// # Errors
    ///
    /// A [`KeyUriError`], which does not contain the URI: [`KeyUriError::UnknownScheme`] unless it is of that scheme.
    #[cfg(feature = "aws-kms")]
    pub async fn aws_kms_builder(uri: &str) -> Result<cobrowse_jwt_aws_kms::AwsKmsKeyBuilder, KeyUriError> {
        match (scheme_of(uri).as_deref(), uri.split_once(':')) {
            (Some("awskms"), Some((_, rest))) => aws_kms::builder(rest).await,
            _ => Err(KeyUriError::UnknownScheme),
        }
    }

    /// Opens the key that the URI or path names.
    ///
    /// # Errors
    ///
    /// A [`KeyUriError`], which does not contain the URI.
    pub async fn open(&self, uri: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
        if uri.contains("-----BEGIN ") || uri.contains("PRIVATE KEY") {
            return Err(KeyUriError::PastedKey);
        }
        if uri.trim().is_empty() {
            return Err(KeyUriError::Empty);
        }
        let (scheme, rest) = match (scheme_of(uri), uri.split_once(':')) {
            (Some(scheme), Some((_, rest))) => (scheme, rest),
            _ => ("file".to_owned(), uri),
        };
        match self.schemes.get(&scheme) {
            Some(Scheme::Open(open)) => open.open(rest).await,
            Some(Scheme::Disabled { feature }) => Err(KeyUriError::FeatureDisabled { feature }),
            None if scheme == "pkcs11" => Err(KeyUriError::NoPkcs11),
            None => Err(KeyUriError::UnknownScheme),
        }
    }
}

impl Default for KeyUriRegistry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeyUriRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyUriRegistry").field("schemes", &self.schemes.keys()).finish_non_exhaustive()
    }
}

/// The scheme in lower case. One letter before a colon is a drive, and a path may have a colon after its first slash.
fn scheme_of(uri: &str) -> Option<String> {
    let (scheme, _) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let valid = scheme.len() > 1
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    valid.then(|| scheme.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
