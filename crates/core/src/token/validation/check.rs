macro_rules! checks {
    ($(#[doc = $doc:literal] $name:ident $id:literal;)+) => {
        /// A check of a token, in the order in which [`Verifier`](crate::Verifier) applies them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum TokenCheck {
            $(#[doc = $doc] $name,)+
        }

        impl TokenCheck {
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns a stable name in kebab case, for programs and documentation.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// Returns what the check requires, as a sentence.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)+ }
            }
        }
    };
}

checks! {
    /// The token has at most 65,536 bytes.
    Size "size";
    /// The token is three parts of base64url, without padding, white space or spare bits (RFC 7515, section 7.1).
    CompactForm "compact-form";
    /// The header is one JSON object in which no member comes twice.
    Header "header";
    /// The algorithm (`alg`) is RS256.
    Algorithm "alg";
    /// The type (`typ`) is JWT.
    Type "typ";
    /// The header asks for no extension (`crit`).
    Critical "crit";
    /// The header has no members but `alg`, `typ` and a textual `kid`.
    HeaderMembers "header-members";
    /// The signature verifies under the public key.
    Signature "signature";
    /// The claims are one JSON object in which no member comes twice at any depth.
    Claims "claims";
    /// The audience (`aud`) is exactly `https://cobrowse.io`.
    Audience "aud";
    /// The issuer (`iss`) is the license key.
    Issuer "iss";
    /// The subject (`sub`) names the agent.
    Subject "sub";
    /// The display name (`displayName`) is absent or readable text.
    DisplayName "display-name";
    /// Dates are in seconds, not in milliseconds.
    Seconds "seconds";
    /// The time of issue (`iat`) is a whole number and not in the future.
    IssuedAt "iat";
    /// The expiry (`exp`) is a whole number and in the future.
    Expiry "exp";
    /// The token lives at most 24 hours from `iat` to `exp`, unless long-lived ones are allowed.
    Lifetime "lifetime";
    /// The role (`role`) is absent, `null` beside a policy, `administrator` or `agent`.
    Role "role";
    /// The policy (`policy`) is absent or of version 2 or 3, and no part of it is empty by accident.
    Policy "policy";
    /// There are no claims but the documented ones.
    KnownClaims "known-claims";
}
