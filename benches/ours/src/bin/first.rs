//! Prints the CPU time in nanoseconds of the first mint after construction, and the median of the next 30.

use bench_ours::{claims, mint, minter};
use cobrowse_jwt::pem::PemKey;
use harness::{Cpu, private_key};

fn main() {
    let (minter, claims) = (minter(PemKey::from_pem(private_key(2048)).unwrap()), claims());
    let timed = || {
        let start = Cpu::THREAD.used();
        drop(mint(&minter, &claims));
        Cpu::THREAD.used().saturating_sub(start).as_nanos()
    };
    let first = timed();
    let mut next: Vec<_> = (0..30).map(|_| timed()).collect();
    next.sort_unstable();
    println!("{first} {}", next[next.len() / 2]);
}
