use std::{future::Future, path::Path, sync::Arc};

use clap::ArgAction;
use cobrowse_jwt::{KeyLocation, KeySource, KeyUri, KeyUriError, KeyUriRegistry, PublicKey, pem::PemErrorKind};

use crate::{
    configured::{self, Configured},
    exit::Exit,
    failure::Failure,
    help::{self, heading},
    passphrase::PassphraseArgs,
    progress::Progress,
};

/// The arguments of a private key.
#[derive(clap::Args)]
pub(crate) struct KeyArgs {
    #[arg(value_name = "KEY", help = format!("Private key: {}", help::key_forms()), env = "COBROWSE_KEY", hide_env_values = true, value_parser = configured::text())]
    key: Configured,
    #[command(flatten)]
    options: KeyOptions,
}

/// The options for opening a private key.
#[derive(clap::Args)]
pub(crate) struct KeyOptions {
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Refuse a key file that others can read
    #[arg(long, action = ArgAction::SetTrue, env = "COBROWSE_STRICT_PERMISSIONS", hide_env_values = true, value_parser = configured::boolean(), help_heading = heading::KEY)]
    strict_permissions: Configured<bool>,
    /// Accept a key file that is owned neither by this user nor by root
    #[arg(long, action = ArgAction::SetTrue, env = "COBROWSE_ALLOW_FOREIGN_OWNER", hide_env_values = true, value_parser = configured::boolean(), help_heading = heading::KEY)]
    allow_foreign_owner: Configured<bool>,
    /// Allow plain http to a key service on another host, for emulators
    #[cfg(any(feature = "aws-kms", feature = "vault"))]
    #[arg(long, action = ArgAction::SetTrue, env = "COBROWSE_ALLOW_HTTP", hide_env_values = true, value_parser = configured::boolean(), help_heading = heading::KEY)]
    allow_http: Configured<bool>,
}

impl KeyArgs {
    pub(crate) fn key(&self) -> Result<Key<'_>, Failure> {
        Key::new(&self.key, &self.options)
    }
}

/// A key that is not opened yet.
pub(crate) struct Key<'a> {
    pub(crate) uri: KeyUri,
    name: &'a Configured,
    options: &'a KeyOptions,
}

impl<'a> Key<'a> {
    pub(crate) fn new(name: &'a Configured, options: &'a KeyOptions) -> Result<Self, Failure> {
        let uri = name.value.parse().map_err(|error| name.with_variable_origin(Failure::from(error)))?;
        let key = Self { uri, name, options };
        // Cargo unifies features: the library can have a feature that this command does not.
        let disabled = match key.uri.location() {
            KeyLocation::AwsKms { .. } if cfg!(not(feature = "aws-kms")) => "aws-kms",
            KeyLocation::Vault { .. } if cfg!(not(feature = "vault")) => "vault",
            KeyLocation::Pkcs11 if cfg!(not(feature = "pkcs11")) => "pkcs11",
            _ => return Ok(key),
        };
        Err(name.with_variable_origin(KeyUriError::FeatureDisabled { feature: disabled }.into()))
    }

    /// Returns a registry with the options of the key, except the passphrase.
    pub(crate) fn registry(&self) -> KeyUriRegistry {
        let registry = KeyUriRegistry::new()
            .strict_permissions(self.options.strict_permissions.value)
            .allow_foreign_owner(self.options.allow_foreign_owner.value);
        #[cfg(any(feature = "aws-kms", feature = "vault"))]
        let registry = registry.allow_http(self.options.allow_http.value);
        registry
    }

    /// Opens the key. Reads or prompts for the passphrase only if the key is encrypted.
    pub(crate) async fn open(&self, registry: KeyUriRegistry) -> Result<Arc<dyn KeySource>, Failure> {
        let opened = {
            let _progress = Progress::new("opening the key");
            registry.open(&self.uri).await.map_err(Failure::from)
        };
        match opened {
            Err(failure) if failure.pem == Some(PemErrorKind::MissingPassphrase) => {
                let registry = registry.passphrase(self.options.passphrase.given_or_prompted()?);
                let _progress = Progress::new("decrypting the key");
                Ok(registry.open(&self.uri).await?)
            }
            Err(failure) if failure.is_not_found || failure.exit == Exit::Usage => {
                Err(self.name.with_variable_origin(failure))
            }
            opened => opened,
        }
    }

    pub(crate) async fn public_key(&self) -> Result<PublicKey, Failure> {
        let source = self.open(self.registry()).await?;
        let _progress = Progress::new("looking up the key");
        Ok(source.signing_key().await?.public_key().clone())
    }

    pub(crate) fn is_in_aws_kms(&self) -> bool {
        matches!(self.uri.location(), KeyLocation::AwsKms { .. })
    }

    /// Returns whether this is an alias in AWS KMS, which can be moved to another key.
    pub(crate) fn is_alias(&self) -> bool {
        matches!(self.uri.location(), KeyLocation::AwsKms { key_id, .. } if key_id.contains("alias/"))
    }

    /// Returns the path of a key in a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self.uri.location() {
            KeyLocation::File(path) => Some(path),
            _ => None,
        }
    }

    /// Runs a future. Only keys in a service or a token need a Tokio runtime.
    #[cfg_attr(
        not(any(feature = "aws-kms", feature = "pkcs11", feature = "vault")),
        expect(clippy::unused_self, reason = "no key of this build needs a runtime")
    )]
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        #[cfg(any(feature = "aws-kms", feature = "pkcs11", feature = "vault"))]
        if matches!(self.uri.location(), KeyLocation::AwsKms { .. } | KeyLocation::Pkcs11 | KeyLocation::Vault { .. }) {
            return match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(work),
                Err(error) => {
                    Err(Failure::new(Exit::KeyUnavailable, "failed to start the Tokio runtime").with_source(&error))
                }
            };
        }
        pollster::block_on(work)
    }
}
