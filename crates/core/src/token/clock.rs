use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::duration::{self, TextOrSeconds};

/// A source of the current time. Every function that returns a [`SystemTime`] is a clock, for deterministic tests.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use cobrowse_jwt_core::Clock;
///
/// let fixed = || UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// assert_eq!(fixed.now(), fixed.now());
/// ```
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// The maximum tolerated difference between the clocks of two machines: 0 to 5 minutes, in whole seconds.
///
/// Parses from a whole number with a unit: `30s`, `2m`. Deserializes from such text or from a number of seconds, and serializes to a
/// number of seconds.
///
/// ```
/// use std::time::Duration;
/// use cobrowse_jwt_core::ClockSkew;
///
/// assert_eq!("2m".parse(), ClockSkew::new(Duration::from_secs(120)));
/// assert_eq!("90s".parse::<ClockSkew>()?.to_string(), "90s");
/// # Ok::<(), cobrowse_jwt_core::ClockSkewError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "TextOrSeconds")]
pub struct ClockSkew(u64);

impl ClockSkew {
    /// The largest skew: 5 minutes.
    pub const MAX: Duration = Duration::from_secs(5 * 60);

    /// Returns a skew of 0 to 5 minutes. A fraction of a second is truncated.
    ///
    /// # Errors
    ///
    /// [`ClockSkewError::TooLarge`].
    pub fn new(skew: Duration) -> Result<Self, ClockSkewError> {
        if skew > Self::MAX { Err(ClockSkewError::TooLarge) } else { Ok(Self(skew.as_secs())) }
    }

    /// Returns the skew in seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ClockSkew {
    /// Formats the skew as `FromStr` parses it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        duration::format(self.0, formatter)
    }
}

impl FromStr for ClockSkew {
    type Err = ClockSkewError;

    fn from_str(text: &str) -> Result<Self, ClockSkewError> {
        let seconds = duration::parse(text).ok_or(ClockSkewError::Invalid)?;
        Self::new(Duration::from_secs(seconds))
    }
}

impl TryFrom<&str> for ClockSkew {
    type Error = ClockSkewError;

    fn try_from(text: &str) -> Result<Self, ClockSkewError> {
        text.parse()
    }
}

impl TryFrom<String> for ClockSkew {
    type Error = ClockSkewError;

    fn try_from(text: String) -> Result<Self, ClockSkewError> {
        text.parse()
    }
}

impl TryFrom<TextOrSeconds> for ClockSkew {
    type Error = ClockSkewError;

    fn try_from(skew: TextOrSeconds) -> Result<Self, ClockSkewError> {
        let seconds = skew.seconds().ok_or(ClockSkewError::Invalid)?;
        Self::new(Duration::from_secs(seconds))
    }
}

/// Reports why a duration is not a [`ClockSkew`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockSkewError {
    /// The text is not a duration such as `30s`.
    #[error("clock skew is not a whole number with the unit s or m")]
    Invalid,
    /// The skew is more than 5 minutes.
    #[error("clock skew exceeds 5 minutes")]
    TooLarge,
}

impl ClockSkewError {
    /// Returns advice for the operator.
    #[must_use]
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Invalid => Some("write it like 30s or 2m"),
            Self::TooLarge => Some("use at most 5m, and set the system clocks"),
        }
    }
}

/// The largest date that is read as seconds (year 5138). A larger number is read as milliseconds: a date from 3 March 1973 on.
pub(crate) const MAX_NUMERIC_DATE: u64 = 99_999_999_999;

/// Returns seconds since 1970 (RFC 7519, section 2, `NumericDate`), or `None` before it.
pub(crate) fn numeric_date(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_with_more_than_five_minutes_returns_error() {
        assert_eq!(ClockSkew::default().as_secs(), 0);
        assert_eq!(ClockSkew::new(Duration::from_secs(300)).unwrap().as_secs(), 300);
        assert_eq!(ClockSkew::new(Duration::from_secs(301)), Err(ClockSkewError::TooLarge));
    }

    #[test]
    fn every_conversion_from_text_returns_the_same() {
        for (text, seconds) in [("0s", 0), ("1s", 1), ("90s", 90), ("5m", 300)] {
            let skew: ClockSkew = text.parse().unwrap();
            assert_eq!((skew.as_secs(), skew.to_string().as_str()), (seconds, text));
            assert_eq!(ClockSkew::try_from(text), Ok(skew));
            assert_eq!(ClockSkew::try_from(text.to_owned()), Ok(skew));
            assert_eq!(serde_json::from_str::<ClockSkew>(&format!("{text:?}")).unwrap(), skew);
            assert_eq!(serde_json::from_str::<ClockSkew>(&seconds.to_string()).unwrap(), skew);
            assert_eq!(serde_json::to_string(&skew).unwrap(), seconds.to_string());
        }
    }

    #[test]
    fn conversion_from_other_text_returns_error() {
        assert_eq!("6m".parse::<ClockSkew>(), Err(ClockSkewError::TooLarge));
        for text in ["", "5", "-1s", "1h30m"] {
            assert_eq!(text.parse::<ClockSkew>(), Err(ClockSkewError::Invalid), "{text}");
        }
        for json in ["301", "-1", "1.5", "\"301s\"", "null"] {
            assert!(serde_json::from_str::<ClockSkew>(json).is_err(), "{json}");
        }
    }
}
