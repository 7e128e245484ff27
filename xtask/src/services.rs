//! `cargo xtask services`: the emulators of AWS KMS, for the tests and for working by hand.

mod emulator;
mod process;
mod state;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use self::emulator::{EMULATORS, Emulator};
use self::process::{Life, Service};
use crate::run::Report;
use crate::setup::{cache, lock};

/// `services up`: starts what does not run yet, and prints how the tests find all of it.
pub(crate) fn up() -> ExitCode {
    said(|| {
        let folder = folder()?;
        let _lock = lock(&folder)?;
        let mut services = state::read(&folder)?;
        services.retain(|service| service.is_running().unwrap_or(true));
        let mut missing = Vec::new();
        for emulator in &EMULATORS {
            if let Err(error) = keep_up(emulator, &folder, &mut services) {
                eprintln!("{}: {error:#}", emulator.name);
                missing.push(emulator.name);
            }
        }
        for service in &services {
            let (name, url) = setting(service);
            println!("export {name}={url}");
        }
        ensure!(missing.is_empty(), "not started: {}", missing.join(", "));
        Ok(())
    })
}

/// `services down`: stops what `up` has started.
pub(crate) fn down() -> ExitCode {
    said(|| {
        let folder = folder()?;
        let _lock = lock(&folder)?;
        let services = state::read(&folder)?;
        if services.is_empty() {
            println!("no services are up");
        }
        for service in services {
            let was = if service.is_running()? { "stopped" } else { "had ended already" };
            service.stop()?;
            println!("{} {was}", service.name);
        }
        remove(&folder)
    })
}

/// The services of one run of the tests.
#[derive(Debug)]
pub(crate) struct ForTests {
    /// Those that answer.
    running: Vec<Service>,
    /// The names of those that could not be set up.
    pub(crate) missing: Vec<&'static str>,
    /// Their files.
    folder: PathBuf,
}

impl ForTests {
    /// Starts all, each in a step. Those that someone has brought up for working by hand are left alone.
    pub(crate) fn start(report: &mut Report) -> ForTests {
        let folder = std::env::temp_dir().join(format!("cobrowse-jwt-services-{}", std::process::id()));
        let mut services = ForTests { running: Vec::new(), missing: Vec::new(), folder };
        for emulator in &EMULATORS {
            let service = report.step(&format!("set-up: {}", emulator.name), || {
                let service = Service::start(emulator, &services.folder, Life::Ours)?;
                service.wait_until_it_answers(&services.folder).or_else(|error| service.stop().and(Err(error)))?;
                Ok(service)
            });
            match service {
                Some(service) => services.running.push(service),
                None => services.missing.push(emulator.name),
            }
        }
        services
    }

    /// The variables by which tests find those that run.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (String, String)> {
        self.running.iter().map(setting)
    }

    /// Stops them.
    pub(crate) fn stop(self) -> Result<()> {
        self.running.iter().try_for_each(Service::stop)?;
        remove(&self.folder)
    }
}

/// Makes sure that an emulator runs and answers, and that `down` will find it.
fn keep_up(emulator: &Emulator, folder: &Path, services: &mut Vec<Service>) -> Result<()> {
    let started = services.iter().position(|service| service.name == emulator.name);
    // Taken out, and put back when it answers; meanwhile the file has it, so that an interrupted `up` can be undone.
    let service = if let Some(at) = started {
        services.remove(at)
    } else {
        eprintln!("{}: starting", emulator.name);
        let service = Service::start(emulator, folder, Life::Endless)?;
        state::write(folder, services.iter().chain([&service]))?;
        service
    };
    let answers = service.wait_until_it_answers(folder);
    if answers.is_ok() {
        services.push(service);
    } else {
        service.stop()?;
    }
    state::write(folder, services.iter())?;
    answers
}

/// The variable by which tests find a service, and its value.
fn setting(service: &Service) -> (String, String) {
    (format!("COBROWSE_TEST_{}", service.name.to_uppercase()), format!("http://127.0.0.1:{}", service.port))
}

/// Where the services of `up` live. Not in the target folder: cleaning it must not make them unstoppable.
fn folder() -> Result<PathBuf> {
    Ok(cache()?.join("services"))
}

/// Removes what services have written, if they have.
fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Says what went wrong, if anything did.
fn said(task: impl FnOnce() -> Result<()>) -> ExitCode {
    task().map_or_else(
        |error| {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
