use std::path::Path;

use super::report::Report;
use crate::{exit::Exit, failure::Failure, key::Key};

const NAME: &str = "permissions";

/// Reports who else can read or replace the key file. `readable` is the error of a file that others can read. Opening the key has
/// refused every other insecure file and every world-writable directory.
pub(super) fn check(key: &Key<'_>, readable: Option<Failure>, allow_readable_key: bool, report: &mut Report) {
    let Some(path) = key.path() else {
        return report.skipped(NAME, "not checked: the key is in an environment variable");
    };
    let is_readable = readable.is_some();
    match readable {
        Some(failure) if allow_readable_key => report.warned(NAME, failure.message),
        Some(failure) => {
            let hint = "run chmod 600, or use --allow-readable-key";
            report.failed(NAME, Failure { exit: Exit::Refused, ..failure.with_hint(hint) });
        }
        None => {}
    }
    check_directories(path, is_readable, report);
}

#[cfg(unix)]
fn check_directories(path: &Path, is_readable: bool, report: &mut Report) {
    use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _};
    const STICKY: u32 = 0o1000;
    const GROUP_WRITES: u32 = 0o020;
    let mode = |path: &Path| path.metadata().map(|metadata| metadata.permissions().mode() & 0o7777);
    let modes = cobrowse_jwt::pem::key_file_directories(path).and_then(|directories| {
        let modes = directories.iter().map(|directory| Ok((directory.as_path().to_owned(), mode(directory)?)));
        Ok((mode(path)?, modes.collect::<std::io::Result<Vec<_>>>()?))
    });
    let (file, directories) = match modes {
        Ok(modes) => modes,
        Err(error) => {
            let failure = Failure::new(Exit::KeyUnavailable, "failed to read the mode of the key file");
            return report.failed(NAME, failure.with_source(&error));
        }
    };
    let mut is_warned = false;
    for (directory, mode) in &directories {
        if mode & GROUP_WRITES != 0 && mode & STICKY == 0 {
            let directory = crate::printable::path(directory);
            report.warned(NAME, format!("directory {directory} is group-writable (mode {mode:04o})"));
            is_warned = true;
        }
    }
    if !is_readable && !is_warned {
        let modes: BTreeSet<String> = directories.iter().map(|(_, mode)| format!("{mode:04o}")).collect();
        let modes: Vec<String> = modes.into_iter().collect();
        let noun = if directories.len() == 1 { "directory" } else { "directories" };
        report.passed(NAME, format!("key file {file:04o}, {noun} {}", modes.join(", ")));
    }
}

#[cfg(not(unix))]
fn check_directories(_: &Path, _: bool, report: &mut Report) {
    report.skipped(NAME, "not checked on this system");
}
