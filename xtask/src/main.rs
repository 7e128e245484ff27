//! `cargo xtask`: sets up what the tests need, and runs everything that CI runs.

mod bench;
mod check;
mod run;
mod services;
mod setup;
mod soak;
mod test;

use std::{env, path::Path, process::ExitCode};

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask <task>

  test [--require-all]         set up Node and Python packages, browsers, emulators of AWS KMS and OpenBao, and run every test;
                               with --require-all or CI=true, a test that cannot run is a failure
  check [--advisory-db PATH]   check formatting, lints, documentation, dependencies, licenses, advisories, counts, types of
                               other crates in public interfaces, packages and every combination of features; PATH is a
                               clone of the RustSec advisory database, which is downloaded otherwise
  bench [NAME]                 measure everything, or one group; the figures go to target/bench/summary.json
  bench --plot                 draw the mints of the last measurement beside those of other crates in docs/benchmark.svg
  bench --check                compare instructions, allocations and crates with benches/counts.json
  soak [MINUTES] [SEED]        mint with each remote source under random faults, for 20 minutes by default; emulators are
                               killed and restarted meanwhile
  services up                  start the emulators of AWS KMS and OpenBao in the background, and print the variables for tests
  services down                stop them";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["test"] => test::test(env::var_os("CI").is_some_and(|ci| ci == "true")),
        ["test", "--require-all"] => test::test(true),
        ["check"] => check::check(None),
        ["check", "--advisory-db", path] => check::check(Some(Path::new(path))),
        ["bench"] | ["bench", _] => bench::bench(&arguments[1..]),
        ["soak"] | ["soak", _] | ["soak", _, _] => soak::soak(&arguments[1..]),
        ["services", "up"] => services::up(),
        ["services", "down"] => services::down(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}
