//! The token's way out of the backend, as responses of the crate `http` 1, which axum, hyper and others take as they are.

use std::{fmt, mem, time::UNIX_EPOCH};

use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERRER_POLICY},
};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Instance, TokenUrl};
use crate::token::AgentToken;

impl TokenUrl {
    /// The answer of your own route that the iframe's `src` names: 303 to this URL, kept by no cache, without a `Referer`, and with
    /// the `Location` marked sensitive, so that HTTP libraries do not log it. The body is empty.
    ///
    /// The route has to require a log-in, take the agent from it and never from the request, and refuse cross-site requests. The
    /// iframe sends its URL as `Referer` to the instance itself, and cannot be given a new token when this one expires.
    ///
    /// Give the iframe a `name` that no other rendering of the page has: going back, Chromium brings an iframe of the same name to
    /// the URL with the old token, and does not ask the route.
    ///
    /// # Panics
    ///
    /// Never: a URL is ASCII.
    #[must_use]
    pub fn redirect(self) -> Response<String> {
        #[expect(clippy::expect_used, reason = "the crate `url` writes visible ASCII, which every header may hold")]
        let mut location = HeaderValue::from_str(self.expose_secret()).expect("visible ASCII");
        location.set_sensitive(true);
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        headers.insert(LOCATION, location);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }
}

impl Instance {
    /// The answer of your own route that the page asks for a token before it hands it to the iframe by `postMessage`:
    /// `{"token": "...", "expires_at": 1700000000, "api": "https://cobrowse.io"}`, kept by no cache. `expires_at` is in seconds
    /// since 1970, as the claim `exp` is; `api` is the option of that name of Cobrowse's Agent SDK. The body becomes text by
    /// `response.map(String::from)`.
    ///
    /// The route has to require a log-in, take the agent from it and never from the request, and refuse cross-site requests.
    ///
    /// # Panics
    ///
    /// Never: text and a number are always JSON.
    #[must_use]
    pub fn token_response(&self, token: &AgentToken) -> Response<TokenResponseBody> {
        let expires_at = token.expires_at().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let body = Members { token: token.expose_secret(), expires_at, api: self.origin() };
        #[expect(clippy::expect_used, reason = "no map and no foreign type, so nothing that JSON cannot express")]
        let body = serde_json::to_string(&body).expect("text and a number");
        let mut response = Response::new(TokenResponseBody(Zeroizing::new(body)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// The value of the directive `frame-src` in the `Content-Security-Policy` of the page that embeds: `'self'` and this
    /// instance. `'self'` is for the route that redirects; a page that hands its tokens over by `postMessage` needs only the
    /// [`origin`](Self::origin).
    ///
    /// ```
    /// use cobrowse_jwt_core::Instance;
    ///
    /// assert_eq!(Instance::default().frame_src(), "'self' https://cobrowse.io");
    /// ```
    #[must_use]
    pub fn frame_src(&self) -> String {
        format!("'self' {}", self.origin())
    }
}

/// JSON with a token in it, and as secret as the token: the body of [`Instance::token_response`].
///
/// It has no `Display`, its `Debug` shows nothing, and its memory is wiped when it is dropped.
pub struct TokenResponseBody(Zeroizing<String>);

impl From<TokenResponseBody> for String {
    /// The text, for the one place that hands it over.
    fn from(mut json: TokenResponseBody) -> Self {
        mem::take(&mut *json.0)
    }
}

impl fmt::Debug for TokenResponseBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenResponseBody(..)")
    }
}

#[derive(Serialize)]
struct Members<'a> {
    token: &'a str,
    expires_at: u64,
    api: &'a str,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::embed::EmbedUrl;

    #[test]
    fn the_redirect_is_stored_nowhere_and_logged_by_nobody() {
        let url = EmbedUrl::code(&Instance::default()).with_token(&token()).unwrap();
        let response = url.redirect();
        assert_eq!(response.status(), 303);
        assert_eq!(response.headers()["location"], "https://cobrowse.io/code?token=a.b.c");
        assert!(response.headers()["location"].is_sensitive());
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        assert_eq!(response.headers().len(), 3);
        assert!(response.body().is_empty());
        assert!(!format!("{response:?}").contains("a.b.c"));
    }

    #[test]
    fn the_token_response_says_what_the_agent_sdk_needs() {
        let instance = Instance::new("https://cobrowse.example.com").unwrap();
        let response = instance.token_response(&token());
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!format!("{response:?}").contains("a.b.c"));
        let body: Value = serde_json::from_str(&String::from(response.into_body())).unwrap();
        let expected = json!({"token": "a.b.c", "expires_at": 1_700_000_000, "api": "https://cobrowse.example.com"});
        assert_eq!(body, expected);
    }

    fn token() -> AgentToken {
        AgentToken::new(Zeroizing::new("a.b.c".into()), 1_700_000_000)
    }
}
