//! Whether this machine's clock is plausible. Nothing here asks the network for the time: what can be said is that it is not before
//! this version was made. AWS refuses requests more than five minutes off, but what answers an `awskms:` key may be no AWS.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::checkup::Checkup;
use crate::{exit::Exit, failure::Failure, times};

/// 1 November 2026, in seconds since 1970: when this version was made.
const MADE: u64 = 1_793_491_200;

/// Nobody uses this version so much later.
const LATEST: u64 = MADE + 20 * 365 * 86_400;

pub(super) fn check(checkup: &mut Checkup<'_>) {
    match plausible(SystemTime::now()) {
        Ok(time) => {
            let words = format!("{time} is after this version was made; compare it with a clock yourself");
            checkup.passed("clock", None, &words);
        }
        Err(sentence) => checkup.failed("clock", &Failure::new(Exit::Refused, sentence)),
    }
}

fn plausible(now: SystemTime) -> Result<String, String> {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let local =
        i64::try_from(seconds).ok().and_then(times::local).unwrap_or_else(|| "a time beyond the calendar".into());
    match seconds {
        0..MADE => Err(format!("the clock shows {local}, which is before this version was made; set it")),
        MADE..=LATEST => Ok(local),
        _ => Err(format!("the clock shows {local}, which is 20 years after this version was made; set it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_is_found() {
        let at = |seconds| plausible(UNIX_EPOCH + Duration::from_secs(seconds));
        assert!(at(0).is_err_and(|sentence| sentence.contains("before this version")));
        assert!(at(MADE - 1).is_err());
        assert!(at(MADE).is_ok());
        assert!(at(LATEST + 1).is_err_and(|sentence| sentence.contains("20 years")));
        assert!(at(u64::from(u32::MAX) * 1_000).is_err());
        assert!(plausible(UNIX_EPOCH - Duration::from_secs(1)).is_err());
        assert!(plausible(SystemTime::now()).is_ok());
    }
}
