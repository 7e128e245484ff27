//! What `services up` leaves for the next `up` and for `down`: a line for each service.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::process::Service;

/// The file in the services' folder.
const FILE: &str = "running";

/// The services that were started and not stopped, whether they still run or not.
pub(super) fn read(folder: &Path) -> Result<Vec<Service>> {
    let file = folder.join(FILE);
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let services = text.lines().map(parse).collect::<Option<_>>();
    services.with_context(|| format!("{} was not written by this program", file.display()))
}

/// Replaces what was there.
pub(super) fn write<'a>(folder: &Path, services: impl Iterator<Item = &'a Service>) -> Result<()> {
    let line = |service: &Service| {
        let Service { name, port, pid, command, .. } = service;
        format!("{name} {port} {pid} {command}\n")
    };
    let file = folder.join(FILE);
    let text: String = services.map(line).collect();
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Reads one line.
fn parse(line: &str) -> Option<Service> {
    let mut words = line.splitn(4, ' ');
    Some(Service {
        name: words.next()?.into(),
        port: words.next()?.parse().ok()?,
        pid: words.next()?.parse().ok()?,
        command: words.next()?.into(),
        guard: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = std::env::temp_dir().join(format!("xtask-state-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(read(&folder).unwrap().is_empty());

        let command = "/a folder/bin/python -m module".to_owned();
        let service = Service { name: "moto".into(), port: 4566, pid: 7, command, guard: None };
        write(&folder, [&service, &service].into_iter()).unwrap();
        let [first, _] = &read(&folder).unwrap()[..] else { panic!("two services") };
        assert_eq!(
            (first.name.as_str(), first.port, first.pid, first.command.as_str()),
            ("moto", 4566, 7, "/a folder/bin/python -m module")
        );

        fs::write(folder.join(FILE), "moto x 7 python\n").unwrap();
        assert!(read(&folder).unwrap_err().to_string().ends_with("was not written by this program"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
