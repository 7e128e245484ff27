//! Reading a small regular file that only its owner may change.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

use zeroize::Zeroizing;

use crate::{PemError, problem::Problem};

/// What a key file held, and which file it was.
pub(super) struct Contents {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) stamp: Stamp,
}

impl Contents {
    const LIMIT: usize = 64 * 1024;

    pub(super) fn read(path: &Path, strict_permissions: bool) -> Result<Self, PemError> {
        if path.as_os_str().to_string_lossy().contains("-----BEGIN ") {
            return Err(Problem::KeyInsteadOfPath.into());
        }
        let file = open(path).map_err(|error| not_opened(path, error))?;
        let unreadable = |error| PemError::io(Problem::Read, error);
        // Asked of the open file, so that it is the one that is read.
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(Problem::Directory.into());
        }
        if !metadata.is_file() {
            return Err(Problem::NotRegularFile.into());
        }
        check_permissions(path, &metadata, strict_permissions)?;

        // Room for all at once, so that growing leaves no copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LIMIT + 64));
        file.take(Self::LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > Self::LIMIT {
            return Err(Problem::FileTooLarge.into());
        }
        Ok(Self { bytes, stamp: Stamp::of(&metadata) })
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Opening a FIFO would wait for a writer.
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

fn not_opened(path: &Path, error: io::Error) -> PemError {
    match error.kind() {
        io::ErrorKind::NotFound if path.symlink_metadata().is_ok() => Problem::BrokenSymlink.into(),
        io::ErrorKind::NotFound => Problem::NotFound.into(),
        io::ErrorKind::PermissionDenied => Problem::PermissionDenied.into(),
        io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => {
            Problem::InvalidPath.into()
        }
        _ if is_loop(&error) => Problem::InvalidPath.into(),
        // A socket cannot be opened at all.
        _ if path.metadata().is_ok_and(|metadata| !metadata.is_file()) => Problem::NotRegularFile.into(),
        _ => PemError::io(Problem::Read, error),
    }
}

#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_loop(_: &io::Error) -> bool {
    false
}

#[cfg(unix)]
fn check_permissions(path: &Path, metadata: &Metadata, strict: bool) -> Result<(), PemError> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS_WRITE: u32 = 0o022;
    const OTHERS_READ: u32 = 0o044;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS_WRITE != 0 {
        return Err(Problem::WritableByOthers { mode }.into());
    }
    if mode & OTHERS_READ != 0 {
        if strict {
            return Err(Problem::ReadableByOthers { mode }.into());
        }
        tracing::warn!(?path, mode = format_args!("{mode:03o}"), "others than its owner may read the key file");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_permissions(_: &Path, _: &Metadata, _: bool) -> Result<(), PemError> {
    Ok(())
}

/// Which file it was, and in which state: another stamp means that there may be another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    #[cfg(unix)]
    file: (u64, u64),
    /// Two changes within a tick of the file system's clock have one time, and a `chmod` may follow at once.
    #[cfg(unix)]
    rights: (u32, u32),
    /// Moves with the contents, the mode and the owner, and nobody can set it back.
    #[cfg(unix)]
    changed: (i64, i64),
    modified: Option<std::time::SystemTime>,
    length: u64,
}

impl Stamp {
    pub(super) fn of_path(path: &Path) -> Option<Self> {
        path.metadata().ok().as_ref().map(Self::of)
    }

    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            #[cfg(unix)]
            file: (metadata.dev(), metadata.ino()),
            #[cfg(unix)]
            rights: (metadata.mode(), metadata.uid()),
            #[cfg(unix)]
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            modified: metadata.modified().ok(),
            length: metadata.len(),
        }
    }
}
