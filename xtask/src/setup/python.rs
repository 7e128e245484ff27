//! Pinned Python packages, each set in a virtual environment of its own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{cache, content_hash, once, require};
use crate::run::{root, succeed};

/// The Python that has what `tests/interop/python` pins.
pub(crate) fn interpreter() -> Result<PathBuf> {
    Ok(programs("python", "tests/interop/python/requirements.txt")?.join("python"))
}

/// The programs of the environment that has what a requirement file pins, `python` among them.
pub(crate) fn programs(name: &str, requirements: &str) -> Result<PathBuf> {
    let wrong = "Python 3.11 or newer is missing: install it (Debian: `python3`)";
    require("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 11))"], wrong)?;
    let wrong = "the module `venv` of python3 is missing: install it (Debian: `python3-venv`)";
    require("python3", &["-c", "import ensurepip, venv"], wrong)?;

    let requirements = root().join(requirements);
    let folder = cache()?.join(format!("{name}-{}", content_hash(&[&requirements])?));
    let programs = folder.join("bin");
    once(&folder, || {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        // The file names dependencies of dependencies too, so that nothing comes in unpinned.
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        succeed(Command::new(programs.join("python")).args(install).arg(&requirements))
    })?;
    Ok(programs)
}
