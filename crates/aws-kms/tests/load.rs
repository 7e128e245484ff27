//! 100,000 mints, three in ten of them dropped before they end, leak no task, connection, file or memory.
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
use cobrowse_jwt_core::{Minter, Verifier};
use cobrowse_jwt_fault_server::FaultServer;
use peak_alloc::PeakAlloc;
use support::{claims, kms_client, license_key};
use tokio::{
    runtime::Handle,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Counts the bytes that live on the heap, the server's as well.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const ROUNDS: usize = 3;
const MINTS: usize = 33_334;
const CONCURRENCY: usize = 256;

/// A client that closes a connection which has been idle for a second, where the SDK's own waits for 90: no test could.
///
/// 256 mints at once are more than a machine can answer in time, and deadlines have tests of their own.
fn client(server: &FaultServer) -> Client {
    let minute = Duration::from_mins(1);
    let timeouts = TimeoutConfig::builder().connect_timeout(minute).read_timeout(minute).operation_timeout(minute);
    let http = HttpClientBuilder::new().pool_idle_timeout(Duration::from_secs(1)).build_http();
    let config = kms_client(server.url()).config().to_builder().http_client(http).timeout_config(timeouts.build());
    Client::from_conf(config.build())
}

/// How mints ended.
#[derive(Default)]
struct Tally {
    begun: AtomicUsize,
    dropped: AtomicUsize,
}

impl Tally {
    /// Counts one more, unless there are enough.
    fn begin(&self) -> bool {
        self.begun.fetch_add(1, Ordering::Relaxed) < MINTS
    }

    /// So far, fewer than three in ten have been dropped.
    fn may_drop(&self) -> bool {
        self.dropped.load(Ordering::Relaxed) * 10 < self.begun.load(Ordering::Relaxed) * 3
    }
}

/// Polls the future so often and no more.
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

/// Mints, and may drop that after some time or after some progress.
async fn mint_or_drop(minter: &Minter, random: &mut fastrand::Rng, tally: &Tally) {
    let claims = claims();
    let mint = minter.mint(&claims);
    // More mints are told to end early than may be dropped: on a fast machine many are ready before that.
    let outcome = match random.u8(..4) {
        0 | 1 if tally.may_drop() => timeout(Duration::from_micros(random.u64(..40_000)), mint).await.ok(),
        2 if tally.may_drop() => polled(random.usize(1..=3), mint).await,
        _ => Some(mint.await),
    };
    match outcome {
        Some(token) => drop(token.unwrap()),
        None => drop(tally.dropped.fetch_add(1, Ordering::Relaxed)),
    }
}

async fn round(minter: &Minter, number: usize) {
    let tally = Arc::new(Tally::default());
    let mut workers = JoinSet::new();
    for worker in 0..CONCURRENCY {
        let (minter, tally) = (minter.clone(), Arc::clone(&tally));
        let mut random = fastrand::Rng::with_seed((number * CONCURRENCY + worker) as u64);
        workers.spawn(async move {
            while tally.begin() {
                mint_or_drop(&minter, &mut random, &tally).await;
            }
        });
    }
    workers.join_all().await;
    let dropped = tally.dropped.load(Ordering::Relaxed);
    assert!((MINTS * 28 / 100..=MINTS * 32 / 100).contains(&dropped), "{dropped} were dropped");
}

/// What is still there once everything has had time to end.
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
async fn one_hundred_thousand_mints_leave_nothing_behind() {
    let server = FaultServer::start().await;
    // Looked at so often that mints are dropped while they wait for it, too.
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
