//! Prints `NAME COUNT` for each workload: its heap allocations, including reallocations, without those of the stub's thread.

use allocation_counter::measure;

fn main() {
    const COUNT: u32 = 100;
    let calls = bench_kms::start();
    calls.bare(1, COUNT);
    calls.mint(1, COUNT);
    let per_call = |work: &dyn Fn(u32)| {
        (measure(|| work(2 * COUNT)).count_total - measure(|| work(COUNT)).count_total) / u64::from(COUNT)
    };
    println!("kms-bare {}", per_call(&|count| calls.bare(1, count)));
    println!("kms-mint {}", per_call(&|count| calls.mint(1, count)));
}
