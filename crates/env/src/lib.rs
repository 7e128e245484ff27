#![doc = include_str!("../README.md")]

mod error;
mod value;

use std::{fmt, sync::Arc};

use cobrowse_jwt_core::{KeyError, KeySource, PublicKey, SigningKey, async_trait};
use cobrowse_jwt_pem::{PemError, PemKey};

pub use error::{EnvError, EnvErrorKind};

/// A private key from an environment variable: a [`KeySource`] of one key that never changes.
///
/// ```no_run
/// use cobrowse_jwt_core::{LicenseKey, Minter};
/// use cobrowse_jwt_env::EnvKey;
///
/// let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, EnvKey::new("COBROWSE_PRIVATE_KEY")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EnvKey(PemKey);

impl EnvKey {
    /// Reads the unencrypted key in this variable, once.
    ///
    /// # Errors
    ///
    /// An [`EnvError`] that names the variable and never its value.
    pub fn new(variable: &str) -> Result<Self, EnvError> {
        Self::read(variable, |pem| PemKey::from_pem(pem))
    }

    /// Reads the encrypted key in the first variable with the passphrase in the second, once.
    ///
    /// # Errors
    ///
    /// As [`EnvKey::new`], of either variable.
    #[cfg(feature = "encrypted-pem")]
    pub fn with_passphrase(variable: &str, passphrase_variable: &str) -> Result<Self, EnvError> {
        let passphrase = value::text(passphrase_variable)?;
        Self::encrypted(variable, &cobrowse_jwt_pem::Passphrase::new(passphrase.as_str()))
    }

    /// As [`EnvKey::with_passphrase`], for a passphrase that comes from elsewhere. That of an unencrypted key is not used.
    ///
    /// # Errors
    ///
    /// As [`EnvKey::new`].
    #[cfg(feature = "encrypted-pem")]
    pub fn encrypted(variable: &str, passphrase: &cobrowse_jwt_pem::Passphrase) -> Result<Self, EnvError> {
        Self::read(variable, |pem| PemKey::from_encrypted_pem(pem, passphrase))
    }

    /// The public half, for the Cobrowse dashboard.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn read(variable: &str, parse: impl Fn(&[u8]) -> Result<PemKey, PemError>) -> Result<Self, EnvError> {
        let pem = value::pem(variable)?;
        parse(&pem).map(Self).map_err(|error| EnvError::new(variable, EnvErrorKind::Pem(error)))
    }
}

#[async_trait]
impl KeySource for EnvKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.signing_key().await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.signing_key().await
    }
}

impl fmt::Debug for EnvKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("EnvKey").field(self.public_key()).finish()
    }
}
