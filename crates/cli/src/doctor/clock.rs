//! Whether the system clock is plausible, without a time server. AWS refuses requests that are more than five minutes off, but an
//! `awskms:` endpoint can be another service.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::report::Report;
use crate::{exit::Exit, failure::Failure, time};

/// The earliest plausible time, 1 November 2026, in seconds since 1970.
const RELEASE: u64 = 1_793_491_200;

const LATEST: u64 = RELEASE + 20 * 365 * 86_400;

pub(super) fn check(report: &mut Report) {
    match plausible(SystemTime::now()) {
        Ok(time) => report.passed("clock", format!("plausible: {time}")),
        Err(message) => {
            let failure = Failure::new(Exit::Refused, message).with_hint("set the system clock");
            report.failed("clock", failure.with_id("implausible-clock"));
        }
    }
}

fn plausible(now: SystemTime) -> Result<String, String> {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let local =
        i64::try_from(seconds).ok().and_then(time::local).unwrap_or_else(|| "a time after the year 9999".into());
    match seconds {
        0..RELEASE => Err(format!("system clock shows {local}, which is before the release of this version")),
        RELEASE..=LATEST => Ok(local),
        _ => Err(format!("system clock shows {local}, over 20 years after the release of this version")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_far_from_the_release_is_implausible() {
        let at = |seconds| plausible(UNIX_EPOCH + Duration::from_secs(seconds));
        assert!(at(0).is_err_and(|message| message.contains("before the release")));
        assert!(at(RELEASE - 1).is_err());
        assert!(at(RELEASE).is_ok());
        assert!(at(LATEST + 1).is_err_and(|message| message.contains("20 years")));
        assert!(at(u64::from(u32::MAX) * 1_000).is_err());
        assert!(plausible(UNIX_EPOCH - Duration::from_secs(1)).is_err());
        assert!(plausible(SystemTime::now()).is_ok());
    }
}
