use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use super::{cache, content_hash, once, require};
use crate::run::{root, succeed};

/// Installs the packages that `tests/interop/node` pins, and returns their `node_modules` folder.
pub(crate) fn modules() -> Result<PathBuf> {
    let is_version_20 = "process.exit(Number(process.versions.node.split('.')[0] < 20))";
    require("node", &["-e", is_version_20], "Node.js 20 or newer is missing; on Debian: apt-get install nodejs")?;
    require("npm", &["--version"], "npm is missing; on Debian: apt-get install npm")?;

    let source = root().join("tests/interop/node");
    let [package, lock] = ["package.json", "package-lock.json"].map(|file| source.join(file));
    let folder = cache()?.join(format!("node-{}", content_hash(&[&package, &lock])?));
    once(&folder, || {
        for file in [&package, &lock] {
            let copy = folder.join(file.file_name().context("no file name")?);
            fs::copy(file, &copy).with_context(|| format!("failed to write {}", copy.display()))?;
        }
        // No package needs its install script.
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        succeed(Command::new("npm").args(install).current_dir(&folder))
    })?;
    Ok(folder.join("node_modules"))
}
