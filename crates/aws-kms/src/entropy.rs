//! AWS-LC gathers the entropy for its first random number from the jitter of the CPU: some 30 ms of computing, once per process, on
//! whichever thread asks first. Left alone, that is a worker of the runtime, in the middle of a TLS handshake.

use aws_lc_rs::rand;
use tokio::task;

/// On this thread. There is nothing to do if it fails: whoever needs a number next is told.
pub(crate) fn gather() {
    let _ = rand::fill(&mut [0; 1]);
}

/// On a thread that may block. Needs a runtime.
pub(crate) async fn gather_aside() {
    let _ = task::spawn_blocking(gather).await;
}
