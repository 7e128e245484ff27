//! Who can read or replace a key file.

use std::{io, path::Path};

use super::report::Report;
use crate::{exit::Exit, failure::Failure, key::Key};

const NAME: &str = "permissions";

/// Reports the modes of the key file and its directories. `readable` is the failure of a file that others can read.
pub(super) fn check(key: &Key<'_>, readable: Option<Failure>, allow_readable_key: bool, report: &mut Report) {
    let Some(path) = key.path() else {
        return report.skipped(NAME, "an environment variable has none");
    };
    if cfg!(not(unix)) {
        return report.skipped(NAME, "not checked on this system");
    }
    let is_readable = readable.is_some();
    match readable {
        Some(failure) if allow_readable_key => report.warned(NAME, failure.message()),
        Some(failure) => report.failed(NAME, failure.with_hint("run chmod 600, or use --allow-readable-key")),
        None => {}
    }
    match directories(path) {
        Ok(Modes { problem: Some(problem), .. }) => report.failed(NAME, problem),
        Ok(modes) if !is_readable => {
            report.passed(NAME, format!("key file {:04o}, directory {:04o}", modes.file, modes.directory));
        }
        Ok(_) => {}
        Err(error) => {
            let failure = Failure::new(Exit::Refused, "failed to read the mode of the directory");
            report.failed(NAME, failure.with_source(&error));
        }
    }
}

struct Modes {
    file: u32,
    directory: u32,
    problem: Option<Failure>,
}

#[cfg(unix)]
fn directories(file: &Path) -> io::Result<Modes> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS_WRITE: u32 = 0o022;
    /// Only the owner of a file can replace it in such a directory.
    const STICKY: u32 = 0o1000;
    let mode = |path: &Path| Ok::<_, io::Error>(path.metadata()?.permissions().mode() & 0o7777);
    let mut modes = Modes { file: mode(file)?, directory: 0, problem: None };
    for (file, which) in
        [(&file.canonicalize()?, "directory of the link target"), (&file.to_owned(), "directory of the key file")]
    {
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        modes.directory = mode(directory)?;
        if modes.directory & OTHERS_WRITE != 0 && modes.directory & STICKY == 0 {
            let message = format!("{which} is group- or world-writable (mode {:04o})", modes.directory);
            modes.problem = Some(Failure::new(Exit::Refused, message).with_hint("run chmod go-w on it"));
        }
    }
    Ok(modes)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn directories(_: &Path) -> io::Result<Modes> {
    Ok(Modes { file: 0, directory: 0, problem: None })
}
