use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use tokio::runtime::Handle;

/// Checks that the caller is in a Tokio runtime: without one, timeouts and tasks of Tokio panic.
///
/// # Errors
///
/// [`InvalidKey`](KeyErrorKind::InvalidKey) outside of a runtime.
pub fn require_runtime() -> Result<(), KeyError> {
    runtime().map(drop)
}

/// Returns the runtime of the caller.
pub(crate) fn runtime() -> Result<Handle, KeyError> {
    Handle::try_current().map_err(|_| {
        KeyError::new(KeyErrorKind::InvalidKey, "no Tokio runtime is running").with_hint("call this in a Tokio runtime")
    })
}
