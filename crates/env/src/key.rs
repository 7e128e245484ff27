use std::{fmt, sync::Arc};

use cobrowse_jwt_core::{KeyError, KeySource, PublicKey, SigningKey, async_trait};
#[cfg(feature = "encrypted-pem")]
use cobrowse_jwt_pem::Passphrase;
use cobrowse_jwt_pem::{PemError, PemKey, printable_variable, run_blocking};

use crate::{EnvError, EnvErrorKind, value};

/// A private key from an environment variable: a [`KeySource`] of one key that never changes. Cheap to clone.
///
/// ```no_run
/// use cobrowse_jwt_core::{LicenseKey, Minter};
/// use cobrowse_jwt_env::EnvKey;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let key = EnvKey::open("COBROWSE_PRIVATE_KEY").await?;
/// let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, key);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct EnvKey(PemKey);

impl EnvKey {
    /// Reads the unencrypted key in this variable, on a new thread. Needs no particular async runtime.
    ///
    /// # Errors
    ///
    /// An [`EnvError`], which contains the name of the variable and never its value.
    pub async fn open(variable: impl Into<String>) -> Result<Self, EnvError> {
        Self::builder(variable).open().await
    }

    /// Reads the unencrypted key in this variable. **Blocks** the thread for some milliseconds of computing.
    ///
    /// # Errors
    ///
    /// As [`EnvKey::open`].
    pub fn open_blocking(variable: impl Into<String>) -> Result<Self, EnvError> {
        Self::builder(variable).open_blocking()
    }

    /// Returns a builder for the key in this variable.
    pub fn builder(variable: impl Into<String>) -> EnvKeyBuilder {
        EnvKeyBuilder {
            variable: variable.into(),
            #[cfg(feature = "encrypted-pem")]
            passphrase: None,
        }
    }

    /// Returns the public key, for the Cobrowse dashboard.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }
}

#[async_trait]
impl KeySource for EnvKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.signing_key().await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.refresh().await
    }
}

impl fmt::Debug for EnvKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("EnvKey").field(self.public_key()).finish()
    }
}

/// Builder for [`EnvKey`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct EnvKeyBuilder {
    variable: String,
    #[cfg(feature = "encrypted-pem")]
    passphrase: Option<PassphraseFrom>,
}

#[cfg(feature = "encrypted-pem")]
#[derive(Clone)]
enum PassphraseFrom {
    Value(Passphrase),
    Variable(String),
}

impl EnvKeyBuilder {
    /// Sets the passphrase of an encrypted key. An unencrypted key does not use it.
    #[cfg(feature = "encrypted-pem")]
    pub fn passphrase(mut self, passphrase: Passphrase) -> Self {
        self.passphrase = Some(PassphraseFrom::Value(passphrase));
        self
    }

    /// Sets the variable that contains the passphrase of an encrypted key. It must be set, also if the key is not encrypted.
    #[cfg(feature = "encrypted-pem")]
    pub fn passphrase_variable(mut self, variable: impl Into<String>) -> Self {
        self.passphrase = Some(PassphraseFrom::Variable(variable.into()));
        self
    }

    /// Reads the key, on a new thread: decrypting it can take a second.
    ///
    /// # Errors
    ///
    /// An [`EnvError`] of the variable of the key or of the passphrase.
    pub async fn open(self) -> Result<EnvKey, EnvError> {
        let variable = self.variable.clone();
        run_blocking(move || self.open_blocking()).await.map_err(|error| invalid(&variable, error))?
    }

    /// Reads the key. **Blocks**, for an encrypted key up to some seconds.
    ///
    /// # Errors
    ///
    /// As [`EnvKeyBuilder::open`].
    pub fn open_blocking(self) -> Result<EnvKey, EnvError> {
        let pem = value::pem(&self.variable)?;
        #[cfg(feature = "encrypted-pem")]
        if let Some(passphrase) = self.resolve_passphrase()? {
            let key = PemKey::from_encrypted_pem(&*pem, &passphrase);
            return key.map(EnvKey).map_err(|error| invalid(&self.variable, error));
        }
        PemKey::from_pem(&*pem).map(EnvKey).map_err(|error| invalid(&self.variable, error))
    }

    #[cfg(feature = "encrypted-pem")]
    fn resolve_passphrase(&self) -> Result<Option<Passphrase>, EnvError> {
        Ok(match &self.passphrase {
            Some(PassphraseFrom::Value(passphrase)) => Some(passphrase.clone()),
            Some(PassphraseFrom::Variable(variable)) => Some(Passphrase::new(value::text(variable)?.as_str())),
            None => None,
        })
    }
}

impl fmt::Debug for EnvKeyBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EnvKeyBuilder")
            .field("variable", &printable_variable(&self.variable))
            .finish_non_exhaustive()
    }
}

fn invalid(variable: &str, error: PemError) -> EnvError {
    EnvError::new(variable, EnvErrorKind::Pem(error))
}
