use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    sync::Arc,
};

#[cfg(any(feature = "env", feature = "pem"))]
use cobrowse_jwt_core::KeyError;
use cobrowse_jwt_core::{KeySource, async_trait};

use super::{KeyLocation, KeyUri, KeyUriError, uri::split_scheme};

/// Opens the keys that key URIs name, with options for the schemes of this crate.
///
/// A registered scheme replaces the scheme of this crate with the same name, and the options do not apply to it.
///
/// ```no_run
/// use cobrowse_jwt::KeyUriRegistry;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let source = KeyUriRegistry::new().open(&"env:COBROWSE_PRIVATE_KEY".parse()?).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct KeyUriRegistry {
    schemes: BTreeMap<String, Arc<dyn KeyUriScheme>>,
    #[cfg(feature = "pem")]
    strict_permissions: bool,
    #[cfg(feature = "pem")]
    allow_foreign_owner: bool,
    #[cfg(feature = "encrypted-pem")]
    passphrase: Option<cobrowse_jwt_pem::Passphrase>,
    #[cfg(any(feature = "aws-kms", feature = "vault"))]
    allow_http: bool,
}

/// Opens the keys of one scheme. Implement it to add a scheme.
#[async_trait]
pub trait KeyUriScheme: Send + Sync {
    /// Opens the key with this name, which is the URI without its scheme and the colon.
    ///
    /// # Errors
    ///
    /// [`KeyUriError::Invalid`] and [`KeyUriError::Key`]; neither may contain the name.
    async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError>;
}

impl KeyUriRegistry {
    /// Returns a registry with the schemes of the enabled features.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a scheme.
    ///
    /// # Errors
    ///
    /// [`KeyUriError::InvalidScheme`] unless it is a scheme (RFC 3986, section 3.1) of two or more characters, and
    /// [`KeyUriError::DuplicateScheme`] if it is already registered.
    pub fn scheme(mut self, scheme: &str, opener: impl KeyUriScheme + 'static) -> Result<Self, KeyUriError> {
        let text = format!("{scheme}:");
        let (scheme, _) = split_scheme(&text).filter(|(_, rest)| rest.is_empty()).ok_or(KeyUriError::InvalidScheme)?;
        match self.schemes.entry(scheme) {
            Entry::Vacant(entry) => entry.insert(Arc::new(opener)),
            Entry::Occupied(_) => return Err(KeyUriError::DuplicateScheme),
        };
        Ok(self)
    }

    /// Sets the passphrase of encrypted keys in files and variables. An unencrypted key ignores it.
    #[cfg(feature = "encrypted-pem")]
    #[must_use]
    pub fn passphrase(mut self, passphrase: cobrowse_jwt_pem::Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// Sets whether key files that others can read are refused, on Unix; `false` by default.
    #[cfg(feature = "pem")]
    #[must_use]
    pub fn strict_permissions(mut self, strict: bool) -> Self {
        self.strict_permissions = strict;
        self
    }

    /// Sets whether key files are accepted that are owned neither by the user of this process nor by root, on Unix; `false` by default.
    #[cfg(feature = "pem")]
    #[must_use]
    pub fn allow_foreign_owner(mut self, allow: bool) -> Self {
        self.allow_foreign_owner = allow;
        self
    }

    /// Sets whether plain http to AWS KMS or Vault on another host is allowed, for emulators; `false` by default.
    #[cfg(any(feature = "aws-kms", feature = "vault"))]
    #[must_use]
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Opens the key.
    ///
    /// # Errors
    ///
    /// [`KeyUriError::UnknownScheme`], [`KeyUriError::FeatureDisabled`] and [`KeyUriError::Key`].
    pub async fn open(&self, uri: &KeyUri) -> Result<Arc<dyn KeySource>, KeyUriError> {
        if let Some(scheme) = self.schemes.get(uri.scheme()) {
            return scheme.open(uri.rest()).await;
        }
        match uri.location() {
            #[cfg(feature = "pem")]
            KeyLocation::File(path) => self.open_file(path).await,
            #[cfg(not(feature = "pem"))]
            KeyLocation::File(_) => Err(KeyUriError::FeatureDisabled { feature: "pem" }),
            #[cfg(feature = "env")]
            KeyLocation::Env(variable) => self.open_variable(variable).await,
            #[cfg(not(feature = "env"))]
            KeyLocation::Env(_) => Err(KeyUriError::FeatureDisabled { feature: "env" }),
            #[cfg(feature = "aws-kms")]
            KeyLocation::AwsKms { .. } => Ok(Arc::new(self.aws_kms_builder(uri).await?.open().await?)),
            #[cfg(not(feature = "aws-kms"))]
            KeyLocation::AwsKms { .. } => Err(KeyUriError::FeatureDisabled { feature: "aws-kms" }),
            #[cfg(feature = "pkcs11")]
            KeyLocation::Pkcs11 => Ok(Arc::new(self.pkcs11_builder(uri)?.open().await?)),
            #[cfg(not(feature = "pkcs11"))]
            KeyLocation::Pkcs11 => Err(KeyUriError::FeatureDisabled { feature: "pkcs11" }),
            #[cfg(feature = "vault")]
            KeyLocation::Vault { .. } => Ok(Arc::new(self.vault_builder(uri)?.open().await?)),
            #[cfg(not(feature = "vault"))]
            KeyLocation::Vault { .. } => Err(KeyUriError::FeatureDisabled { feature: "vault" }),
            KeyLocation::Other => Err(KeyUriError::UnknownScheme),
        }
    }

    /// Returns a builder for the key of an `awskms:` URI with the options of this registry, for further options and for
    /// [`preflight`](cobrowse_jwt_aws_kms::AwsKmsKey::preflight).
    ///
    /// # Errors
    ///
    /// [`KeyUriError::UnknownScheme`] for another scheme, and [`KeyUriError::Key`].
    #[cfg(feature = "aws-kms")]
    pub async fn aws_kms_builder(&self, uri: &KeyUri) -> Result<cobrowse_jwt_aws_kms::AwsKmsKeyBuilder, KeyUriError> {
        let KeyLocation::AwsKms { endpoint, key_id } = uri.location() else { return Err(KeyUriError::UnknownScheme) };
        let builder = cobrowse_jwt_aws_kms::AwsKmsKey::builder_from_env(key_id).await?.allow_http(self.allow_http);
        Ok(match endpoint {
            Some(endpoint) => builder.endpoint_url(endpoint),
            None => builder,
        })
    }

    /// Returns a builder for the key of a `pkcs11:` URI, for further options and for
    /// [`preflight`](cobrowse_jwt_pkcs11::Pkcs11Key::preflight).
    ///
    /// # Errors
    ///
    /// [`KeyUriError::UnknownScheme`] for another scheme, and [`KeyUriError::Key`].
    #[cfg(feature = "pkcs11")]
    pub fn pkcs11_builder(&self, uri: &KeyUri) -> Result<cobrowse_jwt_pkcs11::Pkcs11KeyBuilder, KeyUriError> {
        let KeyLocation::Pkcs11 = uri.location() else { return Err(KeyUriError::UnknownScheme) };
        Ok(cobrowse_jwt_pkcs11::Pkcs11Key::builder_from_uri(&format!("pkcs11:{}", uri.rest()))?)
    }

    /// Returns a builder for the key of a `hashivault:` URI with the options of this registry and the configuration of the
    /// [environment](cobrowse_jwt_vault::VaultKey::builder_from_env), for further options and for
    /// [`preflight`](cobrowse_jwt_vault::VaultKey::preflight).
    ///
    /// # Errors
    ///
    /// [`KeyUriError::UnknownScheme`] for another scheme.
    #[cfg(feature = "vault")]
    pub fn vault_builder(&self, uri: &KeyUri) -> Result<cobrowse_jwt_vault::VaultKeyBuilder, KeyUriError> {
        let KeyLocation::Vault { name } = uri.location() else { return Err(KeyUriError::UnknownScheme) };
        Ok(cobrowse_jwt_vault::VaultKey::builder_from_env(name).allow_http(self.allow_http))
    }

    #[cfg(feature = "pem")]
    async fn open_file(&self, path: &std::path::Path) -> Result<Arc<dyn KeySource>, KeyUriError> {
        let builder = cobrowse_jwt_pem::PemFile::builder(path)
            .strict_permissions(self.strict_permissions)
            .allow_foreign_owner(self.allow_foreign_owner);
        #[cfg(feature = "encrypted-pem")]
        let builder = match &self.passphrase {
            Some(passphrase) => builder.passphrase(passphrase.clone()),
            None => builder,
        };
        Ok(Arc::new(builder.open().await.map_err(KeyError::from)?))
    }

    #[cfg(feature = "env")]
    async fn open_variable(&self, variable: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
        let builder = cobrowse_jwt_env::EnvKey::builder(variable);
        #[cfg(feature = "encrypted-pem")]
        let builder = match &self.passphrase {
            Some(passphrase) => builder.passphrase(passphrase.clone()),
            None => builder,
        };
        Ok(Arc::new(builder.open().await.map_err(KeyError::from)?))
    }
}

impl fmt::Debug for KeyUriRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyUriRegistry").field("schemes", &self.schemes.keys()).finish_non_exhaustive()
    }
}
