//! Web servers on loopback, each an origin of its own.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    http::{HeaderMap, Uri},
    response::Html,
};
use tokio::net::TcpListener;

/// Serves these routes at 127.0.0.1 until the runtime ends; answers the origin.
pub async fn serve(routes: Router) -> String {
    serve_at(Ipv4Addr::LOCALHOST, routes).await
}

/// Serves these routes at a loopback address. To a browser, each address is a site of its own, and so is `localhost`; ports make
/// origins, and no sites.
pub async fn serve_at(address: Ipv4Addr, routes: Router) -> String {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    origin
}

/// Somebody else's site: it answers every request with an empty page, and remembers what came in.
#[derive(Clone, Debug, Default)]
pub struct Site(Arc<Mutex<Vec<(String, HeaderMap)>>>);

impl Site {
    /// All routes.
    pub fn router(&self) -> Router {
        let site = self.clone();
        Router::new().fallback(move |uri: Uri, headers: HeaderMap| async move {
            site.0.lock().unwrap().push((uri.to_string(), headers));
            Html("<!doctype html><title>Elsewhere</title>")
        })
    }

    /// Path, query and headers of the requests that came in.
    #[must_use]
    pub fn seen(&self) -> Vec<(String, HeaderMap)> {
        self.0.lock().unwrap().clone()
    }
}
