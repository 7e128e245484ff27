use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, header},
    middleware::Next,
    response::Response,
};

use crate::Stub;

/// A request that came in. Its `Debug` shows neither query nor headers: both may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header `Referer`.
    pub referer: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.target.split('?').next().unwrap_or_default())
    }
}

/// The last requests.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<VecDeque<Seen>>);

impl Log {
    const LENGTH: usize = 1_000;

    pub(crate) fn entries(&self) -> Vec<Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn push(&self, seen: Seen) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == Self::LENGTH {
            entries.pop_front();
        }
        entries.push_back(seen);
    }
}

pub(crate) async fn record(State(stub): State<Stub>, request: Request, next: Next) -> Response {
    stub.0.log.push(Seen {
        method: request.method().to_string(),
        target: request.uri().to_string(),
        referer: text(request.headers(), &header::REFERER),
        authorization: text(request.headers(), &header::AUTHORIZATION),
    });
    next.run(request).await
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
