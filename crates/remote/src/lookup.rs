use std::time::Duration;

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use tokio::{runtime::Handle, sync::watch, task::AbortHandle, time::timeout};

use crate::runtime::require_runtime;

/// A lookup in flight, shared by all callers that wait for it. It runs in a separate task, so that a dropped caller cancels nothing.
#[derive(Clone, Debug)]
pub(crate) struct InFlight<K> {
    result: watch::Receiver<Option<Result<K, KeyError>>>,
    task: AbortHandle,
}

impl<K: Clone + Send + Sync + 'static> InFlight<K> {
    /// Runs the lookup on this runtime. `None` from the lookup means that its source was dropped or has replaced it.
    pub(crate) fn spawn(
        runtime: &Handle,
        lookup: impl Future<Output = Option<Result<K, KeyError>>> + Send + 'static,
    ) -> Self {
        let (sender, result) = watch::channel(None);
        let task = runtime.spawn(async move {
            let result = lookup.await;
            sender.send_replace(result);
        });
        Self { result, task: task.abort_handle() }
    }

    /// Returns whether the lookup is running. The sender is dropped when the lookup or its runtime ends.
    pub(crate) fn is_running(&self) -> bool {
        self.result.has_changed().is_ok()
    }

    pub(crate) fn abort(&self) {
        self.task.abort();
    }

    /// Waits for the result, at most for the limit.
    pub(crate) async fn wait(mut self, limit: Duration) -> Result<K, KeyError> {
        // The caller may be outside of the runtime that runs the lookup.
        require_runtime()?;
        match timeout(limit, self.result.wait_for(Option::is_some)).await {
            Ok(Ok(result)) => result.clone().unwrap_or_else(|| Err(timed_out())),
            Ok(Err(_)) | Err(_) => Err(timed_out()),
        }
    }
}

pub(crate) fn panicked() -> KeyError {
    KeyError::new(KeyErrorKind::Unavailable, "lookup of the key panicked")
}

pub(crate) fn timed_out() -> KeyError {
    KeyError::new(KeyErrorKind::Unavailable, "timed out waiting for the key service")
        .with_hint("check the key service or HSM, and the connection to it")
}
