//! Tokens signed by AWS KMS and the bare SDK call, driven by [`harness::serve`].

use std::time::Duration;

fn main() {
    let latencies = [("", Duration::ZERO), ("-late", Duration::from_millis(20))];
    harness::serve(bench_kms::start().workloads(&[1, 64, 256], &latencies));
}
