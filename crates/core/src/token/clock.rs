use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What time it is. Every function that returns a [`SystemTime`] is a clock, so that tests can stop it.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use cobrowse_jwt_core::Clock;
///
/// let stopped = || UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// assert_eq!(stopped.now(), stopped.now());
/// ```
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// How far two machines' clocks may stand apart: from 0 to 5 minutes, in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockSkew(u64);

impl ClockSkew {
    /// The largest skew: 5 minutes.
    pub const MAX: Duration = Duration::from_secs(5 * 60);

    /// From 0 to 5 minutes; a fraction of a second is cut off.
    ///
    /// # Errors
    ///
    /// [`ClockSkewError`] for more than 5 minutes.
    pub fn new(skew: Duration) -> Result<Self, ClockSkewError> {
        if skew > Self::MAX { Err(ClockSkewError) } else { Ok(Self(skew.as_secs())) }
    }

    /// The skew in seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }
}

/// A clock skew of more than 5 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock skew is over 5 minutes; set the machine's clock instead")]
pub struct ClockSkewError;

/// Larger numbers are no dates in seconds but in milliseconds: this one lies in the year 5138, and as milliseconds in 1973.
pub(crate) const MAX_NUMERIC_DATE: u64 = 99_999_999_999;

/// Seconds since 1970 (RFC 7519, section 2, `NumericDate`), or `None` before it.
pub(crate) fn numeric_date(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skew_is_at_most_five_minutes() {
        assert_eq!(ClockSkew::default().as_secs(), 0);
        assert_eq!(ClockSkew::new(Duration::from_secs(300)).unwrap().as_secs(), 300);
        assert_eq!(ClockSkew::new(Duration::from_secs(301)), Err(ClockSkewError));
    }
}
