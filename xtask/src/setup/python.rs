//! Pinned JWT libraries for Python, in a virtual environment of their own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{cache, content_hash, once, require};
use crate::run::{root, succeed};

/// The Python that has what `tests/interop/python` pins.
pub(crate) fn interpreter() -> Result<PathBuf> {
    let wrong = "Python 3.11 or newer is missing: install it (Debian: `python3`)";
    require("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 11))"], wrong)?;
    let wrong = "the module `venv` of python3 is missing: install it (Debian: `python3-venv`)";
    require("python3", &["-c", "import ensurepip, venv"], wrong)?;

    let requirements = root().join("tests/interop/python/requirements.txt");
    let folder = cache()?.join(format!("python-{}", content_hash(&[&requirements])?));
    let python = folder.join("bin/python");
    once(&folder, || {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        // The file names dependencies of dependencies too, so that nothing comes in unpinned.
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        succeed(Command::new(&python).args(install).arg(&requirements))
    })?;
    Ok(python)
}
