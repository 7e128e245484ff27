use std::{error::Error, iter};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cobrowse_jwt::ConfigError;

/// An error for the portal's log. The browser gets the status 503 without details.
#[derive(Debug)]
pub(crate) struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        print_with_causes(&*self.0);
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

/// Writes an error, its hint and its causes to stderr.
pub fn print_with_causes(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    if let Some(hint) = error.downcast_ref().and_then(ConfigError::hint) {
        eprintln!("  hint: {hint}");
    }
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        eprintln!("  caused by: {cause}");
    }
}
