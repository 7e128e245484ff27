use std::sync::Arc;

use cobrowse_jwt_core::{KeyError, KeySource, async_trait};
use cobrowse_jwt_env::EnvKey;

use super::{KeyUriError, OpenKey};

/// What follows `env:`, the name of a variable.
pub(super) struct Env;

#[async_trait]
impl OpenKey for Env {
    async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
        if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(KeyUriError::InvalidVariable);
        }
        Ok(Arc::new(EnvKey::new(rest).map_err(KeyError::from)?))
    }
}
