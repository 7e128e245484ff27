//! Whoever may write in a folder may put another key in the place of the one in it.

use std::{io, path::Path};

/// What is wrong with the folder of the file, or with that of the file that it links to.
#[cfg(unix)]
pub(super) fn fault(file: &Path) -> io::Result<Option<String>> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS_WRITE: u32 = 0o022;
    /// Only its owner may replace a file in such a folder.
    const STICKY: u32 = 0o1000;
    for (file, which) in
        [(file, "the key's folder"), (&file.canonicalize()?, "the folder that the key's link leads to")]
    {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mode = folder.metadata()?.permissions().mode() & 0o7777;
        if mode & OTHERS_WRITE != 0 && mode & STICKY == 0 {
            return Ok(Some(format!(
                "others than its owner may write in {which} (mode {mode:03o}), and so replace the key; take that right away, \
                 for example with `chmod go-w`"
            )));
        }
    }
    Ok(None)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(super) fn fault(_: &Path) -> io::Result<Option<String>> {
    Ok(None)
}
