//! The `tracing` events, as the README lists them.

use cobrowse_jwt_core::{KeyError, PublicKey};

pub(crate) fn rotated(key: &PublicKey) {
    tracing::info!(thumbprint = key.thumbprint(), "remote key rotated");
}

pub(crate) fn refresh_failed(error: &KeyError) {
    tracing::warn!(%error, kind = ?error.kind(), "failed to refresh the remote key; the known version keeps signing");
}

pub(crate) fn authentication_failed(error: &KeyError) {
    tracing::warn!(%error, kind = ?error.kind(), "failed to authenticate to the key service");
}
