use std::path::{Path, PathBuf};

use cobrowse_jwt_core::{Instance, LicenseKey, Lifetime, PublicKey};

use super::{Config, ConfigError, passphrase::PassphraseSource, public_keys};
use crate::KeyUri;

/// Builder for [`Config`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ConfigBuilder {
    config: Config,
    /// The first one, which `build` returns.
    error: Option<ConfigError>,
}

impl ConfigBuilder {
    pub(super) fn new(license_key: LicenseKey, key: KeyUri) -> Self {
        let config = Config {
            license_key,
            key,
            public_keys: Vec::new(),
            instance: Instance::default(),
            default_lifetime: Lifetime::default(),
            passphrase: None,
            strict_permissions: false,
            allow_foreign_owner: false,
            allow_http: false,
        };
        Self { config, error: None }
    }

    /// Adds a key that is registered in the Cobrowse dashboard. Call it twice during rotation.
    pub fn public_key(mut self, key: PublicKey) -> Self {
        self.config.public_keys.push(key);
        self
    }

    /// Adds the registered keys in this file: a JWK or one or more PEM blocks. **Blocks** to read the file, at most 64 KiB.
    pub fn public_key_file(mut self, path: impl AsRef<Path>) -> Self {
        match public_keys::read("public_key_file", path.as_ref()) {
            Ok(keys) => self.config.public_keys.extend(keys),
            Err(error) => self.error = self.error.or(Some(error)),
        }
        self
    }

    /// Sets the instance; `https://cobrowse.io` by default.
    pub fn instance(mut self, instance: Instance) -> Self {
        self.config.instance = instance;
        self
    }

    /// Sets the lifetime of tokens whose claims have none; 1 hour by default.
    pub fn default_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.config.default_lifetime = lifetime;
        self
    }

    /// Sets the passphrase of an encrypted key.
    #[cfg(feature = "encrypted-pem")]
    pub fn passphrase(mut self, passphrase: cobrowse_jwt_pem::Passphrase) -> Self {
        self.config.passphrase = Some(PassphraseSource::Value(passphrase));
        self
    }

    /// Sets the file with the passphrase of an encrypted key: one line. [`Config::minter`] and [`Config::key_registry`] read it.
    pub fn passphrase_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.passphrase = Some(PassphraseSource::File { path: path.into(), setting: "passphrase_file" });
        self
    }

    /// Sets whether a key file that others can read is refused, on Unix; `false` by default.
    pub fn strict_permissions(mut self, strict: bool) -> Self {
        self.config.strict_permissions = strict;
        self
    }

    /// Sets whether a key file is accepted that is owned neither by the user of this process nor by root, on Unix; `false` by default.
    pub fn allow_foreign_owner(mut self, allow: bool) -> Self {
        self.config.allow_foreign_owner = allow;
        self
    }

    /// Sets whether plain http to a key service on another host is allowed, for emulators; `false` by default.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.config.allow_http = allow;
        self
    }

    /// Returns the configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`] for the first file that has no public key.
    pub fn build(self) -> Result<Config, ConfigError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.config),
        }
    }
}
