//! Prints `NAME COUNT` for each workload: its heap allocations and reallocations.

use allocation_counter::measure;
use bench_ours::{NullKey, Verifying, claims, mint, minter};

fn main() {
    let (minter, claims, verifying) = (minter(NullKey::source()), claims(), Verifying::new(2048));
    let workloads: [(&str, &dyn Fn()); 2] =
        [("mint", &|| drop(mint(&minter, &claims))), ("verify", &|| verifying.whole())];
    for (name, work) in workloads {
        work();
        println!("{name} {}", measure(work).count_total);
    }
}
