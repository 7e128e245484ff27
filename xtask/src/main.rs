//! `cargo xtask ...`: sets up what the tests need, and runs everything that CI runs.

mod bench;
mod check;
mod run;
mod services;
mod setup;
mod test;

use std::process::ExitCode;

/// What `cargo xtask` alone prints.
const USAGE: &str = "\
usage: cargo xtask <task>

  test           set up packages for Node and Python and the emulators of AWS KMS, and run every test
  check          formatting, lints, docs, licences, advisories, counts, feature combinations and the arrows between crates
  bench [NAME]   measure, ours beside the peers', everything or what is named; figures in target/bench/summary.json
  bench --check  compare the counts that must not grow with the committed ones: instructions, allocations, crates
  services up    start the emulators in the background, for working by hand
  services down  stop them";

/// Runs the one task that the command line names.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => test::test(),
        ["check"] => check::check(),
        ["bench"] => bench::bench(None),
        ["bench", "--check"] => bench::check(),
        ["bench", name] if !name.starts_with('-') => bench::bench(Some(name)),
        ["services", "up"] => services::up(),
        ["services", "down"] => services::down(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::FAILURE
        }
    }
}
