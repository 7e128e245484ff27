//! AWS KMS as a test server that fails on demand, which no emulator does.
//!
//! Answers `GetPublicKey` and `Sign` in KMS's JSON protocol over plain HTTP, and has a [`Fault`] for each observed failure of a
//! network, a proxy or KMS itself. Checks requests as KMS does, but not credentials.

mod account;
mod answer;
mod background;
mod connection;
mod fault;
mod http;
mod plan;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cobrowse_jwt_core::PublicKey;
use cobrowse_jwt_pem::{PemKey, RsaKeySize};
use tokio::net::TcpListener;

pub use fault::{Fault, Operation, Times};

use account::{Account, Key};
use background::Background;
use plan::Plan;

/// A KMS on a free port of 127.0.0.1, with one RSA-2048 key behind [`FaultServer::ALIAS`].
///
/// It runs on two threads of its own, so that the tasks of a test's runtime are the test's alone and a paused clock is not
/// the server's. Dropping it ends every connection and waits for that.
#[derive(Debug)]
pub struct FaultServer {
    background: Background,
    shared: Arc<Shared>,
    url: String,
}

/// What the connections share with the test.
#[derive(Debug)]
struct Shared {
    account: Account,
    plan: Plan,
    open_connections: AtomicUsize,
    accepted_connections: AtomicUsize,
}

impl FaultServer {
    /// The alias of the key that [`FaultServer::arn`] names.
    pub const ALIAS: &'static str = "alias/test";
    /// The account in every ARN.
    pub const ACCOUNT: &'static str = "123456789012";
    /// The Region in every ARN.
    pub const REGION: &'static str = "eu-central-1";

    /// A server with a new key.
    pub async fn start() -> Self {
        let background = Background::new();
        let key = background.compute(new_key).await;
        Self::start_on(background, &key).await
    }

    /// A server with this key, which a test also holds, or which spares it the making of another.
    pub async fn start_with_key(key: &PemKey) -> Self {
        Self::start_on(Background::new(), key).await
    }

    async fn start_on(background: Background, key: &PemKey) -> Self {
        background.compute(|| account::stranger().arn.len()).await;
        let shared = Arc::new(Shared {
            account: Account::new(Key::new(key)),
            plan: Plan::default(),
            open_connections: AtomicUsize::new(0),
            accepted_connections: AtomicUsize::new(0),
        });
        let listener = background.spawn(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).await.unwrap().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(background.spawn(connection::accept(listener, Arc::clone(&shared))));
        Self { background, shared, url }
    }

    /// The endpoint, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The ARN of the key that the alias names now.
    #[must_use]
    pub fn arn(&self) -> String {
        self.shared.account.current().arn.clone()
    }

    /// The ARN of the alias.
    #[must_use]
    pub fn alias_arn(&self) -> String {
        account::arn(Self::ALIAS)
    }

    /// The public half of the key that the alias names now.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.shared.account.current().public.clone()
    }

    /// How many requests for this operation have arrived, faulty ones and the SDK's retries included.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> usize {
        self.shared.plan.calls(operation)
    }

    /// The `KeyId` of the latest request for this operation, as it was written.
    #[must_use]
    pub fn last_key_id(&self, operation: Operation) -> Option<String> {
        self.shared.plan.last_key_id(operation)
    }

    /// How many connections are open. One ends when the server has seen its client go, so wait for a number rather than ask once.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.shared.open_connections.load(Ordering::SeqCst)
    }

    /// How many connections there have been.
    #[must_use]
    pub fn accepted_connections(&self) -> usize {
        self.shared.accepted_connections.load(Ordering::SeqCst)
    }

    /// From now on, so many answers to this operation are faulty; after those of earlier calls of this method.
    ///
    /// # Panics
    ///
    /// If the operation has no such fault.
    pub fn fault(&self, operation: Operation, fault: Fault, times: Times) {
        assert!(Fault::all_for(operation).contains(&fault), "{operation:?} has no {fault:?}");
        self.shared.plan.fault(operation, fault, times);
    }

    /// Takes every fault back. Latency and disabled keys stay, and what is silent by now stays silent.
    pub fn heal(&self) {
        self.shared.plan.heal();
    }

    /// Waits so long from now on before it begins an answer, a faulty one as well. Zero at the start.
    pub fn latency(&self, latency: Duration) {
        self.shared.plan.set_latency(latency);
    }

    /// Moves the alias to a new key and returns its ARN. The old one goes on signing by its own ARN or id.
    pub async fn rotate(&self) -> String {
        let key = self.background.compute(|| Key::new(&new_key())).await;
        let arn = key.arn.clone();
        self.shared.account.rotate(key);
        arn
    }

    /// From now on this key answers `DisabledException`, to `GetPublicKey` too, as in AWS.
    ///
    /// # Panics
    ///
    /// If there is no such key.
    pub fn disable(&self, arn: &str) {
        self.shared.account.disable(arn);
    }
}

fn new_key() -> PemKey {
    PemKey::generate(RsaKeySize::Rsa2048).unwrap()
}
