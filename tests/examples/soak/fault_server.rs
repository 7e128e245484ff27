use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times};
use tokio::time::sleep;

use crate::{
    deadline::Heartbeat,
    keys::Keys,
    target::{Target, kms_source},
};

/// The fault server and all its keys.
#[derive(Clone)]
pub(crate) struct FaultyKms {
    server: Arc<FaultServer>,
    keys: Keys,
}

impl FaultyKms {
    pub(crate) async fn start() -> Self {
        let (server, keys) = (FaultServer::start().await, Keys::default());
        keys.add(server.public_key());
        Self { server: Arc::new(server), keys }
    }

    pub(crate) fn target(&self, heartbeat: &Heartbeat) -> Target {
        Target::new("fault server", kms_source(self.server.url(), FaultServer::ALIAS), self.keys.clone(), heartbeat)
    }

    /// Alternates between faults and normal operation, and rotates the key. At the end, there are no faults.
    pub(crate) async fn cause_faults(self, mut random: fastrand::Rng, end: Instant) -> Option<crate::Emulator> {
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
        None
    }

    fn schedule(&self, random: &mut fastrand::Rng) {
        let operation = if random.u8(..) < 64 { Operation::GetPublicKey } else { Operation::Sign };
        let faults = Fault::all_for(operation);
        let fault = faults[random.usize(..faults.len())];
        // With the same fault in `Sign`, this is another key that works. Only registered keys rule that out.
        if (operation, fault) != (Operation::GetPublicKey, Fault::ForeignKey) {
            self.server.fault(operation, fault, Times::Exactly(random.usize(1..6)));
        }
    }
}
