#![doc = include_str!("../README.md")]

mod cancellation;
mod check;
mod context;
mod faults;
mod report;
mod secrets;
mod service;
mod source;
mod suite;
#[cfg(test)]
mod tests;

pub use check::Check;
pub use report::{Finding, Outcome, Report};
pub use suite::{Suite, SuiteBuilder};

use cobrowse_jwt_core::KeySource;
use cobrowse_jwt_remote::KeyService;

/// Runs the checks of a key source that need no input from the caller. Needs a Tokio runtime with a timer.
///
/// [`Suite::builder`] adds the other checks: of a rotation, of a superseded key and of errors.
pub async fn check_source(source: impl KeySource + 'static) -> Report {
    Suite::builder(source).build().run().await
}

/// Runs the checks of a key service that need no input from the caller, directly and through
/// [`RemoteKey`](cobrowse_jwt_remote::RemoteKey). Needs a Tokio runtime with a timer.
///
/// [`Suite::builder_for_service`] adds the other checks.
pub async fn check_service(service: impl KeyService) -> Report {
    Suite::builder_for_service(service).build().run().await
}
