use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;
use zeroize::Zeroizing;

/// A signed token: whoever holds it is the agent until it expires, so treat it like a password.
///
/// It has no `Display`, its `Debug` shows the expiry only, and its memory is wiped when it is dropped. The text comes out in one
/// way, [`AgentToken::expose_secret`].
pub struct AgentToken {
    text: Zeroizing<String>,
    expires_at: u64,
}

impl AgentToken {
    pub(crate) const fn new(text: Zeroizing<String>, expires_at: u64) -> Self {
        Self { text, expires_at }
    }

    /// The JWT in its compact form (RFC 7515, section 7.1), for the one place that hands it over. Keep it out of logs.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.text
    }

    /// The moment from which Cobrowse refuses it: the claim `exp`.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.expires_at)
    }

    /// The value of an `Authorization` header (RFC 6750, section 2.1), marked sensitive so that HTTP libraries do not log it.
    ///
    /// # Panics
    ///
    /// Never: a token is base64url and dots, which every header may hold.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        let bearer = Zeroizing::new(["Bearer ", self.expose_secret()].concat());
        #[expect(clippy::expect_used, reason = "base64url and dots are visible ASCII, which every header may hold")]
        let mut value = HeaderValue::from_str(&bearer).expect("visible ASCII");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for AgentToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AgentToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_itself_only_when_asked() {
        let token = AgentToken::new(Zeroizing::new("head.claims.signature".into()), 1_700_000_000);
        assert_eq!(format!("{token:?}"), "AgentToken { expires_at: 1700000000, .. }");
        assert_eq!(token.expose_secret(), "head.claims.signature");
        assert_eq!(token.expires_at(), UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    }

    #[test]
    fn the_header_value_is_sensitive() {
        let value = AgentToken::new(Zeroizing::new("a.b.c".into()), 0).authorization();
        assert_eq!(value, "Bearer a.b.c");
        assert!(value.is_sensitive());
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
