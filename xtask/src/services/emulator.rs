//! The emulators of AWS KMS that there are, and how each is started.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::run::{succeed, succeeds_within};
use crate::setup::{python, require};

/// All of them.
pub(crate) const EMULATORS: [Emulator; 3] = [
    Emulator { name: "LocalStack", prepare: localstack },
    Emulator { name: "MiniStack", prepare: ministack },
    Emulator { name: "moto", prepare: moto },
];

/// The image for machines with a Docker engine: the version of `localstack-requirements.txt`.
const LOCALSTACK_IMAGE: &str = "localstack/localstack:4.10.0";

/// An emulator of AWS KMS.
#[derive(Debug)]
pub(crate) struct Emulator {
    /// What its makers call it. Tests that need it have this in their name, in lower case.
    pub(crate) name: &'static str,
    /// Installs it, and answers the command that starts it on a port of its own, with a folder for its files.
    pub(crate) prepare: fn(&Path) -> Result<(Command, u16)>,
}

/// From Docker if an engine answers, else from Python.
fn localstack(folder: &Path) -> Result<(Command, u16)> {
    if succeeds_within(Duration::from_secs(2), Command::new("docker").arg("info")) {
        return localstack_image();
    }
    let mut command = Command::new(programs("localstack")?.join("python"));
    let port = free_port()?;
    command.args(["-m", "localstack.runtime.main"]).env("LOCALSTACK_FILESYSTEM_ROOT", folder).envs([
        // It ignores the host of an IPv4 address and listens on all interfaces; written as IPv6, loopback is loopback.
        ("GATEWAY_LISTEN", format!("[::ffff:127.0.0.1]:{port}").as_str()),
        ("SERVICES", "kms"),
        // Neither telemetry, nor a download of a certificate, nor a DNS server on port 53.
        ("DISABLE_EVENTS", "1"),
        ("SKIP_SSL_CERT_DOWNLOAD", "1"),
        ("DNS_ADDRESS", "0"),
    ]);
    Ok((command, port))
}

/// In the foreground: a signal to the client reaches the container, which is removed when it ends.
fn localstack_image() -> Result<(Command, u16)> {
    if require("docker", &["image", "inspect", LOCALSTACK_IMAGE], "").is_err() {
        succeed(Command::new("docker").args(["pull", "--quiet", LOCALSTACK_IMAGE]).stdout(std::io::stderr()))?;
    }
    let port = free_port()?;
    let mut command = Command::new("docker");
    command.args(["run", "--rm", "--env=SERVICES=kms", "--env=DISABLE_EVENTS=1", "--env=SKIP_SSL_CERT_DOWNLOAD=1"]);
    command.arg(format!("--publish=127.0.0.1:{port}:4566")).arg(LOCALSTACK_IMAGE);
    Ok((command, port))
}

fn ministack(_: &Path) -> Result<(Command, u16)> {
    let mut command = Command::new(programs("ministack")?.join("ministack"));
    let port = free_port()?;
    command.env("GATEWAY_PORT", port.to_string());
    command.envs([("BIND_HOST", "127.0.0.1"), ("SERVICES", "kms"), ("IOT_MTLS_ENABLED", "0")]);
    Ok((command, port))
}

fn moto(_: &Path) -> Result<(Command, u16)> {
    let mut command = Command::new(programs("moto")?.join("moto_server"));
    let port = free_port()?;
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    Ok((command, port))
}

/// The programs of the environment that `tests/services` pins for an emulator.
fn programs(name: &str) -> Result<PathBuf> {
    python::programs(name, &format!("tests/services/{name}-requirements.txt"))
}

/// A port that was free just now. Nothing holds it until the emulator does: one that comes too late ends with an error.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::root;

    fn requirements(name: &str) -> String {
        let name = format!("tests/services/{}-requirements.txt", name.to_lowercase());
        std::fs::read_to_string(root().join(name)).unwrap()
    }

    #[test]
    fn every_package_of_every_emulator_has_one_version() {
        for emulator in &EMULATORS {
            let requirements = requirements(emulator.name);
            for line in requirements.lines().filter(|line| !line.starts_with('#')) {
                let (package, version) = line.split_once("==").unwrap_or_else(|| panic!("{line} is not pinned"));
                assert!(!package.is_empty() && version.starts_with(|first: char| first.is_ascii_digit()), "{line}");
            }
        }
    }

    #[test]
    fn docker_and_python_have_the_same_localstack() {
        let (_, version) = LOCALSTACK_IMAGE.split_once(':').unwrap();
        assert!(requirements("LocalStack").lines().any(|line| line == format!("localstack-core=={version}")));
    }
}
