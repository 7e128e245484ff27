//! What browsers are told, and what they have to say.

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
};
use cobrowse_jwt::Instance;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::Portal;

/// A request that a page of the portal itself has made, as the browser tells
/// ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/)). Whatever does not say so is refused; a browser that reaches the
/// portal neither by https nor on loopback says nothing.
#[derive(Debug)]
pub(crate) struct SameOrigin;

impl FromRequestParts<Arc<Portal>> for SameOrigin {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Portal>) -> Result<Self, Self::Rejection> {
        if says(parts, "sec-fetch-site", "same-origin") {
            return Ok(Self);
        }
        Err((StatusCode::FORBIDDEN, "only the portal's own pages may ask for this; open the portal by https"))
    }
}

/// A [`SameOrigin`] request for the content of an iframe.
#[derive(Debug)]
pub(crate) struct SameOriginFrame;

impl FromRequestParts<Arc<Portal>> for SameOriginFrame {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Self::Rejection> {
        SameOrigin::from_request_parts(parts, portal).await?;
        if says(parts, "sec-fetch-dest", "iframe") {
            return Ok(Self);
        }
        Err((StatusCode::FORBIDDEN, "only an iframe of the portal may ask for this"))
    }
}

fn says(parts: &Parts, header: &str, value: &str) -> bool {
    parts.headers.get(header).is_some_and(|said| said == value)
}

/// Adds the headers of every answer that does not set its own.
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
    // The Agent SDK in the page speaks to the instance itself, also by WebSocket.
    let origin = instance.origin();
    let socket = origin.replacen("http", "ws", 1);
    let frame_src = instance.frame_src();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' {origin} {socket}; frame-src {frame_src}; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    #[expect(clippy::expect_used, reason = "an origin is visible ASCII, as is all the rest")]
    HeaderValue::try_from(policy).expect("visible ASCII")
}
