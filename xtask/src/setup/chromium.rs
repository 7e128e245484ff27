//! The browser of the end-to-end tests.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// Where Chromium is.
pub(crate) fn executable() -> Result<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join("chromium"));
    places.find(|place| place.is_file()).context("`chromium` is missing: install it (Debian: `chromium`)")
}
