use std::{
    fmt::{self, Write as _},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::digest;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::keys::PublicKey;

/// A signed token. Anyone who has it can act as the agent until it expires: treat it like a password.
///
/// Has no `Display`. `Debug` shows no part of the token, and its memory is wiped on drop. Use [`expose_secret`](Self::expose_secret) to
/// read it.
pub struct AgentToken {
    text: Zeroizing<String>,
    issued_at: u64,
    expires_at: u64,
    key: PublicKey,
}

impl AgentToken {
    pub(super) const fn signed(text: Zeroizing<String>, issued_at: u64, expires_at: u64, key: PublicKey) -> Self {
        Self { text, issued_at, expires_at, key }
    }

    /// Returns the JWT in the compact serialization (RFC 7515, section 7.1). Do not log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.text
    }

    /// Returns the claim `iat`, in whole seconds.
    #[must_use]
    pub fn issued_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.issued_at)
    }

    /// Returns the claim `exp`, in whole seconds: Cobrowse refuses the token from this time on.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.expires_at)
    }

    /// Returns the thumbprint of the key that signed the token (RFC 7638).
    #[must_use]
    pub fn key_thumbprint(&self) -> &str {
        self.key.thumbprint()
    }

    /// Returns the first 16 hex digits of the SHA-256 of the token, computed on each call. For audit logs: it identifies the token and
    /// does not reveal it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.text.as_bytes());
        digest.as_ref().iter().take(8).fold(String::with_capacity(16), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Returns the value of an `Authorization` header (RFC 6750, section 2.1). It is marked sensitive, so HTTP libraries do not log it.
    ///
    /// # Panics
    ///
    /// Never: base64url and dots are valid in a header.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        let bearer = Zeroizing::new(["Bearer ", self.expose_secret()].concat());
        #[expect(clippy::expect_used, reason = "base64url and dots are visible ASCII")]
        let mut value = HeaderValue::from_str(&bearer).expect("visible ASCII");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for AgentToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AgentToken")
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .field("key_thumbprint", &self.key.thumbprint())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = include_str!("../../tests/data/public_key.pem");

    impl AgentToken {
        /// For tests of code that sends tokens.
        pub(crate) fn new(text: Zeroizing<String>, expires_at: u64) -> Self {
            Self::signed(text, expires_at.saturating_sub(3_600), expires_at, PublicKey::from_pem(PEM).unwrap())
        }
    }

    #[test]
    fn debug_contains_no_part_of_the_token() {
        let token = AgentToken::new(Zeroizing::new("head.claims.signature".into()), 1_700_003_600);
        let thumbprint = PublicKey::from_pem(PEM).unwrap().thumbprint().to_owned();
        assert_eq!(
            format!("{token:?}"),
            format!(
                "AgentToken {{ issued_at: 1700000000, expires_at: 1700003600, key_thumbprint: {thumbprint:?}, .. }}"
            )
        );
        assert_eq!(token.expose_secret(), "head.claims.signature");
    }

    #[test]
    fn accessors_return_dates_key_and_fingerprint() {
        let token = AgentToken::new(Zeroizing::new("abc".into()), 1_700_003_600);
        assert_eq!(token.issued_at(), UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        assert_eq!(token.expires_at(), UNIX_EPOCH + Duration::from_secs(1_700_003_600));
        assert_eq!(token.key_thumbprint(), PublicKey::from_pem(PEM).unwrap().thumbprint());
        // FIPS 180-2, appendix B.1.
        assert_eq!(token.fingerprint(), "ba7816bf8f01cfea");
    }

    #[test]
    fn authorization_is_sensitive() {
        let value = AgentToken::new(Zeroizing::new("a.b.c".into()), 3_600).authorization();
        assert_eq!(value, "Bearer a.b.c");
        assert!(value.is_sensitive());
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
