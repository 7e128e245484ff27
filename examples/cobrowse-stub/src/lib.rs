//! A stand-in for Cobrowse: the pages that are embedded, and as much of the REST interface as Cobrowse's Agent SDK for
//! JavaScript asks for.
//!
//! It verifies tokens with the crate `jsonwebtoken` and applies policies as Cobrowse documents them, and shares no code with the
//! SDK in this workspace. It shows what a client sends and what a verifier that follows the documentation accepts; what Cobrowse
//! itself accepts it cannot show.

mod access;
mod account;
mod api;
mod data;
mod page;
mod seen;
mod socket;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    http::{HeaderName, Method, header},
    middleware,
};
use tower_http::cors::{Any, CorsLayer};

pub use account::{Account, BadPublicKey};
pub use seen::Seen;

use crate::{data::Data, seen::Log};

/// The service. A clone is the same service.
#[derive(Clone, Debug)]
pub struct Stub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Vec<Account>,
    third_party: Option<String>,
    data: Mutex<Data>,
    log: Log,
}

impl Stub {
    /// A service with these accounts, each with the devices and sessions of three customers, whose `custom_data` has the
    /// `user_id` 42, 43 and 44.
    #[must_use]
    pub fn new(accounts: Vec<Account>) -> Self {
        Self::build(accounts, None)
    }

    /// The same, with pages that load an image from elsewhere, as pages with analytics do.
    #[must_use]
    pub fn with_third_party(accounts: Vec<Account>, image_url: &str) -> Self {
        Self::build(accounts, Some(image_url.to_owned()))
    }

    fn build(accounts: Vec<Account>, third_party: Option<String>) -> Self {
        Self(Arc::new(Inner { accounts, third_party, data: Mutex::new(Data::demo()), log: Log::default() }))
    }

    /// All routes, to be served at the root of an origin.
    pub fn router(&self) -> Router {
        let cors = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                HeaderName::from_static("x-cobrowseplatform"),
                HeaderName::from_static("x-cobrowsesdkversion"),
                HeaderName::from_static("x-cobrowseapiversion"),
                HeaderName::from_static("x-cobrowselicense"),
            ]);
        Router::new()
            .merge(page::routes())
            .nest("/api/1", api::routes())
            .merge(socket::routes())
            .layer(cors)
            .layer(middleware::from_fn_with_state(self.clone(), seen::record))
            .with_state(self.clone())
    }

    /// The requests that came in, oldest first; the last thousand of them.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.0.log.entries()
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.0.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
