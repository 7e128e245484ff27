use std::{future::Future, path::Path, sync::Arc};

use cobrowse_jwt::{KeyLocation, KeySource, KeyUri, KeyUriRegistry, PublicKey, SigningKey, pem::PemErrorKind};

use crate::{
    configured::{self, Configured},
    failure::Failure,
    help,
    passphrase::PassphraseArgs,
    progress::Progress,
};

/// The arguments of a private key.
#[derive(clap::Args)]
pub(crate) struct KeyArgs {
    #[arg(value_name = "KEY", help = help::KEY, env = "COBROWSE_KEY", hide_env_values = true, value_parser = configured::text())]
    key: Configured,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl KeyArgs {
    pub(crate) fn key(&self) -> Result<Key<'_>, Failure> {
        Key::new(&self.key, &self.passphrase)
    }
}

/// A key that is not opened yet.
#[derive(Clone)]
pub(crate) struct Key<'a> {
    pub(crate) uri: KeyUri,
    name: &'a Configured,
    passphrase: &'a PassphraseArgs,
}

impl<'a> Key<'a> {
    pub(crate) fn new(name: &'a Configured, passphrase: &'a PassphraseArgs) -> Result<Self, Failure> {
        let uri = name.value.parse().map_err(|error| name.with_origin(Failure::from(error)))?;
        Ok(Self { uri, name, passphrase })
    }

    /// Opens the key. Reads or prompts for the passphrase only if the key is encrypted.
    pub(crate) async fn open(&self, uris: KeyUriRegistry) -> Result<Arc<dyn KeySource>, Failure> {
        let opened = {
            let _progress = Progress::new("opening the key");
            uris.open(&self.uri).await.map_err(Failure::from)
        };
        match opened {
            Err(failure) if failure.pem() == Some(PemErrorKind::MissingPassphrase) => {
                let uris = uris.with_passphrase(self.passphrase.given_or_prompted()?);
                let _progress = Progress::new("decrypting the key");
                Ok(uris.open(&self.uri).await?)
            }
            Err(failure) if failure.is_not_found() => {
                // As AWS names keys.
                let is_of_aws_kms = ["alias/", "arn:"].into_iter().any(|start| self.name.value.starts_with(start));
                let failure = if is_of_aws_kms {
                    failure.with_hint("for a key in AWS KMS write awskms:/// before it, as in awskms:///alias/x")
                } else {
                    failure
                };
                Err(self.name.with_origin(failure))
            }
            opened => opened,
        }
    }

    pub(crate) async fn snapshot(&self) -> Result<Arc<dyn SigningKey>, Failure> {
        let source = self.open(KeyUriRegistry::new()).await?;
        let _progress = Progress::new("looking up the key");
        Ok(source.signing_key().await?)
    }

    pub(crate) async fn public_key(&self) -> Result<PublicKey, Failure> {
        Ok(self.snapshot().await?.public_key().clone())
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

    /// Runs a future. Only AWS KMS needs a Tokio runtime.
    #[cfg_attr(not(feature = "aws-kms"), expect(clippy::unused_self, reason = "no key of this build needs a runtime"))]
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        #[cfg(feature = "aws-kms")]
        if self.is_in_aws_kms() {
            return match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(work),
                Err(error) => Err(Failure::new(crate::exit::Exit::KeyUnavailable, "failed to start the Tokio runtime")
                    .with_source(&error)),
            };
        }
        pollster::block_on(work)
    }
}
