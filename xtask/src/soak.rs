use std::env;

use anyhow::Result;

use crate::{
    run::{cargo, succeed},
    services::{EMULATORS, openbao_program, soak_command},
};

/// Runs the example `soak` of the tests, which starts the emulators and OpenBao with the commands that it gets.
pub(crate) fn soak(arguments: &[&str]) -> Result<()> {
    let folder = env::temp_dir().join(format!("cobrowse-jwt-soak-{}", std::process::id()));
    let mut soak = cargo("run --quiet --package cobrowse-jwt-tests --all-features --example soak --");
    for emulator in EMULATORS.iter().filter(|emulator| ["localstack", "ministack"].contains(&emulator.name)) {
        let (url, command) = soak_command(emulator, &folder.join(emulator.name))?;
        soak.env(emulator.variable(), url).env(format!("{}_COMMAND", emulator.variable()), command);
    }
    soak.env("COBROWSE_TEST_OPENBAO_PROGRAM", openbao_program()?);
    let result = succeed(soak.args(arguments));
    std::fs::remove_dir_all(folder)?;
    result
}
