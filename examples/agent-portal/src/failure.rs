use std::error::Error;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cobrowse_jwt::ErrorReport;

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
        eprintln!("{}", ErrorReport::new(&*self.0));
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}
