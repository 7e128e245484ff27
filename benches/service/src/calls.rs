use std::{hint::black_box, sync::Arc, time::Duration};

use bench_ours::{Verifying, claims, clock, license_key};
use cobrowse_jwt::{AgentClaims, KeySource, Minter, SigningInput};
use harness::Workload;
use tokio::runtime::{self, Runtime};

use crate::Stub;

/// The call of a service that a mint makes.
pub trait BareCall: Clone + Send + Sync + 'static {
    /// The message that each call signs.
    const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");

    /// Makes the call.
    fn call(&self) -> impl Future<Output = ()> + Send;
}

/// Signs with one client on one thread: bare calls, and whole tokens.
#[derive(Debug)]
pub struct Calls<B> {
    runtime: Runtime,
    stub: Stub,
    bare: B,
    minter: Minter,
    claims: Arc<AgentClaims>,
    verifying: Arc<Verifying>,
}

impl<B: BareCall> Calls<B> {
    /// Creates the workloads from a stub, its bare client and a key source.
    #[must_use]
    pub fn new(stub: Stub, bare: B, source: impl KeySource + 'static) -> Self {
        Self {
            runtime: runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            stub,
            bare,
            // The time is fixed, so that the stub signs once and caches the signature.
            minter: Minter::builder(license_key(), source).clock(clock).build(),
            claims: Arc::new(claims()),
            verifying: Arc::new(Verifying::new(2048)),
        }
    }

    /// Returns the workloads for [`harness::serve`], for each concurrency and each latency.
    pub fn workloads<'a>(&'a self, concurrencies: &[u32], latencies: &[(&str, Duration)]) -> Vec<Workload<'a>> {
        let mut workloads: Vec<Workload<'_>> = vec![("verify-raw".into(), Box::new(|count| self.verify(count)))];
        for &concurrency in concurrencies {
            for &(name, latency) in latencies {
                let mut add = |work: &str, run: fn(&Self, u32, u32)| {
                    let run = move |count| {
                        self.stub.latency(latency);
                        run(self, concurrency, count);
                    };
                    workloads.push((format!("{work}-{concurrency}{name}"), Box::new(run)));
                };
                add("bare", Self::bare);
                add("bare-verify", Self::bare_and_verify);
                add("mint", Self::mint);
            }
        }
        workloads
    }

    /// Makes bare calls.
    pub fn bare(&self, concurrency: u32, count: u32) {
        let bare = self.bare.clone();
        self.repeat(concurrency, count, move || {
            let bare = bare.clone();
            async move { bare.call().await }
        });
    }

    /// Makes bare calls, each followed by a verification.
    fn bare_and_verify(&self, concurrency: u32, count: u32) {
        let (bare, verifying) = (self.bare.clone(), Arc::clone(&self.verifying));
        self.repeat(concurrency, count, move || {
            let (bare, verifying) = (bare.clone(), Arc::clone(&verifying));
            async move {
                bare.call().await;
                verifying.raw();
            }
        });
    }

    /// Mints tokens.
    pub fn mint(&self, concurrency: u32, count: u32) {
        let (minter, claims) = (self.minter.clone(), Arc::clone(&self.claims));
        self.repeat(concurrency, count, move || {
            let (minter, claims) = (minter.clone(), Arc::clone(&claims));
            async move { drop(minter.mint(&claims).await.unwrap()) }
        });
    }

    /// Verifies a signature, as each mint does.
    fn verify(&self, count: u32) {
        (0..count).for_each(|_| black_box(&self.verifying).raw());
    }

    fn repeat<F: Future<Output = ()> + Send + 'static>(
        &self,
        concurrency: u32,
        count: u32,
        call: impl Fn() -> F + Clone + Send + 'static,
    ) {
        self.runtime.block_on(async {
            let workers = (0..concurrency).map(|_| {
                let call = call.clone();
                tokio::spawn(async move {
                    for _ in 0..count / concurrency {
                        call().await;
                    }
                })
            });
            for worker in workers.collect::<Vec<_>>() {
                worker.await.unwrap();
            }
        });
    }
}
