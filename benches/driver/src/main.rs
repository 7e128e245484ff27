//! `driver [NAME]` measures this SDK beside its peers; `driver --check` compares the counts that must not grow; `driver --plot` draws
//! the mints of the last measurement.
//!
//! Run by `cargo xtask bench`, at the root of the clone.

mod counts;
mod crates;
mod figure;
mod groups;
mod instructions;
mod machine;
mod plot;
mod programs;
mod rounds;

use std::{env, fs, process::ExitCode};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use self::figure::Figures;

/// The figures of the last run.
const SUMMARY: &str = "target/bench/summary.json";

fn main() -> ExitCode {
    let argument = env::args().nth(1);
    let result = match argument.as_deref() {
        Some("--check") => counts::check(),
        Some("--plot") => plot::plot(),
        name => measure(name),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one group, or every group that is not slow. A missed target is printed and is not a failure.
fn measure(name: Option<&str>) -> Result<()> {
    let chosen: Vec<_> =
        groups::ALL.iter().filter(|group| name.map_or(!group.is_slow, |name| name == group.name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = groups::ALL.iter().map(|group| group.name).collect();
        bail!("unknown group; the groups are {}", names.join(", "));
    }
    let shell = Shell::new()?;
    let machine = machine::describe(&shell)?;
    let date = cmd!(shell, "date --utc +%F").quiet().read()?;
    let command = ["cargo xtask bench"].into_iter().chain(name).collect::<Vec<_>>().join(" ");
    println!("{machine}");
    let mut figures = Figures::default();
    let mut failed = Vec::new();
    for group in chosen {
        if let Err(error) = (group.measure)(&mut figures) {
            println!("{}: not measured: {error:#}", group.name);
            failed.push(group.name);
        }
    }
    fs::create_dir_all("target/bench").context("failed to create target/bench")?;
    fs::write(SUMMARY, figures.to_json(&machine, &date, &command))
        .with_context(|| format!("failed to write {SUMMARY}"))?;
    println!("{SUMMARY}");
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
}
