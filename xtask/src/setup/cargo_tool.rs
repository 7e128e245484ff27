use std::{path::Path, process::Command};

use anyhow::Result;

use super::cache;
use crate::run::{cargo, root, succeed};

/// A subcommand of Cargo in a pinned version.
#[derive(Debug)]
pub(crate) struct CargoTool {
    pub(crate) subcommand: &'static str,
    pub(crate) version: &'static str,
}

/// Licenses, advisories and rules for dependencies.
pub(crate) const CARGO_DENY: CargoTool = CargoTool { subcommand: "deny", version: "0.20.2" };
/// Combinations of features.
pub(crate) const CARGO_HACK: CargoTool = CargoTool { subcommand: "hack", version: "0.6.46" };

impl CargoTool {
    /// Builds the tool into the cache, unless it is there or installed in this version. Returns its command.
    pub(crate) fn set_up(&self) -> Result<impl Fn() -> Command + use<>> {
        let name = format!("cargo-{}", self.subcommand);
        let folder = cache()?.join(format!("{name}-{}", self.version));
        let cached = folder.join("bin").join(&name);
        let program = if self.is_version(Path::new(&name)) { name.clone().into() } else { cached };
        if !self.is_version(&program) {
            // Cargo moves the finished program into place, so an interruption leaves none.
            let install = format!("install {name} --version {} --locked --root", self.version);
            succeed(cargo(&install).arg(&folder))?;
        }
        let subcommand = self.subcommand;
        Ok(move || {
            let mut command = Command::new(&program);
            command.current_dir(root()).arg(subcommand);
            command
        })
    }

    fn is_version(&self, program: &Path) -> bool {
        let expected = format!("cargo-{} {}", self.subcommand, self.version);
        let output = Command::new(program).args([self.subcommand, "--version"]).output();
        output.is_ok_and(|output| output.stdout.trim_ascii() == expected.as_bytes())
    }
}
