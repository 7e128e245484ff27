use std::{env::consts::EXE_SUFFIX, process::Command};

use anyhow::Result;

use super::cache;
use crate::run::{cargo, root, succeed};

/// A subcommand of Cargo in a pinned version.
#[derive(Debug)]
pub(crate) struct CargoTool {
    pub(crate) subcommand: &'static str,
    pub(crate) version: &'static str,
}

/// The types of other crates in public interfaces. A release reads one format of rustdoc's JSON: 0.5 that of Rust 1.95.
pub(crate) const CARGO_CHECK_EXTERNAL_TYPES: CargoTool =
    CargoTool { subcommand: "check-external-types", version: "0.5.0" };
/// Licenses, advisories and rules for dependencies.
pub(crate) const CARGO_DENY: CargoTool = CargoTool { subcommand: "deny", version: "0.20.2" };
/// Combinations of features.
pub(crate) const CARGO_HACK: CargoTool = CargoTool { subcommand: "hack", version: "0.6.46" };
/// Unused dependencies.
pub(crate) const CARGO_MACHETE: CargoTool = CargoTool { subcommand: "machete", version: "0.9.2" };

impl CargoTool {
    /// Builds the tool into the cache, unless it is there. Returns its command.
    pub(crate) fn set_up(&self) -> Result<impl Fn() -> Command + use<>> {
        let name = format!("cargo-{}", self.subcommand);
        let folder = cache()?.join(format!("{name}-{}", self.version));
        let program = folder.join("bin").join(format!("{name}{EXE_SUFFIX}"));
        if !program.exists() {
            // Cargo moves the finished program into place, so an interruption leaves none.
            let install = format!("install {name} --version {} --locked --root", self.version);
            // The tools run for seconds, and optimizing them takes minutes.
            let fast = [("LTO", "off"), ("CODEGEN_UNITS", "256"), ("OPT_LEVEL", "0")];
            let fast = fast.map(|(setting, value)| (format!("CARGO_PROFILE_RELEASE_{setting}"), value));
            succeed(cargo(&install).arg(&folder).envs(fast))?;
        }
        let subcommand = self.subcommand;
        Ok(move || {
            let mut command = Command::new(&program);
            // Cargo sets the variable for this program; cargo-machete reads it.
            command.current_dir(root()).arg(subcommand).env_remove("CARGO_PKG_NAME");
            command
        })
    }
}
