//! The configuration of a program that mints tokens: from a settings file, from the environment, or from code.

mod builder;
mod environment;
mod error;
mod passphrase;
mod public_keys;
#[cfg(test)]
mod tests;

use std::path::Path;

use cobrowse_jwt_core::{Instance, KeySource, LicenseKey, Lifetime, Minter, MinterBuilder, PublicKey};
use serde::Deserialize;

pub use builder::ConfigBuilder;
pub use error::ConfigError;

use self::passphrase::PassphraseSource;
use crate::{KeyUri, KeyUriRegistry};

/// The configuration of a program that mints tokens.
///
/// | field | variable of [`Config::from_env`] | default | value |
/// | --- | --- | --- | --- |
/// | `license_key` | `COBROWSE_LICENSE_KEY` | required | the license key, from the account settings |
/// | `key` | `COBROWSE_KEY` | required | a [`KeyUri`] |
/// | `public_keys` | `COBROWSE_PUBLIC_KEY` | none | the registered keys as PEM; in the variable, the path of a file with PEM or a JWK |
/// | `instance` | `COBROWSE_INSTANCE` | `https://cobrowse.io` | the origin of a self-hosted instance |
/// | `default_lifetime` | `COBROWSE_LIFETIME` | `1h` | the lifetime of tokens whose claims have none, at most 24 hours |
/// | `passphrase_file` | `COBROWSE_PASSPHRASE_FILE` | none | a file with the passphrase of an encrypted key |
/// | | `COBROWSE_PASSPHRASE` | none | the passphrase; ignored if `COBROWSE_PASSPHRASE_FILE` is set |
/// | `strict_permissions` | `COBROWSE_STRICT_PERMISSIONS` | `false` | refuses a key file that others can read |
/// | `allow_foreign_owner` | `COBROWSE_ALLOW_FOREIGN_OWNER` | `false` | accepts a key file that is owned neither by the user of the process nor by root |
/// | `allow_http` | `COBROWSE_ALLOW_HTTP` | `false` | allows plain http to a key service on another host, for emulators |
///
/// Unknown fields are refused. `Debug` shows the scheme of the key URI only.
///
/// The error of a deserializer can contain its input: the `Display` of `toml::de::Error` shows the line, which can contain a pasted key.
/// Log its `message()` instead.
///
/// ```
/// use cobrowse_jwt::Config;
///
/// let config: Config = serde_json::from_str(r#"{
///     "license_key": "SPGqPIcVnsOEJQ",
///     "key": "awskms:///alias/cobrowse",
///     "default_lifetime": "15m"
/// }"#)?;
/// assert_eq!(config.instance().origin(), "https://cobrowse.io");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    license_key: LicenseKey,
    key: KeyUri,
    #[serde(default)]
    public_keys: Vec<PublicKey>,
    #[serde(default)]
    instance: Instance,
    #[serde(default)]
    default_lifetime: Lifetime,
    #[serde(default, rename = "passphrase_file")]
    passphrase: Option<PassphraseSource>,
    #[serde(default)]
    strict_permissions: bool,
    #[serde(default)]
    allow_foreign_owner: bool,
    #[serde(default)]
    allow_http: bool,
}

impl Config {
    /// Returns a builder, for settings from code.
    pub fn builder(license_key: LicenseKey, key: KeyUri) -> ConfigBuilder {
        ConfigBuilder::new(license_key, key)
    }

    /// Reads the `COBROWSE_*` variables of the table above. An empty variable counts as unset. **Blocks** to read the file of
    /// `COBROWSE_PUBLIC_KEY`, at most 64 KiB.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NotConfigured`] if no variable is set, [`ConfigError::Missing`] and [`ConfigError::Invalid`].
    pub fn from_env() -> Result<Self, ConfigError> {
        environment::read(|variable| std::env::var_os(variable))
    }

    /// Reads the public keys in this file, for a program that only verifies: a JWK, or one or more PEM blocks. **Blocks** to read at most
    /// 64 KiB.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`].
    pub fn read_public_keys(path: impl AsRef<Path>) -> Result<Vec<PublicKey>, ConfigError> {
        public_keys::read("public_key_file", path.as_ref())
    }

    /// Returns the license key.
    #[must_use]
    pub const fn license_key(&self) -> &LicenseKey {
        &self.license_key
    }

    /// Returns the key URI.
    #[must_use]
    pub const fn key(&self) -> &KeyUri {
        &self.key
    }

    /// Returns the registered public keys.
    #[must_use]
    pub fn public_keys(&self) -> &[PublicKey] {
        &self.public_keys
    }

    /// Returns the instance.
    #[must_use]
    pub const fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Returns the lifetime of tokens whose claims have none.
    #[must_use]
    pub const fn default_lifetime(&self) -> Lifetime {
        self.default_lifetime
    }

    /// Opens the key and returns a minter. Does not look up a key in a service; [`Minter::check_key`] does.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Key`], and the errors of [`Config::key_registry`].
    pub async fn minter(&self) -> Result<Minter, ConfigError> {
        let source = self.key_registry().await?.open(&self.key).await?;
        Ok(self.minter_builder(source).build())
    }

    /// Returns the builder of [`Config::minter`] for a key that is already open, for settings that a `Config` does not have.
    pub fn minter_builder(&self, source: impl KeySource + 'static) -> MinterBuilder {
        let builder = Minter::builder(self.license_key.clone(), source).default_lifetime(self.default_lifetime);
        self.public_keys.iter().cloned().fold(builder, MinterBuilder::expect_public_key)
    }

    /// Returns a registry with the options of this configuration, to add schemes or to open the key with other options. Reads the file of
    /// the passphrase, if one is configured.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`] if the file of the passphrase cannot be read.
    #[cfg_attr(
        not(feature = "encrypted-pem"),
        expect(clippy::unused_async, reason = "the feature reads the file of the passphrase")
    )]
    pub async fn key_registry(&self) -> Result<KeyUriRegistry, ConfigError> {
        let registry = KeyUriRegistry::new();
        #[cfg(feature = "pem")]
        let registry =
            registry.strict_permissions(self.strict_permissions).allow_foreign_owner(self.allow_foreign_owner);
        #[cfg(any(feature = "aws-kms", feature = "vault"))]
        let registry = registry.allow_http(self.allow_http);
        #[cfg(feature = "encrypted-pem")]
        let registry = match &self.passphrase {
            Some(source) => registry.passphrase(source.read().await?),
            None => registry,
        };
        Ok(registry)
    }
}
