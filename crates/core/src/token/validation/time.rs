//! `iat` and `exp` (RFC 7519, sections 4.1.4 and 4.1.6).

use super::{error::VerifyError, outcome::Outcome};
use crate::{
    claims::Lifetime,
    json::Object,
    token::clock::{ClockSkew, MAX_NUMERIC_DATE},
};

/// Both dates in seconds since 1970, or their errors.
#[derive(Clone, Copy)]
pub(super) struct Dates<'c> {
    pub(super) issued_at: &'c Result<u64, VerifyError>,
    pub(super) expires_at: &'c Result<u64, VerifyError>,
}

const INVALID: Outcome = Outcome::Skipped("invalid iat or exp");

pub(super) fn seconds(dates: Option<Dates<'_>>) -> Outcome {
    let Some(dates) = dates else { return Outcome::BLOCKED };
    match [dates.issued_at, dates.expires_at] {
        [Err(error @ VerifyError::TimestampInMilliseconds { .. }), _]
        | [_, Err(error @ VerifyError::TimestampInMilliseconds { .. })] => Outcome::Failed(error.clone()),
        [Ok(_), Ok(_)] => Outcome::Passed,
        _ => INVALID,
    }
}

pub(super) fn issued_at(dates: Option<Dates<'_>>, now: Option<u64>, leeway: ClockSkew) -> Outcome {
    let issued_at = dates.map(|dates| dates.issued_at);
    match (issued_at, now) {
        (Some(Err(VerifyError::TimestampInMilliseconds { .. })), _) => INVALID,
        (Some(Ok(_)), None) => Outcome::Skipped("system clock is before 1970"),
        (Some(Ok(iat)), Some(now)) if *iat > now + leeway.as_secs() => {
            Outcome::Failed(VerifyError::IssuedInFuture { seconds: iat - now })
        }
        _ => Outcome::of(issued_at),
    }
}

pub(super) fn expiry(dates: Option<Dates<'_>>, now: Option<u64>, leeway: ClockSkew) -> Outcome {
    let expires_at = dates.map(|dates| dates.expires_at);
    match (expires_at, now) {
        (Some(Err(VerifyError::TimestampInMilliseconds { .. })), _) => INVALID,
        (Some(Ok(_)), None) => Outcome::Failed(VerifyError::ClockBeforeEpoch),
        (Some(Ok(exp)), Some(now)) if exp + leeway.as_secs() <= now => {
            Outcome::Failed(VerifyError::Expired { seconds: now - exp })
        }
        _ => Outcome::of(expires_at),
    }
}

pub(super) fn lifetime(dates: Option<Dates<'_>>, leeway: ClockSkew, allow_long_lived: bool) -> Outcome {
    // A backdated `iat` makes the lifetime longer by the backdate.
    let longest = Lifetime::MAX.as_secs() + leeway.as_secs();
    match dates.map(|dates| (dates.issued_at, dates.expires_at)) {
        Some((Ok(iat), Ok(exp))) if exp <= iat => Outcome::Failed(VerifyError::ExpiresBeforeIssued),
        Some((Ok(iat), Ok(exp))) if exp - iat > longest && !allow_long_lived => {
            Outcome::Failed(VerifyError::LifetimeTooLong { seconds: exp - iat })
        }
        Some((Ok(_), Ok(_))) => Outcome::Passed,
        Some(_) => INVALID,
        None => Outcome::BLOCKED,
    }
}

pub(super) fn date(claims: &Object<'_>, name: &'static str) -> Result<u64, VerifyError> {
    match claims.get(name).ok_or(VerifyError::MissingClaim(name))?.as_u64() {
        None => Err(VerifyError::WrongClaimType { claim: name, expected: "an integer" }),
        Some(date) if date > MAX_NUMERIC_DATE => Err(VerifyError::TimestampInMilliseconds { claim: name }),
        Some(date) => Ok(date),
    }
}
