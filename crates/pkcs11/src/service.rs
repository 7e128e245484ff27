use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use cobrowse_jwt_core::{KeyError, SigningInput, async_trait};
use cobrowse_jwt_remote::{KeyService, KeyVersion, ResolvedKey, ServiceSignature};

use crate::{
    connection::{FoundKey, KeyProtection},
    pool::Pool,
};

/// One key in one token. A version is the `CKA_ID` and the thumbprint of the public key: ids can be used again.
pub(crate) struct Token {
    pool: Pool,
    /// The version whose public key was checked by a signature.
    checked: Mutex<Option<KeyVersion>>,
}

impl Token {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool, checked: Mutex::new(None) }
    }

    pub(crate) async fn protection(&self) -> Result<KeyProtection, KeyError> {
        Ok(self.find(None).await?.protection)
    }

    async fn find(&self, checked: Option<KeyVersion>) -> Result<FoundKey, KeyError> {
        self.pool.run(move |connection, settings| connection.resolve(settings, checked.as_ref())).await
    }
}

#[async_trait]
impl KeyService for Token {
    async fn authenticate(&self) -> Result<(), KeyError> {
        // Opening a session logs in.
        self.pool.run(|_, _| Ok(())).await
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let FoundKey { version, public_key, .. } = self.find(checked).await?;
        *self.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some(version.clone());
        Ok(ResolvedKey { version, public_key, pinned: false })
    }

    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        let (asked, message) = (version.clone(), input.message().to_vec());
        let sign = move |connection: &mut crate::connection::Connection, settings: &_| {
            connection.sign(&asked, &SigningInput::new(&message), settings)
        };
        Ok(ServiceSignature { bytes: self.pool.run(sign).await?, version: Some(version.clone()) })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Token").finish_non_exhaustive()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{env, time::Duration};

    use cobrowse_jwt_conformance::Suite;
    // Cargo builds the module together with this library.
    use cobrowse_jwt_faulty_pkcs11 as _;

    use super::*;
    use crate::{
        connection::Settings,
        names::{KeyName, TokenName},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn service_passes_the_conformance_suite() {
        // Long, because a loaded machine is slow.
        const LIMIT: Duration = Duration::from_secs(240);
        let folder = env::current_exe().unwrap().parent().unwrap().to_owned();
        let settings = Settings {
            module: folder.join("libcobrowse_jwt_faulty_pkcs11.so"),
            token: TokenName::default(),
            key: KeyName { label: Some("good".to_owned()), id: None },
            pin: None,
            public_key: None,
        };
        let suite = Suite::builder_for_service(Token::new(Pool::new(settings, 2, LIMIT)));
        let report = suite.time_limit(LIMIT).build().run().await;
        assert!(report.is_passed(), "\n{report}");
    }
}
