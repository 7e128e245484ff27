use std::fmt;

use url::Url;
use zeroize::Zeroizing;

use super::{EmbedError, Instance};
use crate::token::AgentToken;

/// A page of Cobrowse to be embedded in an iframe, without a token in it.
///
/// Built on the crate `url`, which does all the encoding
/// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/iframe-embeds)).
///
/// ```
/// use cobrowse_jwt_core::{EmbedUrl, Instance};
///
/// let url = EmbedUrl::dashboard(&Instance::default());
/// assert_eq!(url.to_string(), "https://cobrowse.io/dashboard");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedUrl(Url);

impl EmbedUrl {
    /// The longest URL that is made, in bytes: common proxies fail at 8 KiB.
    pub const MAX_BYTES: usize = 8_000;

    /// The agent's list of devices and sessions: `/dashboard`.
    #[must_use]
    pub fn dashboard(instance: &Instance) -> Self {
        Self(instance.at("/dashboard"))
    }

    /// The URL with the token in its query. Whoever sees the URL is the agent: redirect to it from a route that requires a
    /// log-in rather than writing it into a page, where the DOM and the resource timing show it.
    ///
    /// # Errors
    ///
    /// [`EmbedError::TooLong`].
    pub fn with_token(self, token: &AgentToken) -> Result<TokenUrl, EmbedError> {
        let Self(mut url) = self;
        url.query_pairs_mut().append_pair("token", token.expose_secret());
        let text = Zeroizing::new(String::from(url));
        if text.len() > Self::MAX_BYTES {
            return Err(EmbedError::TooLong { bytes: text.len() });
        }
        Ok(TokenUrl(text))
    }
}

impl fmt::Display for EmbedUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// An [`EmbedUrl`] that carries a token, and is as secret as the token.
///
/// It has no `Display`, and its `Debug` shows nothing.
pub struct TokenUrl(Zeroizing<String>);

impl TokenUrl {
    /// The text of the URL, for the one place that hands it over. Keep it out of logs.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenUrl(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(length: usize) -> AgentToken {
        AgentToken::new(Zeroizing::new("a".repeat(length)), 0)
    }

    #[test]
    fn the_token_stands_in_the_query_and_not_in_debug() {
        let instance = Instance::new("https://cobrowse.example.com:8443").unwrap();
        let url = EmbedUrl::dashboard(&instance).with_token(&token(3)).unwrap();
        assert_eq!(url.expose_secret(), "https://cobrowse.example.com:8443/dashboard?token=aaa");
        assert_eq!(format!("{url:?}"), "TokenUrl(..)");
    }

    #[test]
    fn a_url_that_proxies_cut_is_an_error() {
        let dashboard = || EmbedUrl::dashboard(&Instance::default());
        let rest = "https://cobrowse.io/dashboard?token=".len();
        assert!(dashboard().with_token(&token(EmbedUrl::MAX_BYTES - rest)).is_ok());
        let long = dashboard().with_token(&token(EmbedUrl::MAX_BYTES - rest + 1));
        assert_eq!(long.unwrap_err(), EmbedError::TooLong { bytes: EmbedUrl::MAX_BYTES + 1 });
    }
}
