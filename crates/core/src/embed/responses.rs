//! HTTP responses that deliver a token, as types of the crate `http` 1, which axum, hyper and others use.

use std::{fmt, mem, time::UNIX_EPOCH};

use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERRER_POLICY},
};
use zeroize::Zeroizing;

use super::{Instance, TokenUrl};
use crate::token::AgentToken;

impl TokenUrl {
    /// Returns the response of the route that the iframe opens: 303 to this URL, with `Cache-Control: no-store` and
    /// `Referrer-Policy: no-referrer`, an empty body, and a `Location` that is marked sensitive, so that HTTP libraries do not log it.
    ///
    /// Prefer `postMessage` ([`EmbedUrl::for_post_message`](super::EmbedUrl::for_post_message) and
    /// [`Instance::token_response`]). A redirect has these disadvantages:
    ///
    /// - The browser writes the URL with the token to its disk, in spite of `no-store`: Chromium to cache keys and session files,
    ///   Firefox to `cache2` and `sessionstore`. A sign-out does not remove it, and the token stays valid until it expires.
    ///   Use a lifetime of a few minutes.
    /// - The page cannot renew the token.
    /// - The iframe sends its URL as `Referer` to the instance.
    /// - When the user navigates back, Chromium and Firefox open an iframe of the HTML with its URL from the session history. This URL
    ///   contains the old token, possibly of another agent, and the route gets no request. A unique query in `src` does not prevent it,
    ///   nor does a unique `name` in Firefox, and a script that sets `src` comes too late in Chromium. A script has to create the iframe:
    ///
    /// ```js
    /// const frame = document.createElement("iframe");
    /// frame.src = "/customers/42/cobrowse"; // the route that returns this response
    /// document.body.append(frame);
    /// // The browser can also restore the whole page from memory.
    /// addEventListener("pageshow", (event) => event.persisted && location.reload());
    /// ```
    ///
    /// The route must require a log-in, take the agent from the session and not from the request, and refuse cross-site requests.
    ///
    /// # Panics
    ///
    /// Never: a URL is visible ASCII.
    #[must_use]
    pub fn redirect(self) -> Response<String> {
        #[expect(clippy::expect_used, reason = "a URL is visible ASCII")]
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
    /// Builds the response of the route that the embedding page requests a token from, to pass it to the iframe by `postMessage`.
    ///
    /// The body is `{"token": "...", "expires_at": 1700000000, "api": "https://cobrowse.io"}`: `expires_at` is the claim `exp` in seconds
    /// since 1970, and `api` is the option of that name of Cobrowse's Agent SDK. Convert it to text with `response.map(String::from)`.
    /// The response has `Cache-Control: no-store`.
    ///
    /// The route must require a log-in, take the agent from it and never from the request, and refuse cross-site requests.
    #[must_use]
    pub fn token_response(&self, token: &AgentToken) -> Response<TokenResponseBody> {
        let expires_at = token.expires_at().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
        // Neither a token nor an origin contains a character that JSON escapes. One allocation of the exact size, so that neither
        // growing nor shrinking leaves a copy of the token in memory.
        let body = [
            "{\"token\":\"",
            token.expose_secret(),
            "\",\"expires_at\":",
            &expires_at,
            ",\"api\":\"",
            self.origin(),
            "\"}",
        ]
        .concat();
        let mut response = Response::new(TokenResponseBody(Zeroizing::new(body)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// Returns the value of the directive `frame-src` for the `Content-Security-Policy` of the embedding page: `'self'` and this instance.
    ///
    /// `'self'` is for the route that redirects. With `postMessage`, the [`origin`](Self::origin) alone is enough.
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

/// The body of [`Instance::token_response`], as secret as its token.
///
/// It has no `Display`, its `Debug` is redacted, and its memory is wiped on drop.
pub struct TokenResponseBody(Zeroizing<String>);

impl From<TokenResponseBody> for String {
    /// Returns the JSON without a copy. Do not log it.
    fn from(mut json: TokenResponseBody) -> Self {
        mem::take(&mut *json.0)
    }
}

impl fmt::Debug for TokenResponseBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenResponseBody(..)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::embed::EmbedUrl;

    #[test]
    fn redirect_is_not_stored_and_not_logged() {
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
    fn token_response_has_the_fields_of_the_agent_sdk() {
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

    #[test]
    fn token_response_is_allocated_once() {
        for length in [1, 50, 800, 5_000] {
            let token = AgentToken::new(Zeroizing::new("a".repeat(length)), 1_700_000_000);
            let body = String::from(Instance::default().token_response(&token).into_body());
            assert_eq!(body.capacity(), body.len(), "growing or shrinking copies the token");
        }
    }

    fn token() -> AgentToken {
        AgentToken::new(Zeroizing::new("a.b.c".into()), 1_700_000_000)
    }
}
