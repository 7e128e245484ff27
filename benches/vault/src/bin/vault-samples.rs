//! Tokens signed by Vault and the bare HTTP request, driven by [`harness::serve`].

use std::time::Duration;

fn main() {
    harness::serve(bench_vault::start().workloads(&[1, 64], &[("", Duration::ZERO)]));
}
