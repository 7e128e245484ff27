use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};

use crate::run::{Report, root, status_within, succeed};

const DATABASE: &str = "https://github.com/RustSec/advisory-db";

/// It is a few megabytes.
const FETCH_TIMEOUT: Duration = Duration::from_mins(1);

/// Checks for advisories, with a clone of the database if a path is given. Without a path and without a network, the step is not run.
pub(super) fn check(report: &mut Report, deny: &impl Fn() -> Command, clone: Option<&Path>) {
    // A separate step, so that an error of the network differs from an advisory.
    let name = "set-up: advisory database";
    let fetched = match clone {
        Some(clone) => report.step(name, || fetch(deny(), Some(clone))),
        None => report.optional_step(name, || fetch(deny(), None)).ok(),
    };
    if fetched.is_some() {
        report.step("advisories", || {
            succeed(deny().args(["--locked", "--offline", "check", "advisories"]))?;
            let outside = [("benches", "benches"), ("fuzz", "."), ("tests/feature-unification", "benches")];
            for (folder, config) in outside.into_iter().filter(|(folder, _)| root().join(folder).exists()) {
                let place = format!("--manifest-path {folder}/Cargo.toml --config {config}/deny.toml --all-features");
                succeed(deny().args(place.split(' ')).args([
                    "--locked",
                    "--offline",
                    "check",
                    "advisories",
                    "sources",
                ]))?;
            }
            Ok(())
        });
    } else {
        report.not_run("advisories");
    }
}

fn fetch(mut deny: Command, clone: Option<&Path>) -> Result<()> {
    deny.args(["--locked", "fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    if let Some(clone) = clone {
        let clone = clone.canonicalize().with_context(|| format!("failed to find {}", clone.display()))?;
        // cargo-deny has no option for a path, but it runs git, which replaces the URL.
        let key = format!("url.{}.insteadOf", clone.display());
        let settings = [("COUNT", "1"), ("KEY_0", key.as_str()), ("VALUE_0", DATABASE)];
        deny.envs(settings.map(|(name, value)| (format!("GIT_CONFIG_{name}"), value)));
    }
    let status = status_within(FETCH_TIMEOUT, &mut deny).context("failed to start cargo-deny")?;
    ensure!(status.is_some_and(|status| status.success()), "failed to fetch the database");
    Ok(())
}
