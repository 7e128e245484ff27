//! The `tracing` events, as the README lists them.

use cobrowse_jwt_core::{KeyError, PublicKey};

const TARGET: &str = "cobrowse_jwt_remote";

pub(crate) fn rotated(key: &PublicKey) {
    tracing::info!(target: TARGET, thumbprint = key.thumbprint(), "remote key rotated");
}

pub(crate) fn refresh_failed(error: &KeyError) {
    tracing::warn!(target: TARGET, %error, kind = error.id(), "failed to refresh the remote key");
}

pub(crate) fn authentication_failed(error: &KeyError) {
    tracing::warn!(target: TARGET, %error, kind = error.id(), "failed to authenticate to the key service");
}
