//! A mock of the Cobrowse service: the pages to embed, and the part of the REST API that Cobrowse's Agent SDK for JavaScript calls.
//!
//! It verifies tokens with the crate `jsonwebtoken`, applies policies as Cobrowse documents them, and shares no code with the SDK
//! in this workspace. It shows what a client sends and what a verifier that follows the documentation accepts. It does not show
//! what Cobrowse accepts.

mod access;
mod account;
mod api;
mod data;
mod page;
mod socket;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header},
};
use tower_http::{
    cors::{Any, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

pub use account::{Account, InvalidPublicKey};

use crate::data::Data;

/// The service. Clones share their state.
#[derive(Clone, Debug)]
pub struct Stub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Vec<Account>,
    third_party: Option<String>,
    data: Mutex<Data>,
}

impl Stub {
    /// Returns a service with these accounts. It has the devices and sessions of three customers, whose `custom_data` contains the
    /// `user_id` 42, 43 and 44.
    #[must_use]
    pub fn new(accounts: Vec<Account>) -> Self {
        Self::build(accounts, None)
    }

    /// Returns the same service, whose pages load an image from another site, as pages with analytics do.
    #[must_use]
    pub fn with_third_party(accounts: Vec<Account>, image_url: &str) -> Self {
        Self::build(accounts, Some(image_url.to_owned()))
    }

    fn build(accounts: Vec<Account>, third_party: Option<String>) -> Self {
        Self(Arc::new(Inner { accounts, third_party, data: Mutex::new(Data::demo()) }))
    }

    /// Returns all routes, to be served at the root of an origin.
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
            .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .with_state(self.clone())
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.0.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
