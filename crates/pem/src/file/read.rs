//! Reading a small regular file that no one else can replace.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    path::Path,
    time::SystemTime,
};

use zeroize::Zeroizing;

use super::permissions::Permissions;
use crate::{PemError, problem::Problem};

/// The contents of a key file, and the state of the file.
pub(super) struct Contents {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) fingerprint: FileFingerprint,
}

impl Contents {
    const LIMIT: usize = 64 * 1024;

    pub(super) fn read(path: &Path, permissions: Permissions) -> Result<Self, PemError> {
        if path.as_os_str().to_string_lossy().contains("-----BEGIN ") {
            return Err(Problem::KeyInsteadOfPath.into());
        }
        let file = open(path).map_err(|error| open_error(path, error))?;
        let read_error = |error| PemError::io(Problem::Read, error);
        // The metadata of the open file, not of the path: this is the file that is read.
        let metadata = file.metadata().map_err(read_error)?;
        if metadata.is_dir() {
            return Err(Problem::Directory.into());
        }
        if !metadata.is_file() {
            return Err(Problem::NotRegularFile.into());
        }
        permissions.check(path, &metadata)?;

        // Allocated once: growing would leave copies in freed memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LIMIT + 64));
        file.take(Self::LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(read_error)?;
        if bytes.len() > Self::LIMIT {
            return Err(Problem::FileTooLarge.into());
        }
        Ok(Self { bytes, fingerprint: FileFingerprint::of(&metadata) })
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // Without `NONBLOCK`, opening a FIFO waits for a writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn open_error(path: &Path, error: io::Error) -> PemError {
    match error.kind() {
        io::ErrorKind::NotFound if path.symlink_metadata().is_ok() => Problem::BrokenSymlink.into(),
        io::ErrorKind::NotFound => Problem::NotFound.into(),
        io::ErrorKind::PermissionDenied => Problem::PermissionDenied.into(),
        io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => {
            Problem::InvalidPath.into()
        }
        _ if is_symlink_loop(&error) => Problem::InvalidPath.into(),
        // Opening a socket fails.
        _ if path.metadata().is_ok_and(|metadata| !metadata.is_file()) => Problem::NotRegularFile.into(),
        _ => PemError::io(Problem::Read, error),
    }
}

#[cfg(unix)]
fn is_symlink_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_symlink_loop(_: &io::Error) -> bool {
    false
}

/// The state of a file. If it differs, the file may contain another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileFingerprint {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    /// Two changes within one tick of the file system's clock have the same time, and the second can be a `chmod`.
    #[cfg(unix)]
    mode_and_owner: (u32, u32),
    /// Changes with the contents, the mode and the owner, and cannot be set.
    #[cfg(unix)]
    status_changed: (i64, i64),
    modified: Option<SystemTime>,
    length: u64,
}

impl FileFingerprint {
    pub(super) fn of_path(path: &Path) -> Option<Self> {
        path.metadata().ok().as_ref().map(Self::of)
    }

    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            #[cfg(unix)]
            device_and_inode: (metadata.dev(), metadata.ino()),
            #[cfg(unix)]
            mode_and_owner: (metadata.mode(), metadata.uid()),
            #[cfg(unix)]
            status_changed: (metadata.ctime(), metadata.ctime_nsec()),
            modified: metadata.modified().ok(),
            length: metadata.len(),
        }
    }
}
