//! The `tracing` events, as the documentation of [`Minter`](super::Minter) lists them.

use std::time::Instant;

use tracing::Level;

use super::{AgentToken, MintError};
use crate::keys::PublicKey;

const TARGET: &str = "cobrowse_jwt_core";

/// Returns the time if a subscriber is interested in mints. Without one, this reads one atomic.
pub(super) fn mint_started_at() -> Option<Instant> {
    tracing::event_enabled!(target: TARGET, Level::INFO).then(Instant::now)
}

#[cold]
pub(super) fn mint_ended(start: Instant, result: &Result<AgentToken, MintError>) {
    let duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    match result {
        Ok(token) => tracing::info!(
            target: TARGET,
            outcome = "ok",
            duration_us,
            thumbprint = token.key_thumbprint(),
            fingerprint = token.fingerprint(),
            "mint"
        ),
        Err(error) => tracing::info!(
            target: TARGET,
            outcome = "error",
            error_id = error.id(),
            duration_us,
            thumbprint = error.unregistered_thumbprint(),
            "mint"
        ),
    }
}

pub(super) fn unregistered_key(found: &PublicKey) {
    tracing::warn!(
        target: TARGET,
        thumbprint = found.thumbprint(),
        "the key source returned an unregistered key; signing with the registered key"
    );
}
