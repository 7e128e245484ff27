//! Pinned packages for Node.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{cache, content_hash, once, require};
use crate::run::{root, succeed};

/// The `node_modules` folder with what `tests/interop/node` pins.
pub(crate) fn modules() -> Result<PathBuf> {
    let wrong = "Node.js 20 or newer is missing: install it with npm (Debian: `nodejs` and `npm`)";
    require("node", &["-e", "process.exit(Number(process.versions.node.split('.')[0] < 20))"], wrong)?;
    require("npm", &["--version"], "`npm` is missing: install it (Debian: `npm`)")?;

    let source = root().join("tests/interop/node");
    let [package, lock] = ["package.json", "package-lock.json"].map(|file| source.join(file));
    let folder = cache()?.join(format!("node-{}", content_hash(&[&package, &lock])?));
    once(&folder, || {
        for file in [&package, &lock] {
            let copy = folder.join(file.file_name().context("a file has a name")?);
            fs::copy(file, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
        }
        // No package's script runs here: none of them needs its own.
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        succeed(Command::new("npm").args(install).current_dir(&folder))
    })?;
    Ok(folder.join("node_modules"))
}
