//! `cargo-deny`, in the one version that `deny.toml` is written for.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::cache;
use crate::run::{cargo, succeed};

/// The version that we want.
const VERSION: &str = "0.20.2";

/// The program: the installed one where it is of this version, else one of our own, built once.
pub(crate) fn program() -> Result<PathBuf> {
    let installed = PathBuf::from("cargo-deny");
    if is_wanted(&installed) {
        return Ok(installed);
    }
    let folder = cache()?.join(format!("cargo-deny-{VERSION}"));
    let own = folder.join("bin/cargo-deny");
    if !is_wanted(&own) {
        // Interrupted, it leaves no program behind: Cargo moves the finished one into place.
        succeed(cargo(&format!("install cargo-deny --version {VERSION} --locked --root")).arg(&folder))?;
    }
    Ok(own)
}

/// Whether the program is there, and of our version.
fn is_wanted(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == format!("cargo-deny {VERSION}").as_bytes())
}
