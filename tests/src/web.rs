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

/// Serves these routes until the runtime ends; answers the origin.
pub async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    origin
}

/// Somebody else's site: it answers every request with one page, and remembers what came in.
#[derive(Clone, Debug, Default)]
pub struct Site(Arc<Mutex<Vec<(String, HeaderMap)>>>);

impl Site {
    /// Serves it at `localhost`, which to a browser is another site than 127.0.0.1; answers the origin.
    pub async fn serve(&self, page: String) -> String {
        let site = self.clone();
        let answer = move |uri: Uri, headers: HeaderMap| async move {
            site.0.lock().unwrap().push((uri.to_string(), headers));
            Html(page)
        };
        serve(Router::new().fallback(answer)).await.replace("127.0.0.1", "localhost")
    }

    /// Path, query and headers of the requests that came in.
    #[must_use]
    pub fn seen(&self) -> Vec<(String, HeaderMap)> {
        self.0.lock().unwrap().clone()
    }
}
