//! Setting up what does not come with Rust: once per machine, pinned, and outside the clone.

pub(crate) mod cargo_deny;
pub(crate) mod chromium;
pub(crate) mod node;
pub(crate) mod openssl;
pub(crate) mod python;

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Our folder in the user's cache: no clean-up of a clone costs a new download, and clones share it.
pub(crate) fn cache() -> Result<PathBuf> {
    // An empty or relative value is to be ignored, says the XDG Base Directory Specification.
    let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = match xdg {
        Some(cache) => cache,
        None => std::env::home_dir().context("there is no home directory: set HOME or XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(cache.join("cobrowse-jwt"))
}

/// Lets `fill` put something into the folder, unless an earlier run has done so to the end.
fn once(folder: &Path, fill: impl FnOnce() -> Result<()>) -> Result<()> {
    // Written last: what was interrupted half-way has no marker and is done again from the start.
    let marker = folder.join("set-up-complete");
    let _lock = lock(folder)?;
    if marker.exists() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fill()?;
    fs::write(&marker, "").with_context(|| format!("cannot write {}", marker.display()))
}

/// Waits until no other run, of whichever clone, holds the folder's lock, and holds it until the answer is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    // Beside the folder and never removed: whoever removed it would let in a second holder.
    let path = folder.with_extension("lock");
    let hold = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let file = File::create(&path)?;
        file.lock()?;
        Ok::<_, io::Error>(file)
    };
    hold().with_context(|| format!("cannot lock {}", path.display()))
}

/// A name for what these files pin: other content, other name.
fn content_hash(files: &[&Path]) -> Result<String> {
    // Its algorithm may change with a Rust release; that costs one more set-up and nothing else.
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Makes sure that a program is there and good enough, by running it with arguments that succeed only then.
pub(crate) fn require(program: &str, probe: &[&str], otherwise: &str) -> Result<()> {
    let status = Command::new(program).args(probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(status.is_ok_and(|status| status.success()), "{otherwise}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread::{self, sleep};
    use std::time::Duration;

    use anyhow::bail;

    use super::*;

    #[test]
    fn an_interrupted_set_up_is_done_again_from_the_start_and_a_complete_one_is_not() {
        let folder = std::env::temp_dir().join(format!("xtask-once-{}", std::process::id()));
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
    fn two_runs_at_once_set_up_once() {
        let folder = std::env::temp_dir().join(format!("xtask-twice-{}", std::process::id()));
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

    #[test]
    fn what_is_missing_or_too_old_is_said_in_one_sentence() {
        let missing = require("no-such-program", &[], "install it").unwrap_err();
        assert_eq!(missing.to_string(), "install it");
        require("sh", &["-c", "exit 1"], "too old").unwrap_err();
        require("sh", &["-c", "exit 0"], "fine").unwrap();
    }
}
