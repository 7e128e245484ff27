//! `instructions WORKLOAD COUNT`: repeats a workload for callgrind. The difference of two counts excludes the start of the program.

use std::hint::black_box;

use bench_ours::{NullKey, Verifying, claims, claims_with_conditions, mint, minter};
use cobrowse_jwt::AgentClaims;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [workload, count] = arguments.as_slice() else { panic!("usage: instructions WORKLOAD COUNT") };
    let times = 0..count.parse::<u32>().expect("COUNT is a number");
    match workload.as_str() {
        "verify" => {
            let verifying = Verifying::new(2048);
            times.for_each(|_| black_box(&verifying).whole());
        }
        "verify-raw" => {
            let verifying = Verifying::new(2048);
            times.for_each(|_| black_box(&verifying).raw());
        }
        mint => {
            let (minter, claims) = (minter(NullKey::source()), claims_of(mint));
            times.for_each(|_| drop(black_box(self::mint(black_box(&minter), black_box(&claims)))));
        }
    }
}

fn claims_of(workload: &str) -> AgentClaims {
    match workload.strip_prefix("mint-") {
        Some(conditions) => claims_with_conditions(conditions.parse().expect("a number of conditions")),
        None => claims(),
    }
}
