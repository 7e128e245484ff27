//! Checks of requests, and security headers.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    http::{
        HeaderName, HeaderValue, Method, StatusCode,
        header::{self, HOST, ORIGIN},
        request::Parts,
    },
    middleware::Next,
    response::Response,
};
use cobrowse_jwt::Instance;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::Portal;

pub(crate) fn is_https(portal: &Portal) -> bool {
    portal.origin.origin().starts_with("https://")
}

/// Refuses requests for another host. After DNS rebinding, an attacker's host name resolves to the portal, and the browser treats
/// the attacker's page as the portal's own.
pub(crate) async fn require_host(
    State(portal): State<Arc<Portal>>,
    request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let expected = portal.origin.origin().split_once("://").map(|(_, host)| host);
    if !host.zip(expected).is_some_and(|(host, expected)| host.eq_ignore_ascii_case(expected)) {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    Ok(next.run(request).await)
}

/// A request from a page of the portal: [`Sec-Fetch-Site`](https://www.w3.org/TR/fetch-metadata/) is `same-origin`, and `Origin`,
/// which browsers always send except with `GET`, is the portal's. Browsers send `Sec-Fetch-Site` to https and loopback origins only.
#[derive(Debug)]
pub(crate) struct SameOrigin;

impl FromRequestParts<Arc<Portal>> for SameOrigin {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, StatusCode> {
        let may_lack_origin = parts.method == Method::GET && !parts.headers.contains_key(ORIGIN);
        let is_own_origin = may_lack_origin || has(parts, ORIGIN.as_str(), portal.origin.origin());
        let is_same_origin = is_own_origin && has(parts, "sec-fetch-site", "same-origin");
        is_same_origin.then_some(Self).ok_or(StatusCode::FORBIDDEN)
    }
}

/// A [`SameOrigin`] request for the content of an iframe.
#[derive(Debug)]
pub(crate) struct SameOriginFrame;

impl FromRequestParts<Arc<Portal>> for SameOriginFrame {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, StatusCode> {
        SameOrigin::from_request_parts(parts, portal).await?;
        has(parts, "sec-fetch-dest", "iframe").then_some(Self).ok_or(StatusCode::FORBIDDEN)
    }
}

fn has(parts: &Parts, header: &str, value: &str) -> bool {
    parts.headers.get(header).is_some_and(|sent| sent == value)
}

/// Adds security headers to each response that does not set them itself.
pub(crate) fn with_headers(router: Router<Arc<Portal>>, instance: &Instance) -> Router<Arc<Portal>> {
    let [policy, opener, store, referrer, types] = [
        (header::CONTENT_SECURITY_POLICY, content_security_policy(instance)),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
    .map(|(name, value): (HeaderName, HeaderValue)| SetResponseHeaderLayer::if_not_present(name, value));
    router.layer(policy).layer(opener).layer(store).layer(referrer).layer(types)
}

fn content_security_policy(instance: &Instance) -> HeaderValue {
    // The Agent SDK in the page connects to the instance, also by WebSocket.
    let origin = instance.origin();
    let socket = origin.replacen("http", "ws", 1);
    let frame_src = instance.frame_src();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {origin} {socket}; \
         frame-src {frame_src}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    #[expect(clippy::expect_used, reason = "an origin is visible ASCII")]
    HeaderValue::try_from(policy).expect("visible ASCII")
}
