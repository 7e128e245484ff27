//! `cargo xtask check`: everything that must hold besides the tests.

mod arrows;
mod deny;
mod features;
mod modules;
mod rust_version;
mod workspace;

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};

use self::workspace::Workspace;
use crate::bench;
use crate::run::{Report, cargo, succeed};

/// What is quick comes first.
pub(crate) fn check() -> ExitCode {
    let mut report = Report::default();
    report.step("formatting", || {
        succeed(&mut cargo("fmt --all --check"))?;
        succeed(&mut cargo("fmt --manifest-path tests/feature-unification/Cargo.toml --check"))?;
        succeed(&mut cargo("fmt --manifest-path benches/Cargo.toml --all --check"))
    });
    report.step("arrows inside core", modules::check);
    let workspace = report.step("cargo metadata", Workspace::read);
    if let Some(workspace) = &workspace {
        report.step("arrows between crates", || arrows::check(workspace));
        report.step("rust-version of each crate", || rust_version::check(workspace));
    }
    deny::check(&mut report);
    report.step("lints", || succeed(&mut cargo("clippy --workspace --all-targets --all-features -- --deny warnings")));
    report.step("lints of the benches", || {
        // In the build that the counts use. The peers are left out: two of them build a C library for minutes.
        let packages = "--package harness --package bench-ours --package bench-smallest --package bench-kms";
        let place = "--manifest-path benches/Cargo.toml --target-dir target/benches --release --locked";
        succeed(&mut cargo(&format!("clippy {place} {packages} --all-targets -- --deny warnings")))
    });
    report.step("counts of the benches", bench::counts);
    report.step("docs", || {
        let doc = "doc --workspace --lib --no-deps --all-features";
        succeed(cargo(doc).env("RUSTDOCFLAGS", "--deny warnings"))
    });
    if let Some(workspace) = &workspace {
        features::check(&mut report, workspace);
    }
    report.finish()
}

/// Nothing found is good; else all of it is one error.
fn none(violations: &[String]) -> Result<()> {
    if violations.is_empty() {
        return Ok(());
    }
    let mut list = String::new();
    for violation in violations {
        write!(list, "\n  {violation}")?;
    }
    bail!("{} found:{list}", violations.len())
}
