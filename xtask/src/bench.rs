//! `cargo xtask bench`: the measurements, ours beside the peers', and the counts that must not grow.

mod check;
mod compare;
mod crates;
mod figure;
mod groups;
mod instructions;
mod machine;
mod programs;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use self::figure::Figures;
use crate::run::root;

pub(crate) use self::check::counts;

/// Where the figures of the last run stand, below the root of the clone.
const SUMMARY: &str = "target/bench/summary.json";

/// Measures everything but what is slow, or what the name names.
pub(crate) fn bench(name: Option<&str>) -> ExitCode {
    end(measure(name))
}

/// Compares the counts with those that are committed.
pub(crate) fn check() -> ExitCode {
    end(counts())
}

fn end(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A target that is missed is said in the figure's line and fails nothing: what must hold anywhere is checked by counts.
fn measure(name: Option<&str>) -> Result<()> {
    let chosen: Vec<_> =
        groups::ALL.iter().filter(|group| name.map_or(!group.is_slow, |name| name == group.name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = groups::ALL.iter().map(|group| group.name).collect();
        bail!("no measurement has this name; there are {}", names.join(", "));
    }
    let machine = machine::describe()?;
    println!("{machine}");
    let mut figures = Figures::default();
    let mut failed = Vec::new();
    for group in chosen {
        if let Err(error) = (group.measure)(&mut figures) {
            println!("{}: not measured: {error:#}", group.name);
            failed.push(group.name);
        }
    }
    let summary = root().join(SUMMARY);
    fs::create_dir_all(summary.with_file_name("")).context("cannot create the folder of the summary")?;
    fs::write(&summary, figures.to_json(&machine)).with_context(|| format!("cannot write {}", summary.display()))?;
    println!("{SUMMARY}");
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
}
