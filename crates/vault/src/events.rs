//! The `tracing` event, as the README lists it.

use cobrowse_jwt_core::KeyError;

pub(crate) fn renewal_failed(error: &KeyError) {
    tracing::warn!(target: "cobrowse_jwt_vault", %error, kind = error.id(), "failed to renew the Vault token");
}
