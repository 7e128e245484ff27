use super::check::TokenCheck;
use crate::claims::{ClaimsError, PolicyError};

/// The first check that a token fails, and why.
///
/// No message contains the token or a value of it, beyond the names of members and algorithms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Over [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("the token has {bytes} bytes, over the limit of 65,536; make its policy smaller")]
    TooLong {
        /// The token's length in bytes.
        bytes: usize,
    },
    /// White space in or around the token.
    #[error("the token has white space in or around it; remove it, and look where the line break comes from")]
    WhiteSpace,
    /// Not three parts.
    #[error("the token has {parts} parts instead of 3; give the whole JWT, header.claims.signature, and nothing else")]
    WrongParts {
        /// How many parts there are between the dots.
        parts: usize,
    },
    /// Padding, another alphabet, or bits that decode to nothing.
    #[error("the {part} is not canonical base64url without padding; copy the token again, or mend the encoder")]
    NotBase64Url {
        /// `header`, `claims` or `signature`.
        part: &'static str,
    },
    /// The header is no JSON object.
    #[error("the header is not a JSON object; mint a JWT")]
    HeaderNotObject,
    /// The header repeats a member.
    #[error("the header has the member {0:?} twice; write each once")]
    RepeatedHeaderMember(String),
    /// No `alg`, or one that is no text.
    #[error("the header names no algorithm; sign with RS256 and write \"alg\": \"RS256\"")]
    NoAlgorithm,
    /// `none` in any case: not signed at all.
    #[error("the algorithm is \"none\", so nobody has signed the token; sign with RS256")]
    Unsigned,
    /// A shared secret where a key pair is needed.
    #[error(
        "the algorithm is {0}, which signs with a shared secret; this is another vendor's token, or sign with RS256 and your private key"
    )]
    SharedSecret(String),
    /// Another algorithm.
    #[error("the algorithm is {0:?}; sign with RS256")]
    OtherAlgorithm(String),
    /// `typ` missing or not `JWT`.
    #[error("the header's typ is not \"JWT\"; write \"typ\": \"JWT\"")]
    OtherType,
    /// `crit`.
    #[error("the header asks for extensions (crit); leave it out")]
    Critical,
    /// A member that is not expected.
    #[error("the header has the member {0:?}; only alg, typ and kid belong there")]
    UnknownHeaderMember(String),
    /// A `kid` that is no text.
    #[error("the header's kid is not a string; leave it out")]
    KeyIdNotText,
    /// The signature is not of this key over this token.
    #[error("the signature does not verify under the public key; the token was signed by another key or altered since")]
    Signature,
    /// The claims are no JSON object.
    #[error("the claims are not a JSON object; mint a JWT")]
    ClaimsNotObject,
    /// The claims repeat a member.
    #[error("the claims have the member {0:?} twice; write each once")]
    RepeatedClaim(String),
    /// A required claim is missing.
    #[error("the claim {0} is missing; add it")]
    Missing(&'static str),
    /// A claim of another JSON type than text.
    #[error("the claim {0} is not a string; write it as one")]
    NotText(&'static str),
    /// Another audience.
    #[error(
        "the audience (aud) is not exactly \"https://cobrowse.io\"; write it so, without a trailing slash and for self-hosted instances too"
    )]
    OtherAudience,
    /// An issuer that is no license key.
    #[error("the issuer (iss) is no license key; write the account's license key there")]
    Issuer(#[source] ClaimsError),
    /// Another account's license key.
    #[error("the issuer (iss) is another license key than the expected one; use the license key of the account")]
    OtherIssuer,
    /// A subject that names nobody.
    #[error("the subject (sub) names nobody; write the agent's email address there")]
    Subject(#[source] ClaimsError),
    /// A display name that is no readable text.
    #[error("the display name (displayName) is not readable text; mend it or leave it out")]
    DisplayName(#[source] ClaimsError),
    /// A date in milliseconds.
    #[error("the claim {claim} is in milliseconds; divide by 1,000, for JWTs count seconds")]
    Milliseconds {
        /// `iat` or `exp`.
        claim: &'static str,
    },
    /// A date that is a string, a fraction or negative.
    #[error("the claim {0} is not a whole number; write the seconds since 1970 as a JSON integer")]
    NotInteger(&'static str),
    /// Issued later than now.
    #[error("the token is issued {seconds} seconds in the future; set the minting machine's clock")]
    IssuedInFuture {
        /// The distance from now to `iat` in seconds.
        seconds: u64,
    },
    /// Expired, this second or earlier.
    #[error("the token expired {seconds} seconds ago; mint a new one")]
    Expired {
        /// The distance from `exp` to now in seconds; 0 if it expires just now.
        seconds: u64,
    },
    /// `exp` not after `iat`.
    #[error("the token expires before it is issued; set exp after iat")]
    ExpiresBeforeIssued,
    /// Over 24 hours from `iat` to `exp`, and over the leeway beyond them.
    #[error(
        "the token lives {seconds} seconds, over a day; shorten it, or allow long-lived tokens where SCIM needs them"
    )]
    LongLived {
        /// The distance from `iat` to `exp` in seconds.
        seconds: u64,
    },
    /// The verifying machine's clock shows a time before 1970.
    #[error("this machine's clock shows a time before 1970; set it")]
    ClockBeforeEpoch,
    /// A role that Cobrowse does not know, or `null` without a policy.
    #[error("the role is wrong; write \"administrator\", \"agent\", or null beside a policy")]
    Role(#[source] ClaimsError),
    /// A policy that does not say what it seems to.
    #[error("the policy is wrong; build it from checked rules")]
    Policy(#[source] PolicyError),
    /// A claim that is not documented.
    #[error("the claim {0:?} is not one of Cobrowse's; remove it")]
    UnknownClaim(String),
    /// A documented claim in another spelling, such as `display_name`.
    #[error("the claim {found:?} is not one of Cobrowse's; rename it to \"{meant}\"")]
    MisspelledClaim {
        /// The name in the token.
        found: String,
        /// The name that is documented.
        meant: &'static str,
    },
    /// A check was skipped. A verifier, which has its keys and a clock, never returns this.
    #[error("the check `{}` was skipped", .0.id())]
    Skipped(TokenCheck),
}

impl VerifyError {
    /// Returns the check that failed.
    #[must_use]
    pub const fn check(&self) -> TokenCheck {
        match self {
            Self::TooLong { .. } => TokenCheck::Size,
            Self::WhiteSpace | Self::WrongParts { .. } | Self::NotBase64Url { .. } => TokenCheck::CompactForm,
            Self::HeaderNotObject | Self::RepeatedHeaderMember(_) => TokenCheck::Header,
            Self::NoAlgorithm | Self::Unsigned | Self::SharedSecret(_) | Self::OtherAlgorithm(_) => {
                TokenCheck::Algorithm
            }
            Self::OtherType => TokenCheck::Type,
            Self::Critical => TokenCheck::Critical,
            Self::UnknownHeaderMember(_) | Self::KeyIdNotText => TokenCheck::HeaderMembers,
            Self::Signature => TokenCheck::Signature,
            Self::ClaimsNotObject | Self::RepeatedClaim(_) => TokenCheck::Claims,
            Self::Missing(claim) | Self::NotText(claim) | Self::NotInteger(claim) => check_of(claim),
            Self::OtherAudience => TokenCheck::Audience,
            Self::Issuer(_) | Self::OtherIssuer => TokenCheck::Issuer,
            Self::Subject(_) => TokenCheck::Subject,
            Self::DisplayName(_) => TokenCheck::DisplayName,
            Self::Milliseconds { .. } => TokenCheck::Seconds,
            Self::IssuedInFuture { .. } => TokenCheck::IssuedAt,
            Self::Expired { .. } | Self::ClockBeforeEpoch => TokenCheck::Expiry,
            Self::ExpiresBeforeIssued | Self::LongLived { .. } => TokenCheck::Lifetime,
            Self::Role(_) => TokenCheck::Role,
            Self::Policy(_) => TokenCheck::Policy,
            Self::UnknownClaim(_) | Self::MisspelledClaim { .. } => TokenCheck::KnownClaims,
            Self::Skipped(check) => *check,
        }
    }
}

const fn check_of(claim: &str) -> TokenCheck {
    match claim.as_bytes() {
        b"aud" => TokenCheck::Audience,
        b"iss" => TokenCheck::Issuer,
        b"sub" => TokenCheck::Subject,
        b"displayName" => TokenCheck::DisplayName,
        b"iat" => TokenCheck::IssuedAt,
        _ => TokenCheck::Expiry,
    }
}
