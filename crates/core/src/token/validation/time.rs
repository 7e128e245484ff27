//! `iat` and `exp` (RFC 7519, sections 4.1.4 and 4.1.6).

use super::{error::VerifyError, outcome::Outcome};
use crate::{
    claims::Lifetime,
    json::Object,
    token::clock::{ClockSkew, MAX_NUMERIC_DATE},
};

/// Seconds since 1970, or why a date is not.
#[derive(Clone, Copy)]
pub(super) struct Dates<'c> {
    pub(super) issued_at: &'c Result<u64, VerifyError>,
    pub(super) expires_at: &'c Result<u64, VerifyError>,
}

const IN_MILLISECONDS: Outcome = Outcome::Skipped("the date is in milliseconds; divide it by 1,000 first");

pub(super) fn seconds(dates: Option<Dates<'_>>) -> Outcome {
    let Some(dates) = dates else { return Outcome::UNREADABLE };
    match [dates.issued_at, dates.expires_at] {
        [Err(error @ VerifyError::Milliseconds { .. }), _] | [_, Err(error @ VerifyError::Milliseconds { .. })] => {
            Outcome::Failed(error.clone())
        }
        [Ok(_), Ok(_)] => Outcome::Passed,
        _ => Outcome::Skipped("a date is missing or is no whole number; correct `iat` and `exp` first"),
    }
}

pub(super) fn issued_at(dates: Option<Dates<'_>>, now: Option<u64>, leeway: ClockSkew) -> Outcome {
    let issued_at = dates.map(|dates| dates.issued_at);
    match (issued_at, now) {
        (Some(Err(VerifyError::Milliseconds { .. })), _) => IN_MILLISECONDS,
        (Some(Ok(_)), None) => Outcome::Skipped("this machine's clock shows a time before 1970; set it"),
        (Some(Ok(iat)), Some(now)) if *iat > now + leeway.as_secs() => {
            Outcome::Failed(VerifyError::IssuedInFuture { seconds: iat - now })
        }
        _ => Outcome::of(issued_at),
    }
}

pub(super) fn expiry(dates: Option<Dates<'_>>, now: Option<u64>, leeway: ClockSkew) -> Outcome {
    let expires_at = dates.map(|dates| dates.expires_at);
    match (expires_at, now) {
        (Some(Err(VerifyError::Milliseconds { .. })), _) => IN_MILLISECONDS,
        (Some(Ok(_)), None) => Outcome::Failed(VerifyError::ClockBeforeEpoch),
        (Some(Ok(exp)), Some(now)) if exp + leeway.as_secs() <= now => {
            Outcome::Failed(VerifyError::Expired { seconds: now - exp })
        }
        _ => Outcome::of(expires_at),
    }
}

pub(super) fn lifetime(dates: Option<Dates<'_>>, leeway: ClockSkew, allow_long_lived: bool) -> Outcome {
    // A minter whose clock is behind dates `iat` back, which stretches the life by as much.
    let longest = Lifetime::MAX.as_secs() + leeway.as_secs();
    match dates.map(|dates| (dates.issued_at, dates.expires_at)) {
        Some((Ok(iat), Ok(exp))) if exp <= iat => Outcome::Failed(VerifyError::ExpiresBeforeIssued),
        Some((Ok(iat), Ok(exp))) if exp - iat > longest && !allow_long_lived => {
            Outcome::Failed(VerifyError::LongLived { seconds: exp - iat })
        }
        Some((Ok(_), Ok(_))) => Outcome::Passed,
        Some(_) => {
            Outcome::Skipped("a date is missing or is no whole number of seconds; correct `iat` and `exp` first")
        }
        None => Outcome::UNREADABLE,
    }
}

pub(super) fn date(claims: &Object<'_>, name: &'static str) -> Result<u64, VerifyError> {
    match claims.get(name).ok_or(VerifyError::Missing(name))?.as_u64() {
        None => Err(VerifyError::NotInteger(name)),
        Some(date) if date > MAX_NUMERIC_DATE => Err(VerifyError::Milliseconds { claim: name }),
        Some(date) => Ok(date),
    }
}
