macro_rules! checks {
    ($(#[doc = $doc:literal] $name:ident $id:literal, $hint:literal;)+) => {
        /// A check of a token, in the order in which [`Verifier`](crate::Verifier) applies them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum TokenCheck {
            $(#[doc = $doc] $name,)+
        }

        impl TokenCheck {
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns a stable name in kebab case, for programs.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// Returns what the check requires, in one sentence.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)+ }
            }

            /// Returns advice for a token that fails the check.
            pub(super) const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)+ }
            }
        }
    };
}

checks! {
    /// The token has at most 65,536 bytes.
    Size "size", "use a smaller policy";
    /// The token has three parts of canonical, unpadded base64url without whitespace (RFC 7515, section 7.1).
    CompactForm "compact-form", "copy the whole token again, on one line and without quotes";
    /// The header is one JSON object without duplicate members.
    Header "header", "use one JSON object with each member once";
    /// The algorithm (`alg`) is RS256.
    Algorithm "alg", "sign with RS256 and the private key of the account";
    /// The type (`typ`) is JWT.
    Type "typ", "set \"typ\": \"JWT\"";
    /// The header has no critical extensions (`crit`).
    Critical "crit", "remove crit from the header";
    /// The header has no other members than `alg`, `typ` and a string `kid`.
    HeaderMembers "header-members", "remove other members than alg, typ and kid from the header";
    /// The signature verifies under the public key.
    Signature "signature", "check which key signed the token, and whether the token was altered";
    /// The claims are one JSON object without duplicate members at any depth.
    Claims "claims", "use one JSON object with each member once";
    /// The audience (`aud`) is exactly `https://cobrowse.io`.
    Audience "aud", "set aud to https://cobrowse.io, without a trailing slash, for self-hosted instances too";
    /// The issuer (`iss`) is the license key.
    Issuer "iss", "set iss to the license key of the account";
    /// The subject (`sub`) is valid.
    Subject "sub", "set sub to the agent's email address";
    /// The display name (`displayName`) is absent or valid.
    DisplayName "display-name", "correct displayName, or omit it";
    /// Timestamps are in seconds, not in milliseconds.
    Seconds "seconds", "divide the timestamp by 1,000";
    /// The time of issue (`iat`) is an integer and not in the future.
    IssuedAt "iat", "check the clocks of the minting and the verifying machine";
    /// The expiry (`exp`) is an integer and in the future.
    Expiry "exp", "mint a new token";
    /// The lifetime from `iat` to `exp` is at most 24 hours, unless long-lived tokens are allowed.
    Lifetime "lifetime", "use a shorter lifetime, or allow long-lived tokens for SCIM";
    /// The role (`role`) is absent, `null` with a policy, `administrator` or `agent`.
    Role "role", "set role to \"administrator\" or \"agent\", to null with a policy, or omit it";
    /// The policy (`policy`) is absent, or a valid policy of version 2 or 3.
    Policy "policy", "correct the policy, or omit it";
    /// All claims are documented by Cobrowse.
    KnownClaims "known-claims", "remove or rename the claim";
}
