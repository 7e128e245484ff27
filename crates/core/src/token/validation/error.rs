use std::borrow::Cow;

use super::check::TokenCheck;
use crate::claims::{ClaimsError, PolicyError};

/// The first check that a token fails, and why.
///
/// There is one variant for each decision that a program can take; the message has the details. No message contains the token or a value of it, except
/// the names of members and algorithms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The text is not a JWT in the compact serialization (RFC 7515, section 7.1), or is too long.
    #[error("{detail}")]
    Malformed {
        /// The check of the form that failed.
        check: TokenCheck,
        /// The message.
        detail: Cow<'static, str>,
    },
    /// The token is unsigned.
    #[error("unsigned token (alg \"none\")")]
    AlgNone,
    /// The algorithm is missing or is not RS256.
    #[error("{}; expected RS256", of_algorithm(.0.as_deref()))]
    UnsupportedAlgorithm(Option<String>),
    /// The header has another type, critical extensions, unknown members or an invalid `kid`.
    #[error("{detail}")]
    InvalidHeader {
        /// The check of the header that failed.
        check: TokenCheck,
        /// The message.
        detail: Cow<'static, str>,
    },
    /// The signature is not of this key and this token.
    #[error("invalid signature")]
    InvalidSignature,
    /// A required claim is missing.
    #[error("missing claim {0}")]
    MissingClaim(&'static str),
    /// A claim has another JSON type.
    #[error("{claim} is not {expected}")]
    WrongClaimType {
        /// The name of the claim.
        claim: &'static str,
        /// `a string` or `an integer`.
        expected: &'static str,
    },
    /// `iss`, `sub`, `displayName` or `role` has an invalid value.
    #[error("invalid {claim}")]
    InvalidClaim {
        /// The name of the claim.
        claim: &'static str,
        /// The cause.
        source: ClaimsError,
    },
    /// The policy is invalid.
    #[error("invalid policy")]
    InvalidPolicy(#[source] PolicyError),
    /// The token is for another audience.
    #[error("aud is not \"https://cobrowse.io\"")]
    AudienceMismatch,
    /// The token is of another account.
    #[error("iss is not the expected license key")]
    IssuerMismatch,
    /// A timestamp is in milliseconds; JWT timestamps are in seconds.
    #[error("{claim} is in milliseconds")]
    TimestampInMilliseconds {
        /// `iat` or `exp`.
        claim: &'static str,
    },
    /// The token is not valid yet.
    #[error("iat is {seconds} s in the future")]
    IssuedInFuture {
        /// The time from now to `iat` in seconds.
        seconds: u64,
    },
    /// The token is expired.
    #[error("token expired {seconds} s ago")]
    Expired {
        /// The time from `exp` to now in seconds; 0 if it expires now.
        seconds: u64,
    },
    /// `exp` is not after `iat`.
    #[error("exp is not after iat")]
    ExpiresBeforeIssued,
    /// The lifetime exceeds 24 hours plus the leeway.
    #[error("lifetime of {seconds} s exceeds 24 hours")]
    LifetimeTooLong {
        /// The time from `iat` to `exp` in seconds.
        seconds: u64,
    },
    /// A claim is not documented by Cobrowse.
    #[error("unknown claim {found:?}{}", of_expected(*.expected))]
    UnknownClaim {
        /// The name in the token.
        found: String,
        /// The documented name of which this is another spelling, such as `displayName` for `display_name`.
        expected: Option<&'static str>,
    },
    /// The system clock of the verifying machine is before 1970.
    #[error("system clock is before 1970")]
    ClockBeforeEpoch,
}

impl VerifyError {
    /// Returns a stable name in kebab case, for programs.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::AlgNone => "alg-none",
            Self::UnsupportedAlgorithm(_) => "unsupported-algorithm",
            Self::InvalidHeader { .. } => "invalid-header",
            Self::InvalidSignature => "invalid-signature",
            Self::MissingClaim(_) => "missing-claim",
            Self::WrongClaimType { .. } => "wrong-claim-type",
            Self::InvalidClaim { .. } => "invalid-claim",
            Self::InvalidPolicy(_) => "invalid-policy",
            Self::AudienceMismatch => "audience-mismatch",
            Self::IssuerMismatch => "issuer-mismatch",
            Self::TimestampInMilliseconds { .. } => "timestamp-in-milliseconds",
            Self::IssuedInFuture { .. } => "issued-in-future",
            Self::Expired { .. } => "expired",
            Self::ExpiresBeforeIssued => "expires-before-issued",
            Self::LifetimeTooLong { .. } => "lifetime-too-long",
            Self::UnknownClaim { .. } => "unknown-claim",
            Self::ClockBeforeEpoch => "clock-before-epoch",
        }
    }

    /// Returns the check that failed.
    #[must_use]
    pub const fn check(&self) -> TokenCheck {
        match self {
            Self::Malformed { check, .. } | Self::InvalidHeader { check, .. } => *check,
            Self::AlgNone | Self::UnsupportedAlgorithm(_) => TokenCheck::Algorithm,
            Self::InvalidSignature => TokenCheck::Signature,
            Self::MissingClaim(claim) | Self::WrongClaimType { claim, .. } | Self::InvalidClaim { claim, .. } => {
                check_of(claim)
            }
            Self::InvalidPolicy(_) => TokenCheck::Policy,
            Self::AudienceMismatch => TokenCheck::Audience,
            Self::IssuerMismatch => TokenCheck::Issuer,
            Self::TimestampInMilliseconds { .. } => TokenCheck::Seconds,
            Self::IssuedInFuture { .. } => TokenCheck::IssuedAt,
            Self::Expired { .. } | Self::ClockBeforeEpoch => TokenCheck::Expiry,
            Self::ExpiresBeforeIssued | Self::LifetimeTooLong { .. } => TokenCheck::Lifetime,
            Self::UnknownClaim { .. } => TokenCheck::KnownClaims,
        }
    }

    /// Returns advice, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::MissingClaim(_) | Self::WrongClaimType { .. } => match self.check() {
                TokenCheck::IssuedAt | TokenCheck::Expiry => Some("set iat and exp to integers: seconds since 1970"),
                check => Some(check.hint()),
            },
            Self::InvalidClaim { source, .. } => source.hint(),
            Self::InvalidPolicy(source) => source.hint(),
            Self::ExpiresBeforeIssued => Some("set exp to a time after iat"),
            Self::ClockBeforeEpoch => Some("set the system clock"),
            _ => Some(self.check().hint()),
        }
    }

    /// Returns whether the same token can pass later: its `iat` is in the future.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::IssuedInFuture { .. })
    }

    pub(super) fn malformed(check: TokenCheck, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed { check, detail: detail.into() }
    }

    pub(super) fn invalid_header(check: TokenCheck, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidHeader { check, detail: detail.into() }
    }
}

fn of_algorithm(algorithm: Option<&str>) -> String {
    match algorithm {
        None => "missing algorithm".to_owned(),
        Some(symmetric @ ("HS256" | "HS384" | "HS512")) => format!("symmetric algorithm {symmetric}"),
        Some(other) => format!("unsupported algorithm {other:?}"),
    }
}

fn of_expected(expected: Option<&str>) -> String {
    expected.map(|name| format!("; expected {name:?}")).unwrap_or_default()
}

const fn check_of(claim: &str) -> TokenCheck {
    match claim.as_bytes() {
        b"aud" => TokenCheck::Audience,
        b"iss" => TokenCheck::Issuer,
        b"sub" => TokenCheck::Subject,
        b"displayName" => TokenCheck::DisplayName,
        b"iat" => TokenCheck::IssuedAt,
        b"exp" => TokenCheck::Expiry,
        b"role" => TokenCheck::Role,
        _ => TokenCheck::Claims,
    }
}
