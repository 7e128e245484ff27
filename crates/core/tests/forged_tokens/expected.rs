//! Errors as `VerifyError::id` and the id of the check.

pub(crate) const SIZE: &str = "malformed size";
pub(crate) const FORM: &str = "malformed compact-form";
pub(crate) const HEADER: &str = "malformed header";
pub(crate) const NONE: &str = "alg-none alg";
pub(crate) const ALG: &str = "unsupported-algorithm alg";
pub(crate) const TYP: &str = "invalid-header typ";
pub(crate) const CRIT: &str = "invalid-header crit";
pub(crate) const MEMBER: &str = "invalid-header header-members";
pub(crate) const SIGNATURE: &str = "invalid-signature signature";
pub(crate) const CLAIMS: &str = "malformed claims";
pub(crate) const AUD: &str = "audience-mismatch aud";
pub(crate) const ISS: &str = "issuer-mismatch iss";
pub(crate) const SECONDS: &str = "timestamp-in-milliseconds seconds";
pub(crate) const EXPIRED: &str = "expired exp";
pub(crate) const FUTURE: &str = "issued-in-future iat";
pub(crate) const LIFETIME: &str = "lifetime-too-long lifetime";
pub(crate) const ROLE: &str = "invalid-claim role";
pub(crate) const POLICY: &str = "invalid-policy policy";
pub(crate) const UNKNOWN: &str = "unknown-claim known-claims";
