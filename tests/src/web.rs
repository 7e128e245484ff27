//! Web servers on loopback, each with an origin of its own.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    middleware::{Next, from_fn},
};
use tokio::net::TcpListener;

/// Serves these routes at 127.0.0.1 until the runtime ends. Returns the origin.
pub async fn serve(routes: Router) -> String {
    serve_at(bind().await, routes)
}

/// Returns a listener at a free port of 127.0.0.1.
pub async fn bind() -> TcpListener {
    bind_at(Ipv4Addr::LOCALHOST).await
}

/// Returns a listener at a free port of a loopback address. For a browser, each address is a separate site, and so is `localhost`;
/// two ports of one address are two origins of one site.
pub async fn bind_at(address: Ipv4Addr) -> TcpListener {
    TcpListener::bind((address, 0)).await.unwrap()
}

/// Serves these routes until the runtime ends. Returns the origin.
pub fn serve_at(listener: TcpListener, routes: Router) -> String {
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    origin
}

/// The requests that a server received.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Vec<RecordedRequest>>>);

/// A request that a server received.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The status of the response.
    pub status: StatusCode,
}

impl Recorder {
    /// Returns the routes with a layer that records each request.
    pub fn record(&self, routes: Router) -> Router {
        let recorder = self.clone();
        routes.layer(from_fn(move |request: Request, next: Next| {
            let recorder = recorder.clone();
            async move {
                let (method, target) = (request.method().clone(), request.uri().to_string());
                let headers = request.headers().clone();
                let response = next.run(request).await;
                let request = RecordedRequest { method, target, headers, status: response.status() };
                recorder.0.lock().unwrap().push(request);
                response
            }
        }))
    }

    /// Returns the requests, in the order of their responses.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.lock().unwrap().clone()
    }
}

impl RecordedRequest {
    /// Returns a header, or an empty string.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
