//! Who else can read or replace the key file.

#[cfg(unix)]
use std::collections::BTreeSet;
use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::Metadata,
    io,
    path::{Component, Path, PathBuf},
};

#[cfg(unix)]
use super::events;
use crate::PemError;
#[cfg(unix)]
use crate::problem::Problem;

/// The checks that apply to a key file and its directories, on Unix.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Permissions {
    pub(super) strict: bool,
    pub(super) allow_foreign_owner: bool,
}

#[cfg(unix)]
impl Permissions {
    pub(super) fn check(self, path: &Path, file: &Metadata) -> Result<(), PemError> {
        use std::os::unix::fs::MetadataExt as _;
        self.check_owner(file.uid(), rustix::process::geteuid().as_raw())?;
        self.check_mode(path, file.mode() & 0o7777)?;
        let unreadable = |error| PemError::io(Problem::Read, error);
        let directories = key_file_directories(path).map_err(unreadable)?;
        directories.iter().try_for_each(|directory| check_directory(directory))?;
        // Anyone who can write to a directory can replace the directories in it.
        let ancestors = ancestors(&directories).map_err(unreadable)?;
        ancestors.iter().try_for_each(|ancestor| refuse_world_writable(ancestor).map(drop))
    }

    fn check_owner(self, owner: u32, effective_user: u32) -> Result<(), Problem> {
        const ROOT: u32 = 0;
        if self.allow_foreign_owner || owner == effective_user || owner == ROOT {
            Ok(())
        } else {
            Err(Problem::ForeignOwner { owner })
        }
    }

    fn check_mode(self, path: &Path, mode: u32) -> Result<(), Problem> {
        const OTHERS_WRITE: u32 = 0o022;
        const OTHERS_READ: u32 = 0o044;
        if mode & OTHERS_WRITE != 0 {
            return Err(Problem::WritableByOthers { mode });
        }
        if mode & OTHERS_READ != 0 {
            if self.strict {
                return Err(Problem::ReadableByOthers { mode });
            }
            events::readable_by_others(path, mode);
        }
        Ok(())
    }
}

#[cfg(unix)]
fn check_directory(path: &Path) -> Result<(), PemError> {
    const GROUP_WRITES: u32 = 0o020;
    let mode = refuse_world_writable(path)?;
    if mode & (GROUP_WRITES | STICKY) == GROUP_WRITES {
        events::directory_writable_by_group(path, mode);
    }
    Ok(())
}

/// With the sticky bit, only the owner of an entry can replace it.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

#[cfg(unix)]
fn refuse_world_writable(directory: &Path) -> Result<u32, PemError> {
    use std::os::unix::fs::MetadataExt as _;
    const WORLD_WRITES: u32 = 0o002;
    let metadata = directory.metadata().map_err(|error| PemError::io(Problem::Read, error).at(directory))?;
    let mode = metadata.mode() & 0o7777;
    if mode & (WORLD_WRITES | STICKY) == WORLD_WRITES {
        return Err(PemError::from(Problem::WorldWritableDirectory { mode }).at(directory));
    }
    Ok(mode)
}

#[cfg(unix)]
fn ancestors(directories: &[PathBuf]) -> io::Result<BTreeSet<PathBuf>> {
    let mut ancestors = BTreeSet::new();
    for directory in directories {
        ancestors.extend(directory.canonicalize()?.ancestors().skip(1).map(Path::to_owned));
    }
    Ok(ancestors)
}

#[cfg(not(unix))]
impl Permissions {
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on Unix")]
    pub(super) fn check(self, _: &Path, _: &Metadata) -> Result<(), PemError> {
        Ok(())
    }
}

/// Returns the directories that contain the file or a symbolic link on the way to it. Anyone with write access to one of them can replace
/// the key.
///
/// # Errors
///
/// An [`io::Error`] if a component of the path does not exist or cannot be read, or if there are more than 40 links.
pub fn key_file_directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    const MAX_LINKS: usize = 40;
    let mut directories = Vec::new();
    let mut links = 0;
    let mut resolved = PathBuf::from(".");
    let mut rest: VecDeque<OsString> = components(path).collect();
    while let Some(component) = rest.pop_front() {
        let directory = resolved.clone();
        resolved.push(&component);
        let is_link = resolved.symlink_metadata()?.is_symlink();
        if is_link {
            links += 1;
            if links > MAX_LINKS {
                return Err(io::Error::other("too many levels of symbolic links"));
            }
            for component in components(&resolved.read_link()?).collect::<Vec<_>>().into_iter().rev() {
                rest.push_front(component);
            }
            resolved.clone_from(&directory);
        }
        if (is_link || rest.is_empty()) && !directories.contains(&directory) {
            directories.push(directory);
        }
    }
    Ok(directories)
}

fn components(path: &Path) -> impl Iterator<Item = OsString> {
    let significant = path.components().filter(|component| *component != Component::CurDir);
    significant.map(|component| component.as_os_str().to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    const DEFAULT: Permissions = Permissions { strict: false, allow_foreign_owner: false };

    #[test]
    fn check_owner_accepts_effective_user_and_root_only() {
        for (owner, effective_user, accepted) in [
            (1000, 1000, true),
            (0, 1000, true),
            (0, 0, true),
            (1001, 1000, false),
            (1000, 0, false),
            (65534, 0, false),
        ] {
            let checked = DEFAULT.check_owner(owner, effective_user);
            assert_eq!(checked, if accepted { Ok(()) } else { Err(Problem::ForeignOwner { owner }) });
            assert_eq!(Permissions { allow_foreign_owner: true, ..DEFAULT }.check_owner(owner, effective_user), Ok(()));
        }
    }

    #[test]
    fn key_file_directories_follows_every_link() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for directory in ["app", "mount", "mount/..2026", "elsewhere"] {
            fs::create_dir(root.join(directory)).unwrap();
        }
        fs::write(root.join("mount/..2026/key.pem"), "").unwrap();
        symlink("..2026", root.join("mount/..data")).unwrap();
        symlink("..data/key.pem", root.join("mount/key.pem")).unwrap();
        symlink("../mount", root.join("app/keys")).unwrap();
        symlink(root.join("app/keys/key.pem"), root.join("elsewhere/absolute.pem")).unwrap();

        // The system's temporary directory may be below a link of its own.
        let of = |path: &str| {
            let directories = key_file_directories(&root.join(path)).unwrap();
            let canonical = directories.iter().map(|directory| directory.canonicalize().unwrap());
            canonical
                .map(|directory| directory.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("mount/..2026/key.pem"), ["mount/..2026"]);
        assert_eq!(of("mount/key.pem"), ["mount", "mount/..2026"]);
        assert_eq!(of("mount/./../mount/key.pem"), ["mount", "mount/..2026"]);
        assert_eq!(of("elsewhere/absolute.pem"), ["elsewhere", "app", "mount", "mount/..2026"]);
    }

    #[test]
    fn key_file_directories_with_loop_or_broken_link_returns_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        symlink("loop", path("loop")).unwrap();
        symlink("missing", path("broken")).unwrap();
        for name in ["loop", "broken", "missing"] {
            assert!(key_file_directories(&path(name)).is_err(), "{name}");
        }
        assert_eq!(key_file_directories(Path::new("Cargo.toml")).unwrap(), [Path::new(".")]);
    }
}
