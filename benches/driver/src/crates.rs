use std::collections::BTreeSet;

use anyhow::Result;
use xshell::{Shell, cmd};

/// Counts the crates that a user of a package compiles on this platform, including the package and without build dependencies.
pub(crate) fn below(package: &str, features: &str) -> Result<u32> {
    let (shell, format) = (Shell::new()?, "{p}");
    let tree = cmd!(
        shell,
        "cargo tree --locked --edges normal --prefix none --format {format} --package {package} --features={features}"
    );
    let tree = tree.quiet().read()?;
    // After the version come the path of a local crate and the mark of a repetition.
    let crates: BTreeSet<Vec<&str>> = tree.lines().map(|line| line.split(' ').take(2).collect()).collect();
    Ok(u32::try_from(crates.len())?)
}
