use std::process::Command;

use anyhow::{Result, bail};

use super::{RUSTDOC, metadata::packages};
use crate::run::{root, succeed};

/// Checks the types of other crates in public interfaces. Each manifest has a list of those that are allowed.
pub(super) fn check(external_types: &impl Fn() -> Command) -> Result<()> {
    let mut failed = Vec::new();
    for package in packages()?.iter().filter(|package| package.is_published() && package.is_library()) {
        let mut check = external_types();
        check.arg("--all-features").arg("--manifest-path").arg(&package.manifest_path);
        // The tool reads rustdoc's JSON, which is unstable.
        if let Err(error) = succeed(check.env("RUSTDOC", root().join(RUSTDOC))) {
            failed.push(error.to_string());
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
}
