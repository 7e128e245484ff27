//! The emulators of AWS KMS and a Vault server, for `cargo xtask test` and `cargo xtask services`.

mod emulator;
mod process;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

pub(crate) use self::{
    emulator::{EMULATORS, Emulator, openbao_program},
    process::{Lifetime, Service, soak_command},
};
use crate::setup::{cache, lock};

/// Starts the emulators that do not run, and prints the variables by which tests find all of them.
pub(crate) fn up() -> Result<()> {
    let folder = folder()?;
    let _lock = lock(&folder)?;
    let mut failed = Vec::new();
    for emulator in &EMULATORS {
        match ensure_running(emulator, &folder) {
            Ok(service) => println!("export {}={}", emulator.variable(), service.url()),
            Err(error) => {
                eprintln!("{}: {error:#}", emulator.name);
                failed.push(emulator.name);
            }
        }
    }
    // Some tests start a server of their own, to seal and kill it.
    if let Ok(program) = openbao_program() {
        println!("export COBROWSE_TEST_OPENBAO_PROGRAM={}", program.display());
    }
    ensure!(failed.is_empty(), "not started: {}", failed.join(", "));
    Ok(())
}

/// Stops what `up` has started.
pub(crate) fn down() -> Result<()> {
    let folder = folder()?;
    let _lock = lock(&folder)?;
    for emulator in &EMULATORS {
        let folder = folder.join(emulator.name);
        if let Some(service) = Service::read(&folder)? {
            service.stop()?;
            println!("{} stopped", emulator.name);
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
        }
    }
    Ok(())
}

/// Returns the service of an earlier `up`, or starts one. An interrupted start can be stopped by `down`.
fn ensure_running(emulator: &Emulator, folder: &Path) -> Result<Service> {
    let folder = folder.join(emulator.name);
    let earlier = Service::read(&folder)?.filter(|service| service.is_running().unwrap_or(true));
    let mut service = if let Some(service) = earlier {
        service
    } else {
        eprintln!("{}: starting", emulator.name);
        let service = Service::start(emulator, &folder, Lifetime::Detached)?;
        service.write(&folder)?;
        service
    };
    service.wait_until_ready(emulator, &folder)?;
    Ok(service)
}

/// Outside of the target folder, because cleaning that would leave services that `down` cannot stop.
fn folder() -> Result<PathBuf> {
    Ok(cache()?.join("services"))
}
