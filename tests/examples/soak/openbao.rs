use std::time::{Duration, Instant};

use cobrowse_jwt::{
    PublicKey,
    vault::{VaultAuth, VaultKey},
};
use cobrowse_jwt_tests::OwnServer;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    deadline::Heartbeat,
    keys::Keys,
    target::{Target, vault_source},
};

const KEY: &str = "soak";

/// An OpenBao server. Its tokens expire after 10 seconds.
pub(crate) struct OpenBao {
    own: OwnServer,
    auth: VaultAuth,
    keys: Keys,
    /// The latest version of the key.
    version: u64,
}

impl OpenBao {
    pub(crate) async fn start() -> Self {
        let own = OwnServer::start().await;
        own.server.create(KEY, "rsa-2048").await;
        let auth = own.server.app_role(KEY, "10s").await;
        let bao = Self { own, auth, keys: Keys::default(), version: 1 };
        bao.add_key().await;
        bao
    }

    pub(crate) fn target(&self, heartbeat: &Heartbeat) -> Target {
        let builder = VaultKey::builder(&self.own.server.url, KEY).auth(self.auth.clone());
        Target::new("OpenBao", vault_source(builder), self.keys.clone(), heartbeat)
    }

    /// Rotates the key, seals the server, or kills and restarts it at random. At the end, the server works.
    pub(crate) async fn cause_faults(mut self, mut random: fastrand::Rng, end: Instant) -> Self {
        while Instant::now() < end {
            sleep(Duration::from_millis(random.u64(1_000..15_000))).await;
            let interruption = Duration::from_millis(random.u64(..10_000));
            match random.u8(..4) {
                0 => {
                    self.own.seal().await;
                    sleep(interruption).await;
                    self.own.unseal().await;
                }
                1 => {
                    self.own.kill();
                    sleep(interruption).await;
                    self.own.restart();
                    self.own.unseal().await;
                }
                _ => self.rotate(random.bool()).await,
            }
        }
        self
    }

    async fn rotate(&mut self, supersede: bool) {
        self.own.server.write(&format!("transit/keys/{KEY}/rotate"), json!({})).await;
        self.version += 1;
        self.add_key().await;
        if supersede {
            let oldest = json!({"min_encryption_version": self.version});
            self.own.server.write(&format!("transit/keys/{KEY}/config"), oldest).await;
        }
    }

    async fn add_key(&self) {
        let (_, response) = self.own.server.call("GET", &format!("transit/keys/{KEY}"), &Value::Null).await;
        let pem = response["data"]["keys"][self.version.to_string()]["public_key"].as_str().unwrap();
        self.keys.add(PublicKey::from_pem(pem).unwrap());
    }
}
