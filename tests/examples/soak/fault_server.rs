use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cobrowse_jwt::{
    KeySource,
    vault::{VaultAuth, VaultKey},
};
use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times};
use tokio::time::sleep;

use crate::{
    deadline::Heartbeat,
    keys::Keys,
    target::{Target, kms_source, vault_source},
};

/// A fault server, all its keys, and a source that uses it.
pub(crate) struct FaultyService {
    name: &'static str,
    server: FaultServer,
    keys: Keys,
    source: fn(&FaultServer) -> Arc<dyn KeySource>,
}

impl FaultyService {
    pub(crate) async fn kms() -> Self {
        let source = |server: &FaultServer| Arc::new(kms_source(server.url(), FaultServer::ALIAS)) as _;
        Self::start("faulty KMS", source).await
    }

    pub(crate) async fn vault() -> Self {
        let source = |server: &FaultServer| {
            let auth = VaultAuth::app_role("a-role-id", "a-secret-id");
            Arc::new(vault_source(VaultKey::builder(server.url(), FaultServer::KEY).auth(auth))) as _
        };
        Self::start("faulty Vault", source).await
    }

    async fn start(name: &'static str, source: fn(&FaultServer) -> Arc<dyn KeySource>) -> Self {
        let (server, keys) = (FaultServer::start().await, Keys::default());
        keys.add(server.public_key());
        Self { name, server, keys, source }
    }

    pub(crate) fn target(&self, heartbeat: &Heartbeat) -> Target {
        Target::new(self.name, (self.source)(&self.server), self.keys.clone(), heartbeat)
    }

    /// Alternates between faults and normal operation, and rotates the key. At the end, there are no faults.
    pub(crate) async fn cause_faults(self, mut random: fastrand::Rng, end: Instant) -> Self {
        while Instant::now() < end {
            for _ in 0..random.usize(1..20) {
                self.schedule(&mut random);
            }
            if random.u8(..) < 32 {
                self.server.latency(Duration::from_millis(random.u64(..4_000)));
            }
            sleep(Duration::from_millis(random.u64(200..8_000))).await;
            self.server.clear_faults();
            self.server.latency(Duration::ZERO);
            if random.u8(..) < 32 {
                let old = self.server.arn();
                self.server.rotate().await;
                self.keys.add(self.server.public_key());
                if random.bool() {
                    self.server.disable(&old);
                }
            }
            sleep(Duration::from_millis(random.u64(200..5_000))).await;
        }
        self
    }

    fn schedule(&self, random: &mut fastrand::Rng) {
        let operation = match random.u8(..8) {
            // Only Vault has it, after a denied request.
            0 => Operation::LogIn,
            1..3 => Operation::GetPublicKey,
            _ => Operation::Sign,
        };
        let faults = Fault::all_for(operation);
        let fault = faults[random.usize(..faults.len())];
        // With the same fault in `Sign`, this is another key that works. Only registered keys rule that out.
        if (operation, fault) != (Operation::GetPublicKey, Fault::ForeignKey) {
            self.server.fault(operation, fault, Times::Exactly(random.usize(1..6)));
        }
    }
}
