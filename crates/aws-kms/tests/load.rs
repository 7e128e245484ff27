//! 100,000 mints, at least a fifth of them dropped before they end, leak no task, connection, file or memory.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use aws_smithy_http_client::Builder as HttpClientBuilder;
use cobrowse_jwt_aws_kms::{
    AwsKmsKey,
    aws_sdk_kms::{Client, config::timeout::TimeoutConfig},
};
use cobrowse_jwt_core::{AgentToken, Minter, Verifier};
use cobrowse_jwt_fault_server::{FaultServer, claims, license_key};
use peak_alloc::PeakAlloc;
use support::kms_client;
use tokio::{
    runtime::Handle,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Counts the bytes on the heap, those of the server included.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const ROUNDS: usize = 3;
const MINTS: usize = 33_334;
const CONCURRENCY: usize = 256;

/// Returns a client that closes a connection after one idle second; the default is 90.
///
/// The timeouts are long, because 256 concurrent mints can take longer than the deadlines, which have their own tests.
fn client(server: &FaultServer) -> Client {
    let minute = Duration::from_mins(1);
    let timeouts = TimeoutConfig::builder().connect_timeout(minute).read_timeout(minute).operation_timeout(minute);
    let http = HttpClientBuilder::new().pool_idle_timeout(Duration::from_secs(1)).build_http();
    let config = kms_client(server.url()).config().to_builder().http_client(http).timeout_config(timeouts.build());
    Client::from_conf(config.build())
}

/// How the mints of a round ended.
#[derive(Default)]
struct Tally {
    begun: AtomicUsize,
    dropped: AtomicUsize,
}

impl Tally {
    /// Counts another mint and returns its number, up to the number of mints in a round.
    fn begin(&self) -> Option<usize> {
        Some(self.begun.fetch_add(1, Ordering::Relaxed)).filter(|&number| number < MINTS)
    }
}

/// Polls the future at most so often.
async fn polled<T>(mut polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        polls -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(ready) => Poll::Ready(Some(ready)),
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Mints. Every fourth mint is dropped after its first poll, when the server cannot have answered. Another fourth is dropped after some
/// time or some progress, unless it has ended by then.
async fn mint_or_drop(minter: &Minter, random: &mut fastrand::Rng, number: usize) -> Option<AgentToken> {
    let claims = claims();
    let mint = minter.mint(&claims);
    let result = match number % 4 {
        0 => polled(1, mint).await,
        1 if random.bool() => polled(random.usize(2..=3), mint).await,
        1 => timeout(Duration::from_micros(random.u64(..40_000)), mint).await.ok(),
        _ => Some(mint.await),
    };
    result.map(Result::unwrap)
}

async fn round(minter: &Minter, number: usize) {
    let tally = Arc::new(Tally::default());
    let mut workers = JoinSet::new();
    for worker in 0..CONCURRENCY {
        let (minter, tally) = (minter.clone(), Arc::clone(&tally));
        let mut random = fastrand::Rng::with_seed((number * CONCURRENCY + worker) as u64);
        workers.spawn(async move {
            while let Some(number) = tally.begin() {
                if mint_or_drop(&minter, &mut random, number).await.is_none() {
                    tally.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    workers.join_all().await;
    let dropped = tally.dropped.load(Ordering::Relaxed);
    // Fewer than a fourth, in case the operating system pauses a thread in the middle of a first poll.
    assert!(dropped >= MINTS / 5, "{dropped} were dropped");
}

/// What is left once everything has had time to end.
#[derive(Clone, Copy, Debug)]
struct Remains {
    tasks: usize,
    connections: usize,
    files: usize,
    heap: usize,
}

impl Remains {
    async fn of(server: &FaultServer) -> Self {
        for _ in 0..100 {
            if server.open_connections() == 0 {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        sleep(Duration::from_millis(500)).await;
        Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            connections: server.open_connections(),
            files: fs::read_dir("/proc/self/fd").unwrap().count(),
            heap: HEAP.current_usage(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; `cargo xtask test` runs it"]
async fn one_hundred_thousand_mints_leak_nothing() {
    let server = FaultServer::start().await;
    // Expires so often that mints are also dropped while they wait for a lookup.
    let source = AwsKmsKey::builder(&client(&server), FaultServer::ALIAS)
        .refresh_after(Duration::from_millis(50))
        .max_age(Duration::from_millis(200))
        .operation_timeout(Duration::from_mins(1))
        .build()
        .unwrap();
    let minter = Minter::new(license_key(), source);
    minter.mint(&claims()).await.unwrap();
    let before = Remains::of(&server).await;

    let mut after = [before; ROUNDS];
    for (number, after) in after.iter_mut().enumerate() {
        round(&minter, number).await;
        *after = Remains::of(&server).await;
        assert_eq!((after.tasks, after.connections), (before.tasks, 0), "round {number}: {before:?}, {after:?}");
        assert_eq!(after.files, before.files, "round {number}");
    }
    let [_, second, third] = after;
    assert!(third.heap.abs_diff(second.heap) * 10 <= second.heap, "{after:?}");

    let verifier = Verifier::new(license_key(), server.public_key());
    for _ in 0..1_000 {
        verifier.verify(minter.mint(&claims()).await.unwrap().expose_secret()).unwrap();
    }
    drop(minter);
    let last = Remains::of(&server).await;
    assert_eq!((last.tasks, last.connections), (0, 0), "{last:?}");
}
