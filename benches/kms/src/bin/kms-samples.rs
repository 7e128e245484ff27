//! Tokens signed by AWS KMS and the bare SDK call, driven by [`harness::serve`].

use std::time::Duration;

use bench_kms::Calls;
use harness::{Workload, serve};

fn main() {
    let calls = &Calls::new();
    let mut workloads: Vec<Workload<'_>> = vec![("verify-raw".into(), Box::new(move |count| calls.verify(count)))];
    for concurrency in [1, 64, 256] {
        for (name, latency) in [("", Duration::ZERO), ("-late", Duration::from_millis(20))] {
            let bare = move |count| {
                calls.latency(latency);
                calls.bare(concurrency, count);
            };
            let mint = move |count| {
                calls.latency(latency);
                calls.mint(concurrency, count);
            };
            let bare_and_verify = move |count| {
                calls.latency(latency);
                calls.bare_and_verify(concurrency, count);
            };
            workloads.push((format!("bare-{concurrency}{name}"), Box::new(bare)));
            workloads.push((format!("bare-verify-{concurrency}{name}"), Box::new(bare_and_verify)));
            workloads.push((format!("mint-{concurrency}{name}"), Box::new(mint)));
        }
    }
    serve(workloads);
}
