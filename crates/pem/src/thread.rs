use std::{io, thread};

use futures_channel::oneshot;

use crate::{PemError, problem::Problem};

/// Runs blocking work on a new thread. Needs no particular async runtime. Dropping the future does not stop the work.
///
/// # Errors
///
/// [`PemErrorKind::Io`](crate::PemErrorKind::Io) if the thread cannot be started or panics.
pub async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PemError> {
    let (sender, receiver) = oneshot::channel();
    spawn(move || drop(sender.send(work()))).map_err(|error| PemError::io(Problem::NoThread, error))?;
    receiver.await.map_err(|_| Problem::Panicked.into())
}

/// Starts the work on a new thread.
pub(crate) fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("cobrowse-jwt-pem".into()).spawn(work).map(drop)
}
