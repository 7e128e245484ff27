//! A web portal for support agents that embeds Cobrowse.
//!
//! `responses` has the two routes that return tokens. `agent` and `directory` decide which agent gets a token for which customer.
//! The other modules are ordinary web application code.

mod agent;
mod config;
mod customer;
mod directory;
mod failure;
mod login;
mod page;
mod responses;
mod security;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    http::header::CONTENT_TYPE,
    middleware::{from_fn_with_state, map_response},
    routing::get,
};
use cobrowse_jwt::{Instance, Minter};

pub use config::Config;
pub use directory::{Directory, Password};

/// The application.
#[derive(Debug)]
pub struct Portal {
    /// Mints the tokens.
    pub minter: Minter,
    /// The Cobrowse instance to embed.
    pub instance: Instance,
    /// The agents and customers.
    pub directory: Directory,
    /// The folder of the npm package `cobrowse-agent-sdk`, needed for `postMessage`.
    pub agent_sdk: PathBuf,
    /// The origin under which browsers open the portal. Requests for another host are refused. An `Instance` is an https origin, or
    /// http on loopback, which is the rule for the portal too.
    pub origin: Instance,
}

impl Portal {
    /// Returns all routes, to be served at the root of [`origin`](Self::origin).
    pub fn router(self) -> Router {
        let portal = Arc::new(self);
        let routes = Router::new()
            .merge(customer::routes())
            .merge(responses::routes())
            .merge(login::routes())
            .route("/assets/portal.css", get(([(CONTENT_TYPE, "text/css")], include_str!("../assets/portal.css"))))
            .route("/assets/icon.svg", get(([(CONTENT_TYPE, "image/svg+xml")], include_str!("../assets/icon.svg"))))
            .fallback(|| async { page::not_found() })
            .layer(login::sessions(security::is_https(&portal)))
            .layer(from_fn_with_state(Arc::clone(&portal), security::require_host))
            .layer(map_response(page::with_error_page));
        security::with_headers(routes, &portal.instance).with_state(portal)
    }
}
