use std::{error::Error, iter};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Logged for whoever runs the portal; the browser learns nothing of it.
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
        (StatusCode::SERVICE_UNAVAILABLE, "This does not work now; please try again later").into_response()
    }
}

/// Writes an error and its causes to stderr.
pub fn print_with_causes(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        eprintln!("  because: {cause}");
    }
}
