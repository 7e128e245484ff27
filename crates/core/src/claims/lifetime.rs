use std::{fmt, num::NonZeroU64, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::ClaimsError;
use crate::duration::{self, TextOrSeconds};

/// The lifetime of a token in whole seconds: `exp` is this long after the moment of minting.
///
/// Cobrowse documents no revocation of single tokens, so the lifetime limits the use of a stolen one. It is one hour by default and at
/// most 24 hours, as [Cobrowse advises](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts);
/// [`Lifetime::long_lived`] has no limit.
///
/// Parses from a whole number with a unit: `90s`, `15m`, `8h`, `1d`. Deserializes from such text or from a number of seconds, and
/// serializes to a number of seconds.
///
/// ```
/// use std::time::Duration;
/// use cobrowse_jwt_core::Lifetime;
///
/// assert_eq!("15m".parse::<Lifetime>()?, Lifetime::new(Duration::from_secs(900))?);
/// assert_eq!(Lifetime::default().to_string(), "1h");
/// assert!(Lifetime::new(Duration::from_secs(3_600_000)).is_err(), "milliseconds exceed the limit");
/// # Ok::<(), cobrowse_jwt_core::ClaimsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "TextOrSeconds")]
pub struct Lifetime(NonZeroU64);

impl Lifetime {
    /// The longest lifetime that [`Lifetime::new`] accepts: 24 hours.
    pub const MAX: Duration = Duration::from_secs(24 * 60 * 60);

    /// Returns a lifetime of 1 second to 24 hours. A fraction of a second is truncated.
    ///
    /// # Errors
    ///
    /// [`ClaimsError::LifetimeUnderOneSecond`] and [`ClaimsError::LifetimeOverOneDay`].
    pub fn new(lifetime: Duration) -> Result<Self, ClaimsError> {
        if lifetime > Self::MAX {
            return Err(ClaimsError::LifetimeOverOneDay);
        }
        Self::long_lived(lifetime)
    }

    /// Returns a lifetime of at least 1 second, without the limit of 24 hours. A fraction of a second is truncated.
    ///
    /// For SCIM provisioning, whose tokens are long-lived by design. Such a token is accepted until it expires or the account's public
    /// key is replaced; [`AgentClaims::warnings`](crate::AgentClaims::warnings) reports it.
    ///
    /// # Errors
    ///
    /// [`ClaimsError::LifetimeUnderOneSecond`].
    pub fn long_lived(lifetime: Duration) -> Result<Self, ClaimsError> {
        NonZeroU64::new(lifetime.as_secs()).map(Self).ok_or(ClaimsError::LifetimeUnderOneSecond)
    }

    /// Parses a lifetime as `FromStr` does, but without the limit of 24 hours; see [`Lifetime::long_lived`].
    ///
    /// # Errors
    ///
    /// [`ClaimsError::InvalidLifetime`] and [`ClaimsError::LifetimeUnderOneSecond`].
    pub fn parse_long_lived(text: &str) -> Result<Self, ClaimsError> {
        let seconds = duration::parse(text).ok_or(ClaimsError::InvalidLifetime)?;
        Self::long_lived(Duration::from_secs(seconds))
    }

    /// Returns the lifetime in seconds, at least 1.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0.get()
    }

    /// Returns whether the lifetime is more than 24 hours.
    #[must_use]
    pub const fn is_long_lived(self) -> bool {
        self.as_secs() > Self::MAX.as_secs()
    }
}

impl Default for Lifetime {
    /// Returns one hour.
    fn default() -> Self {
        const HOUR: NonZeroU64 = NonZeroU64::new(60 * 60).unwrap();
        Self(HOUR)
    }
}

impl fmt::Display for Lifetime {
    /// Formats the lifetime as `FromStr` parses it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        duration::format(self.as_secs(), formatter)
    }
}

impl FromStr for Lifetime {
    type Err = ClaimsError;

    fn from_str(text: &str) -> Result<Self, ClaimsError> {
        let lifetime = Self::parse_long_lived(text)?;
        if lifetime.is_long_lived() { Err(ClaimsError::LifetimeOverOneDay) } else { Ok(lifetime) }
    }
}

impl TryFrom<&str> for Lifetime {
    type Error = ClaimsError;

    fn try_from(text: &str) -> Result<Self, ClaimsError> {
        text.parse()
    }
}

impl TryFrom<String> for Lifetime {
    type Error = ClaimsError;

    fn try_from(text: String) -> Result<Self, ClaimsError> {
        text.parse()
    }
}

impl TryFrom<Duration> for Lifetime {
    type Error = ClaimsError;

    fn try_from(lifetime: Duration) -> Result<Self, ClaimsError> {
        Self::new(lifetime)
    }
}

impl TryFrom<TextOrSeconds> for Lifetime {
    type Error = ClaimsError;

    fn try_from(lifetime: TextOrSeconds) -> Result<Self, ClaimsError> {
        let seconds = lifetime.seconds().ok_or(ClaimsError::InvalidLifetime)?;
        Self::new(Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_with_more_than_a_day_returns_error() {
        assert!(!Lifetime::new(Lifetime::MAX).unwrap().is_long_lived());
        let over = Lifetime::MAX + Duration::from_nanos(1);
        assert_eq!(Lifetime::new(over), Err(ClaimsError::LifetimeOverOneDay));
        let year = Duration::from_secs(365 * 86_400);
        assert!(Lifetime::long_lived(year).unwrap().is_long_lived());
    }

    #[test]
    fn new_with_less_than_a_second_returns_error() {
        assert_eq!(Lifetime::new(Duration::from_secs(1)).unwrap().as_secs(), 1);
        for short in [Duration::ZERO, Duration::from_millis(999)] {
            assert_eq!(Lifetime::new(short), Err(ClaimsError::LifetimeUnderOneSecond));
            assert_eq!(Lifetime::long_lived(short), Err(ClaimsError::LifetimeUnderOneSecond));
        }
    }

    #[test]
    fn text_with_unit_survives_parse_and_display() {
        for (text, seconds) in [("1s", 1), ("90s", 90), ("15m", 900), ("90m", 5_400), ("8h", 28_800), ("1d", 86_400)] {
            let lifetime: Lifetime = text.parse().unwrap();
            assert_eq!((lifetime.as_secs(), lifetime.to_string().as_str()), (seconds, text));
            assert_eq!(Lifetime::parse_long_lived(text), Ok(lifetime));
        }
        assert_eq!("60m".parse::<Lifetime>().unwrap(), Lifetime::default());
        assert_eq!(Lifetime::try_from("024h".to_owned()).unwrap().to_string(), "1d");
    }

    #[test]
    fn parse_with_other_text_returns_error() {
        for text in [
            "",
            "m",
            "15",
            "15 m",
            " 15m",
            "+15m",
            "-15m",
            "1.5h",
            "15M",
            "15min",
            "1h30m",
            "٣m",
            "99999999999999999999s",
        ] {
            assert_eq!(text.parse::<Lifetime>(), Err(ClaimsError::InvalidLifetime), "{text}");
        }
        assert_eq!("0m".parse::<Lifetime>(), Err(ClaimsError::LifetimeUnderOneSecond));
        for text in ["25h", "2d", "18446744073709551615d"] {
            assert_eq!(text.parse::<Lifetime>(), Err(ClaimsError::LifetimeOverOneDay), "{text}");
            assert!(Lifetime::parse_long_lived(text).unwrap().is_long_lived(), "{text}");
        }
    }

    #[test]
    fn deserialize_with_text_or_seconds_returns_lifetime() {
        assert_eq!(serde_json::to_string(&Lifetime::default()).unwrap(), "3600");
        for json in ["900", "\"15m\""] {
            assert_eq!(serde_json::from_str::<Lifetime>(json).unwrap().as_secs(), 900);
        }
        for wrong in ["0", "-1", "1.5", "\"900\"", "86401", "1700000000000", "\"2d\"", "null"] {
            assert!(serde_json::from_str::<Lifetime>(wrong).is_err(), "{wrong}");
        }
    }
}
