use std::{path::PathBuf, sync::Arc};

use cobrowse_jwt_core::{KeyError, KeySource, async_trait};
use cobrowse_jwt_pem::PemFileOptions;
use url::Url;

use super::{KeyUriError, KeyUriScheme};

/// A plain path, or what follows `file:`.
#[derive(Clone, Default)]
pub(super) struct File {
    pub(super) strict_permissions: bool,
    #[cfg(feature = "encrypted-pem")]
    pub(super) passphrase: Option<cobrowse_jwt_pem::Passphrase>,
}

#[async_trait]
impl KeyUriScheme for File {
    async fn open(&self, rest: &str) -> Result<Arc<dyn KeySource>, KeyUriError> {
        let mut options = PemFileOptions::new();
        if self.strict_permissions {
            options = options.strict_permissions();
        }
        #[cfg(feature = "encrypted-pem")]
        let options = match &self.passphrase {
            Some(passphrase) => options.passphrase(passphrase.clone()),
            None => options,
        };
        Ok(Arc::new(options.load(path(rest)?).await.map_err(KeyError::from)?))
    }
}

/// Two slashes make it a URI (RFC 8089), with a host that must be empty or `localhost` and with percent escapes.
pub(super) fn path(rest: &str) -> Result<PathBuf, KeyUriError> {
    if !rest.starts_with("//") {
        return Ok(PathBuf::from(rest));
    }
    let url = Url::parse(&format!("file:{rest}")).map_err(|_| KeyUriError::InvalidFile)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(KeyUriError::InvalidFile);
    }
    url.to_file_path().map_err(|()| KeyUriError::InvalidFile)
}
