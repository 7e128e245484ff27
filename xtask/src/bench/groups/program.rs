//! What a program that mints weighs, and how it starts.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::super::compare::Rounds;
use super::super::crates;
use super::super::figure::{Figures, Target};
use super::super::programs;
use crate::run::{cargo, root, succeed};

const SMALLEST: &str = "bench-smallest";

/// How many crates a user compiles.
pub(super) fn crates(figures: &mut Figures) -> Result<()> {
    figures.add("crates, default features", count(crates::by_default()?), "crates", Target::AtMost(75.0));
    let (all, sdk) = crates::with_aws_kms()?;
    let target = Target::AtMost(count(sdk) + 75.0);
    figures.add("crates, with aws-kms", count(all), "crates", target);
    figures.info("crates, the lean AWS SDK alone", count(sdk), "crates");
    Ok(())
}

/// A number of crates.
fn count(crates: usize) -> f64 {
    f64::from(u16::try_from(crates).unwrap_or(u16::MAX))
}

/// The stripped release program that mints from PEM.
pub(super) fn size(figures: &mut Figures) -> Result<()> {
    programs::build(SMALLEST)?;
    let stripped = root().join("target/bench/smallest");
    succeed(Command::new("strip").arg("-o").arg(&stripped).arg(programs::path(SMALLEST)))?;
    let bytes = u32::try_from(fs::metadata(&stripped)?.len())?;
    figures.add("program that mints from PEM, stripped", f64::from(bytes) / 1e6, "MB", Target::AtMost(3.3));
    Ok(())
}

/// From the start of a process to its end, which is right after its first token.
pub(super) fn start(figures: &mut Figures) -> Result<()> {
    let key = programs::keys()?.join("private-2048.pem");
    programs::build(SMALLEST)?;
    let mut rounds = Vec::new();
    for _ in 0..31 {
        let start = Instant::now();
        let status = Command::new(programs::path(SMALLEST)).arg(&key).stdout(Stdio::null()).status()?;
        ensure!(status.success(), "{SMALLEST} failed ({status})");
        rounds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let rounds: Rounds = rounds.into_iter().collect();
    figures.info("cold start to first token", rounds.min(), "ms");
    figures.info("cold start to first token, median", rounds.median(), "ms");
    Ok(())
}

/// From nothing but downloaded sources to a program.
pub(super) fn build_time(figures: &mut Figures) -> Result<()> {
    let target = root().join("target/bench/clean");
    for (name, package) in [("default features", SMALLEST), ("aws-kms", "bench-kms")] {
        if target.exists() {
            fs::remove_dir_all(&target).context("cannot remove the last build")?;
        }
        let fetch = "fetch --quiet --locked --manifest-path benches/Cargo.toml";
        succeed(&mut cargo(fetch))?;
        let build = "build --quiet --release --locked --manifest-path benches/Cargo.toml --target-dir";
        let start = Instant::now();
        succeed(cargo(build).arg(&target).args(["--package", package]))?;
        figures.info(&format!("clean release build, {name}"), start.elapsed().as_secs_f64(), "s");
    }
    fs::remove_dir_all(&target).context("cannot remove the build")
}
