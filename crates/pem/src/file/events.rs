//! The `tracing` events, as the README lists them.

use std::io;
#[cfg(unix)]
use std::path::Path;

use cobrowse_jwt_core::PublicKey;

use crate::PemError;
#[cfg(unix)]
use crate::printable_path;

const TARGET: &str = "cobrowse_jwt_pem";

pub(super) fn replaced(key: &PublicKey) {
    tracing::info!(target: TARGET, thumbprint = key.thumbprint(), "key file replaced");
}

pub(super) fn reload_failed(error: &PemError) {
    tracing::warn!(target: TARGET, %error, id = error.id(), "failed to reload the key file; the known key signs");
}

pub(super) fn check_timed_out(path: &str) {
    tracing::warn!(target: TARGET, path, "timed out checking the key file; the known key signs");
}

pub(super) fn check_not_started(error: &io::Error) {
    tracing::warn!(target: TARGET, %error, "failed to spawn a thread to check the key file; the known key signs");
}

#[cfg(unix)]
pub(super) fn readable_by_others(path: &Path, mode: u32) {
    let (path, mode) = (printable_path(path), format!("{mode:04o}"));
    tracing::warn!(target: TARGET, path, %mode, "key file is group- or world-readable");
}

#[cfg(unix)]
pub(super) fn directory_writable_by_group(path: &Path, mode: u32) {
    let (path, mode) = (printable_path(path), format!("{mode:04o}"));
    tracing::warn!(target: TARGET, path, %mode, "directory of the key file is group-writable");
}
