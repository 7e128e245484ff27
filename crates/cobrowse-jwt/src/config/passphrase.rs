use std::{fmt, path::PathBuf};

#[cfg(feature = "encrypted-pem")]
use cobrowse_jwt_pem::Passphrase;
use serde::{Deserialize, Deserializer};

#[cfg(feature = "encrypted-pem")]
use super::ConfigError;

/// Where the passphrase of an encrypted key comes from.
#[derive(Clone)]
pub(super) enum PassphraseSource {
    #[cfg(feature = "encrypted-pem")]
    Value(Passphrase),
    /// Read by `minter` and `key_registry`. Without the feature, the error of an encrypted key names the feature.
    #[cfg_attr(not(feature = "encrypted-pem"), expect(dead_code, reason = "the feature reads the file"))]
    File {
        path: PathBuf,
        /// The variable or field that contains the path.
        setting: &'static str,
    },
}

#[cfg(feature = "encrypted-pem")]
impl PassphraseSource {
    pub(super) async fn read(&self) -> Result<Passphrase, ConfigError> {
        match self {
            Self::Value(passphrase) => Ok(passphrase.clone()),
            Self::File { path, setting } => {
                Passphrase::open(path).await.map_err(|error| ConfigError::invalid(setting, error))
            }
        }
    }
}

impl<'de> Deserialize<'de> for PassphraseSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::File { path: PathBuf::deserialize(deserializer)?, setting: "passphrase_file" })
    }
}

impl fmt::Debug for PassphraseSource {
    /// Omits the path, which can be a pasted passphrase.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            #[cfg(feature = "encrypted-pem")]
            Self::Value(_) => "Value(..)",
            Self::File { .. } => "File(..)",
        })
    }
}
