//! A portal for support agents that embeds Cobrowse, as an integrator would write it.
//!
//! The two routes that hand a token over are in `responses`; everything that decides for whom and about whom is in `agent` and
//! `directory`. The rest is what every web application has.

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

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use cobrowse_jwt::{Instance, Minter};

pub use config::{AccountConfig, Config, ConfigError};
pub use directory::{Directory, Password};
pub use failure::print_with_causes;

/// What the application is made of.
#[derive(Debug)]
pub struct Portal {
    /// Makes the tokens.
    pub minter: Minter,
    /// Where Cobrowse runs.
    pub instance: Instance,
    /// The agents and customers.
    pub directory: Directory,
    /// The folder of the npm package `cobrowse-agent-sdk`, which the way by `postMessage` needs.
    pub agent_sdk: PathBuf,
    /// Whether browsers reach the portal by https, so that the session cookie may require it.
    pub secure: bool,
}

impl Portal {
    /// All routes, to be served at the root of an origin.
    pub fn router(self) -> Router {
        let routes = Router::new()
            .merge(customer::routes())
            .merge(responses::routes())
            .merge(login::routes())
            .route("/assets/portal.css", get(([(CONTENT_TYPE, "text/css")], include_str!("../assets/portal.css"))))
            .fallback(|| async { page::not_found() })
            .layer(login::sessions(self.secure));
        security::with_headers(routes, &self.instance).with_state(Arc::new(self))
    }
}
