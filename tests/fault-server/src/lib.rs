//! A test server for AWS KMS and Vault that fails on demand. Emulators do not.
//!
//! Implements `GetPublicKey` and `Sign` in the JSON protocol of KMS, and the same calls of the transit secrets engine of Vault, over plain
//! HTTP, with a [`Fault`] for each observed failure of a network, a proxy or the service itself. Validates requests, but not credentials.

mod account;
mod background;
mod connection;
mod fault;
mod fixtures;
mod http;
mod plan;
mod response;
#[cfg(test)]
mod tests;
mod vault;
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
pub use fixtures::{claims, license_key};

use account::{Account, Key};
use background::Background;
use plan::Plan;

/// A KMS on a free port of 127.0.0.1, with one RSA-2048 key under [`FaultServer::ALIAS`].
///
/// Runs on two separate threads, so that a test can count the tasks of its runtime and pause its clock. Dropping the server closes every
/// connection.
#[derive(Debug)]
pub struct FaultServer {
    background: Background,
    shared: Arc<Shared>,
    url: String,
}

/// The state that connections share with the test.
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
    /// The name of the key in Vault, whose versions are the keys that the alias has named.
    pub const KEY: &'static str = "test";
    /// The account in every ARN.
    pub const ACCOUNT: &'static str = "123456789012";
    /// The Region in every ARN.
    pub const REGION: &'static str = "eu-central-1";

    /// Starts a server with a new key.
    pub async fn start() -> Self {
        let background = Background::new();
        let key = background.compute(new_key).await;
        Self::start_on(background, &key).await
    }

    /// Starts a server with this key.
    pub async fn start_with_key(key: &PemKey) -> Self {
        Self::start_on(Background::new(), key).await
    }

    async fn start_on(background: Background, key: &PemKey) -> Self {
        background.compute(|| account::unrelated_key().arn.len()).await;
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

    /// Returns the endpoint, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the ARN of the key that the alias names now.
    #[must_use]
    pub fn arn(&self) -> String {
        self.shared.account.current().arn.clone()
    }

    /// Returns the ARN of the alias.
    #[must_use]
    pub fn alias_arn(&self) -> String {
        account::arn(Self::ALIAS)
    }

    /// Returns the public key that the alias names now.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.shared.account.current().public.clone()
    }

    /// Returns how many requests for this operation have arrived, including retries of the SDK.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> usize {
        self.shared.plan.calls(operation)
    }

    /// Returns the `KeyId` of the latest request for this operation.
    #[must_use]
    pub fn last_key_id(&self, operation: Operation) -> Option<String> {
        self.shared.plan.last_key_id(operation)
    }

    /// Returns how many connections are open. The server notices a closed connection a little later, so poll for a number.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.shared.open_connections.load(Ordering::SeqCst)
    }

    /// Returns how many connections were accepted.
    #[must_use]
    pub fn accepted_connections(&self) -> usize {
        self.shared.accepted_connections.load(Ordering::SeqCst)
    }

    /// Schedules a fault for the next responses to this operation, after the faults scheduled before.
    ///
    /// # Panics
    ///
    /// Panics if the operation does not have this fault.
    pub fn fault(&self, operation: Operation, fault: Fault, times: Times) {
        let is_possible = matches!(fault, Fault::Status(_)) || Fault::all_for(operation).contains(&fault);
        assert!(is_possible, "{operation:?} has no {fault:?}");
        self.shared.plan.fault(operation, fault, times);
    }

    /// Removes every scheduled fault. Latency, disabled keys and silent connections stay.
    pub fn clear_faults(&self) {
        self.shared.plan.clear_faults();
    }

    /// Sets how long the server waits before each response; zero by default.
    pub fn latency(&self, latency: Duration) {
        self.shared.plan.set_latency(latency);
    }

    /// Moves the alias to a new key and returns its ARN. The old key still signs under its own ARN or id.
    pub async fn rotate(&self) -> String {
        let key = self.background.compute(|| Key::new(&new_key())).await;
        let arn = key.arn.clone();
        self.shared.account.rotate(key);
        arn
    }

    /// Disables this key: both operations return `DisabledException`, as in AWS. In Vault, its version is below `min_encryption_version`.
    ///
    /// # Panics
    ///
    /// Panics if the account does not contain this key.
    pub fn disable(&self, arn: &str) {
        self.shared.account.disable(arn);
    }
}

fn new_key() -> PemKey {
    PemKey::generate(RsaKeySize::Rsa2048).unwrap()
}
