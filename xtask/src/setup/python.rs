use std::{path::PathBuf, process::Command};

use anyhow::Result;

use super::{cache, content_hash, once, require};
use crate::run::{root, succeed};

/// Installs a requirement file into a virtual environment, and returns the folder of its programs.
pub(crate) fn programs(name: &str, requirements: &str) -> Result<PathBuf> {
    let is_version_3_11 = "import sys; sys.exit(sys.version_info < (3, 11))";
    require(
        "python3",
        &["-c", is_version_3_11],
        "Python 3.11 or newer is missing; on Debian: apt-get install python3",
    )?;
    let no_venv = "the Python module venv is missing; on Debian: apt-get install python3-venv";
    require("python3", &["-c", "import ensurepip, venv"], no_venv)?;

    let requirements = root().join(requirements);
    let build_requirements = root().join("tests/services/build-requirements.txt");
    let folder = cache()?.join(format!("{name}-{}", content_hash(&[&build_requirements, &requirements])?));
    let programs = folder.join("bin");
    once(&folder, || {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        // The files list indirect dependencies too, so that everything is pinned.
        let install =
            "-m pip install --disable-pip-version-check --no-deps --require-hashes --no-build-isolation --requirement";
        for requirements in [&build_requirements, &requirements] {
            let mut pip = Command::new(programs.join("python"));
            // The standard output of `cargo xtask services up` is for `eval`.
            succeed(pip.args(install.split(' ')).arg(requirements).stdout(std::io::stderr()))?;
        }
        Ok(())
    })?;
    Ok(programs)
}
