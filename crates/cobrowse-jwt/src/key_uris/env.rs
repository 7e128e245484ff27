use std::sync::Arc;

use cobrowse_jwt_core::{KeyError, KeySource, async_trait};
use cobrowse_jwt_env::EnvKey;

use super::{KeyUriError, KeyUriScheme};

/// What follows `env:`, the name of a variable.
#[derive(Default)]
pub(super) struct Env {
    #[cfg(feature = "encrypted-pem")]
    pub(super) passphrase: Option<cobrowse_jwt_pem::Passphrase>,
}

#[async_trait]
impl KeyUriScheme for Env {
    async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
        if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(KeyUriError::InvalidVariable);
        }
        #[cfg(feature = "encrypted-pem")]
        if let Some(passphrase) = &self.passphrase {
            return Ok(Arc::new(EnvKey::encrypted(rest, passphrase).map_err(KeyError::from)?));
        }
        Ok(Arc::new(EnvKey::new(rest).map_err(KeyError::from)?))
    }
}
