//! The dependencies, the size and the start of a program that mints.

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::{
    crates,
    figure::{Figures, Target},
    programs,
    rounds::Rounds,
};

const SMALLEST: &str = "bench-smallest";

/// The crates that a user compiles.
pub(crate) fn crates(figures: &mut Figures) -> Result<()> {
    for (name, package, features, target) in [
        ("crates, core alone", "cobrowse-jwt-core", "", Target::AtMost(35.0)),
        ("crates, default features", "cobrowse-jwt", "", Target::AtMost(45.0)),
        ("crates, with aws-kms", "cobrowse-jwt", "aws-kms", Target::None),
    ] {
        figures.add(name, f64::from(crates::below(package, features)?), "crates", target);
    }
    Ok(())
}

/// The stripped release program that mints from a PEM file.
pub(crate) fn size(figures: &mut Figures) -> Result<()> {
    programs::build(SMALLEST)?;
    let (stripped, program, shell) = ("target/bench/smallest", programs::path(SMALLEST), Shell::new()?);
    cmd!(shell, "strip -o {stripped} {program}").run()?;
    let bytes = u32::try_from(fs::metadata(stripped)?.len())?;
    figures.add("program that mints from PEM, stripped", f64::from(bytes) / 1e6, "MB", Target::AtMost(3.3));
    Ok(())
}

/// The lifetime of a process that mints one token.
pub(crate) fn start(figures: &mut Figures) -> Result<()> {
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

/// A clean release build from downloaded sources.
pub(crate) fn build_time(figures: &mut Figures) -> Result<()> {
    let (shell, target) = (Shell::new()?, "target/bench/clean");
    for (name, package) in [("default features", SMALLEST), ("aws-kms", "bench-kms")] {
        shell.remove_path(target)?;
        cmd!(shell, "cargo fetch --quiet --locked --manifest-path benches/Cargo.toml").run()?;
        let build = "build --quiet --release --locked --manifest-path benches/Cargo.toml --target-dir".split(' ');
        let start = Instant::now();
        cmd!(shell, "cargo {build...} {target} --package {package}").run()?;
        figures.info(&format!("clean release build, {name}"), start.elapsed().as_secs_f64(), "s");
    }
    Ok(shell.remove_path(target)?)
}
