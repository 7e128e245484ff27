//! Prints the nanoseconds from spawning a light task until it runs on a runtime of two workers, as median and 99th percentile: on an idle
//! runtime, and while mints use half of the workers' time.

use std::{
    hint::black_box,
    sync::{Arc, mpsc},
    thread::sleep,
    time::{Duration, Instant},
};

use bench_ours::{claims, mint, minter};
use cobrowse_jwt::{AgentClaims, Minter, pem::PemKey};
use harness::private_key;
use tokio::runtime::{self, Runtime};

const LASTING: Duration = Duration::from_secs(5);

fn main() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let (minter, claims) = (minter(PemKey::from_pem(private_key(2048)).unwrap()), Arc::new(claims()));
    let start = Instant::now();
    (0..128).for_each(|_| drop(mint(&minter, &claims)));
    let one = start.elapsed() / 128;

    // One mint per duration of a mint uses half of two workers.
    let idle = delays(&runtime, one, || {});
    let busy = delays(&runtime, one, || {
        let (minter, claims): (Minter, Arc<AgentClaims>) = (minter.clone(), Arc::clone(&claims));
        runtime.spawn(async move { drop(black_box(minter.mint(&claims).await.unwrap())) });
    });
    for delays in [idle, busy] {
        let at = |percent: usize| delays[delays.len() * percent / 100].as_nanos();
        println!("{} {}", at(50), at(99));
    }
}

/// Spawns load and a light task at each tick, and returns the delays in ascending order.
fn delays(runtime: &Runtime, tick: Duration, load: impl Fn()) -> Vec<Duration> {
    let (sender, ran) = mpsc::channel();
    let start = Instant::now();
    let mut next = start;
    while next < start + LASTING {
        load();
        let (sender, spawned) = (sender.clone(), Instant::now());
        runtime.spawn(async move { sender.send(spawned.elapsed()).unwrap() });
        next += tick;
        sleep(next.saturating_duration_since(Instant::now()));
    }
    drop(sender);
    let mut delays: Vec<_> = ran.iter().collect();
    delays.sort_unstable();
    delays
}
