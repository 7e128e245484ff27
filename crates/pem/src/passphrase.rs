use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use zeroize::Zeroizing;

use crate::{printable_path, thread::run_blocking};

/// The passphrase of an encrypted key. Clones share its memory, which is wiped when the last one is dropped. `Debug` redacts it.
#[derive(Clone)]
pub struct Passphrase(Arc<Zeroizing<String>>);

impl Passphrase {
    /// Returns a passphrase. Leading and trailing spaces are part of it.
    #[must_use]
    pub fn new(passphrase: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(passphrase.into())))
    }

    /// Reads the passphrase from a file with one line of at most 4 KiB, on a new thread. The line break is not part of it. The file can
    /// be a pipe.
    ///
    /// # Errors
    ///
    /// A [`KeyError`], which contains neither the path nor the text.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let path = path.into();
        run_blocking(move || Self::open_blocking(path)).await?
    }

    /// Reads the passphrase from a file, as [`Passphrase::open`]. **Blocks.**
    ///
    /// # Errors
    ///
    /// As [`Passphrase::open`].
    pub fn open_blocking(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        const LIMIT: usize = 4 * 1024;
        let file = File::open(&path).map_err(unreadable)?;
        warn_if_readable_by_others(path.as_ref(), &file);
        // Large enough for the whole file, so that growing leaves no copy in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 64));
        file.take(LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > LIMIT {
            return Err(invalid("passphrase file exceeds 4 KiB"));
        }
        let text = str::from_utf8(&bytes).map_err(|_| invalid("passphrase file is not UTF-8"))?;
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if line.contains(['\n', '\r']) {
            return Err(invalid("passphrase file has more than one line"));
        }
        if line.is_empty() { Err(invalid("passphrase file is empty")) } else { Ok(Self::new(line)) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase(..)")
    }
}

fn invalid(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidKey, message).with_hint("use a file with the passphrase alone, on one line")
}

fn unreadable(error: io::Error) -> KeyError {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    let (kind, hint) = match error.kind() {
        PermissionDenied => (KeyErrorKind::AccessDenied, "grant this process read access to the file"),
        NotFound | NotADirectory | IsADirectory | InvalidInput => (KeyErrorKind::NotFound, "check the path"),
        _ => (KeyErrorKind::Unavailable, "check the disk or network file system, and the limit of open files"),
    };
    KeyError::new(kind, "failed to read the passphrase file").with_hint(hint).with_source(error)
}

#[cfg(unix)]
fn warn_if_readable_by_others(path: &Path, file: &File) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = file.metadata() else { return };
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_file() && mode & 0o044 != 0 {
        let (path, mode) = (printable_path(path), format!("{mode:04o}"));
        tracing::warn!(target: "cobrowse_jwt_pem", path, %mode, "passphrase file is group- or world-readable");
    }
}

#[cfg(not(unix))]
fn warn_if_readable_by_others(_: &Path, _: &File) {}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, fs};

    use super::*;

    #[test]
    fn open_returns_the_line_without_its_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        for text in ["correct horse ", "correct horse \n", "correct horse \r\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(pollster::block_on(Passphrase::open(&path)).unwrap().as_bytes(), b"correct horse ");
        }
    }

    #[test]
    fn open_of_unusable_file_returns_error_without_path_and_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (text, message) in [
            (&b"secret\nsecret\n"[..], "passphrase file has more than one line"),
            (b"secret\xff", "passphrase file is not UTF-8"),
            (b"\n", "passphrase file is empty"),
            (&[b's'; 4_097], "passphrase file exceeds 4 KiB"),
        ] {
            fs::write(&path, text).unwrap();
            let error = Passphrase::open_blocking(&path).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
        let error = Passphrase::open_blocking(folder.path().join("missing-secret")).unwrap_err();
        assert_eq!(error.kind(), KeyErrorKind::NotFound);
        assert!(error.source().is_some() && !format!("{error:?}").contains("missing-secret"));
    }
}
