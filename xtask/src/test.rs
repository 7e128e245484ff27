mod programs;
mod results;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use self::{programs::Programs, results::Results};
use crate::run::{Report, cargo};

/// Runs every test. A test that needs another program is ignored by `cargo test`, and runs here if the program can be set up.
pub(crate) fn test(require_all: bool) -> Result<()> {
    let mut report = Report::default();
    let mut results = Results::default();
    report.step("tests without other programs", || {
        results.run(&mut cargo("test --no-fail-fast --workspace --all-features"))
    });
    let programs = Programs::set_up(&mut report);
    let mut chosen = Vec::new();
    let mut not_run = BTreeMap::<String, usize>::new();
    for test in &results.ignored {
        match programs.missing_for(test) {
            _ if test.is_reexec_helper() => {}
            None => chosen.push(test.name.clone()),
            Some(missing) => *not_run.entry(missing).or_default() += 1,
        }
    }
    if !chosen.is_empty() {
        report.step("tests with other programs", || {
            let mut cargo = cargo("test --no-fail-fast --workspace --all-features --lib --bins --tests");
            cargo.args(["--", "--ignored", "--exact"]).args(&chosen).envs(programs.variables.iter().cloned());
            let before = results.count();
            results.run(&mut cargo)?;
            // More would run if two programs had a test of the same name, and one of them needed a missing program.
            let count = results.count() - before;
            ensure!(count == chosen.len(), "{count} tests ran, expected {}", chosen.len());
            Ok(())
        });
    }
    report.step("tear-down: emulators", || programs.stop());
    // Both in the target folder of the workspace, which has most of the dependencies.
    report.step("both crypto features of jsonwebtoken", || {
        let place = "--manifest-path tests/feature-unification/Cargo.toml --target-dir target";
        results.run(&mut cargo(&format!("test --locked {place}")))
    });
    report.step("fuzz targets, bounded", || {
        let fuzz = "test --locked --manifest-path fuzz/Cargo.toml --no-default-features --target-dir target";
        results.run(&mut cargo(fuzz))
    });

    let finished = report.finish();
    let count: usize = not_run.values().sum();
    println!("\ntests: {} passed, {} failed, {count} not run", results.passed, results.failed);
    for (missing, count) in &not_run {
        println!("{count:>5} need {missing}");
    }
    finished?;
    ensure!(count == 0 || !require_all, "tests not run: {count}");
    Ok(())
}
