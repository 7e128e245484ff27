//! Sets up pinned programs and packages, once per machine and outside the clone.

pub(crate) mod browsers;
pub(crate) mod cargo_tool;
pub(crate) mod node;
pub(crate) mod python;

use std::{
    env,
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::run::{output, succeed, succeeds};

/// Returns our folder in the user's cache, which all clones share.
pub(crate) fn cache() -> Result<PathBuf> {
    // The XDG Base Directory Specification ignores an empty or relative value.
    let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = match xdg {
        Some(cache) => cache,
        None => env::home_dir().context("no home directory; set HOME or XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(cache.join("cobrowse-jwt"))
}

/// Fills a folder, unless an earlier run has completed that.
fn once(folder: &Path, fill: impl FnOnce() -> Result<()>) -> Result<()> {
    // Written last, so an interrupted set-up has no marker and starts again.
    let marker = folder.join("set-up-complete");
    let _lock = lock(folder)?;
    if marker.exists() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    fill()?;
    fs::write(&marker, "").with_context(|| format!("failed to write {}", marker.display()))
}

/// Waits for the lock of a folder and returns it. No other process, of any clone, holds it until it is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    // Beside the folder and never removed: a removed file would admit a second holder.
    let path = folder.with_extension("lock");
    let hold = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let file = File::create(&path)?;
        file.lock()?;
        Ok::<_, io::Error>(file)
    };
    hold().with_context(|| format!("failed to lock {}", path.display()))
}

/// Returns a hash of what these files pin, for the name of a folder.
fn content_hash(files: &[&Path]) -> Result<String> {
    // The algorithm can change with a Rust release; then the set-up runs once more.
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&fs::read(file).with_context(|| format!("failed to read {}", file.display()))?);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Returns an error unless a program exists and succeeds with these arguments.
pub(crate) fn require(program: &str, arguments: &[&str], otherwise: &'static str) -> Result<()> {
    ensure!(succeeds(program, arguments), otherwise);
    Ok(())
}

/// Installs packages of Debian if this program is missing, which needs root.
pub(crate) fn debian(program: &str, packages: &[&str]) -> Result<()> {
    if installed(program).is_some() {
        return Ok(());
    }
    let can_install = is_root() && installed("apt-get").is_some();
    ensure!(can_install, "not installed; on Debian: apt-get install {}", packages.join(" "));
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    succeed(apt().arg("update"))?;
    succeed(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    installed(program).map(drop).with_context(|| format!("{program} not found after its installation"))
}

/// Returns whether this process can install packages and change the owner of files.
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Returns the path of a program in `PATH` or in the folder of Debian's system programs.
fn installed(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(program)).find(|place| place.is_file())
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        thread::{self, sleep},
        time::Duration,
    };

    use anyhow::bail;

    use super::*;

    #[test]
    fn once_after_interruption_starts_again_and_after_completion_does_nothing() {
        let folder = env::temp_dir().join(format!("xtask-once-{}", std::process::id()));
        let rest = folder.join("rest");
        once(&folder, || Ok(fs::write(&rest, "")?).and_then(|()| bail!("interrupted"))).unwrap_err();
        assert!(rest.exists());
        once(&folder, || Ok(())).unwrap();
        assert!(!rest.exists());
        once(&folder, || bail!("not called")).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        fs::remove_file(folder.with_extension("lock")).unwrap();
    }

    #[test]
    fn once_in_two_threads_fills_the_folder_once() {
        let folder = env::temp_dir().join(format!("xtask-twice-{}", std::process::id()));
        let fills = AtomicU32::new(0);
        let set_up = || {
            once(&folder, || {
                fills.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(100));
                Ok(())
            })
            .unwrap();
        };
        thread::scope(|scope| {
            scope.spawn(set_up);
            scope.spawn(set_up);
        });
        assert_eq!(fills.into_inner(), 1);
        fs::remove_dir_all(&folder).unwrap();
        fs::remove_file(folder.with_extension("lock")).unwrap();
    }
}
