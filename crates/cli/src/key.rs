use std::{future::Future, path::Path, sync::Arc};

use cobrowse_jwt::{KeyLocation, KeySource, KeyUri, KeyUriRegistry, PublicKey, SigningKey, pem::PemErrorKind};

use crate::{
    configured::{self, Configured},
    failure::Failure,
    passphrase::PassphraseArgs,
    progress::Progress,
};

/// A private key, wherever it is.
#[derive(clap::Args)]
pub(crate) struct KeyArgs {
    /// The private key: a path, file:///path, env:VARIABLE or awskms:///alias/name
    #[arg(value_name = "KEY", env = "COBROWSE_KEY", hide_env_values = true, value_parser = configured::text())]
    key: Configured,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl KeyArgs {
    pub(crate) fn named(&self) -> Result<Key<'_>, Failure> {
        Key::new(&self.key, &self.passphrase)
    }
}

/// A key that was named, and is opened when it is needed.
#[derive(Clone)]
pub(crate) struct Key<'a> {
    pub(crate) uri: KeyUri,
    name: &'a Configured,
    passphrase: &'a PassphraseArgs,
}

impl<'a> Key<'a> {
    pub(crate) fn new(name: &'a Configured, passphrase: &'a PassphraseArgs) -> Result<Self, Failure> {
        let uri = name.value.parse().map_err(|error| name.blamed(Failure::from(error)))?;
        Ok(Self { uri, name, passphrase })
    }

    /// Opens the key; for an encrypted one, and only then, gets the passphrase.
    pub(crate) async fn open(&self, uris: KeyUriRegistry) -> Result<Arc<dyn KeySource>, Failure> {
        let opened = {
            let _progress = Progress::of("opening the key");
            uris.open(&self.uri).await.map_err(Failure::from)
        };
        match opened {
            Err(failure) if failure.pem() == Some(PemErrorKind::MissingPassphrase) => {
                let uris = uris.passphrase(self.passphrase.given_or_asked()?);
                let _progress = Progress::of("decrypting the key");
                Ok(uris.open(&self.uri).await?)
            }
            Err(failure) if failure.is_about_the_name() => {
                // As AWS names keys.
                let is_of_aws_kms = ["alias/", "arn:"].into_iter().any(|start| self.name.value.starts_with(start));
                let failure = if is_of_aws_kms {
                    failure.with_hint("for a key in AWS KMS write awskms:/// before it, as in awskms:///alias/x")
                } else {
                    failure
                };
                Err(self.name.blamed(failure))
            }
            opened => opened,
        }
    }

    pub(crate) async fn snapshot(&self) -> Result<Arc<dyn SigningKey>, Failure> {
        let source = self.open(KeyUriRegistry::new()).await?;
        let _progress = Progress::of("asking for the key");
        Ok(source.signing_key().await?)
    }

    pub(crate) async fn public_key(&self) -> Result<PublicKey, Failure> {
        Ok(self.snapshot().await?.public_key().clone())
    }

    pub(crate) fn is_in_aws_kms(&self) -> bool {
        matches!(self.uri.location(), KeyLocation::AwsKms { .. })
    }

    /// In AWS KMS, and under a name that can be pointed at another key.
    pub(crate) fn is_an_alias(&self) -> bool {
        matches!(self.uri.location(), KeyLocation::AwsKms { key_id, .. } if key_id.contains("alias/"))
    }

    /// The file that it is in.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self.uri.location() {
            KeyLocation::File(path) => Some(path),
            _ => None,
        }
    }

    /// Runs what works with the key. Only the AWS SDK needs a runtime, so no other key starts one.
    #[cfg_attr(not(feature = "aws-kms"), expect(clippy::unused_self, reason = "no key of this build needs a runtime"))]
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        #[cfg(feature = "aws-kms")]
        if self.is_in_aws_kms() {
            return match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(work),
                Err(error) => Err(Failure::new(
                    crate::exit::Exit::KeyUnavailable,
                    "the operating system gives no resources to reach AWS KMS with; check its limits",
                )
                .because(&error)),
            };
        }
        pollster::block_on(work)
    }
}
