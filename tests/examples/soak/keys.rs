use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use cobrowse_jwt::{AgentToken, PublicKey, Verifier};
use cobrowse_jwt_tests::license_key;
use tokio::time::sleep;

/// All keys of a service, by thumbprint, read without the SDK.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Arc<Mutex<HashMap<String, PublicKey>>>);

impl Keys {
    pub(crate) fn add(&self, key: PublicKey) {
        self.0.lock().unwrap().insert(key.thumbprint().to_owned(), key);
    }

    /// Returns whether one of the keys has signed this token. Waits, because a key can be added shortly after its first token.
    pub(crate) async fn verify(&self, token: &AgentToken) -> bool {
        for _ in 0..50 {
            let key = self.0.lock().unwrap().get(token.key_thumbprint()).cloned();
            if let Some(key) = key {
                return Verifier::new(license_key(), key).verify(token.expose_secret()).is_ok();
            }
            sleep(Duration::from_millis(100)).await;
        }
        false
    }
}
