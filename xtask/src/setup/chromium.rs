//! The browser of the end-to-end tests.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::require;

/// Where Chromium is.
pub(crate) fn executable() -> Result<PathBuf> {
    require("chromium", &["--version"], "`chromium` is missing: install it (Debian: `chromium`)")?;
    let folders = std::env::var_os("PATH").context("PATH is not set")?;
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join("chromium"));
    places.find(|place| place.is_file()).context("`chromium` is in no folder of PATH")
}
