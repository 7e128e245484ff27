use std::{num::NonZeroU64, time::Duration};

use serde::{Deserialize, Serialize};

use super::ClaimsError;

/// How long a token lives, in whole seconds: `exp` is this long after the moment of minting.
///
/// Cobrowse documents no way to revoke one token, so the lifetime is what limits a stolen one. The default is one hour;
/// "no more than a day" is the vendor's
/// [advice](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts) and what [`Lifetime::new`] enforces.
/// Serializes to its seconds; deserializes as [`Lifetime::new`] takes them.
///
/// ```
/// use std::time::Duration;
/// use cobrowse_jwt_core::Lifetime;
///
/// assert_eq!(Lifetime::default().as_secs(), 3_600);
/// assert_eq!(Lifetime::new(Duration::from_secs(900))?.as_secs(), 900);
/// assert!(Lifetime::new(Duration::from_secs(3_600_000)).is_err(), "milliseconds are caught by the limit");
/// # Ok::<(), cobrowse_jwt_core::ClaimsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Lifetime(NonZeroU64);

impl Lifetime {
    /// The longest lifetime that [`Lifetime::new`] takes: 24 hours.
    pub const MAX: Duration = Duration::from_secs(24 * 60 * 60);

    /// From 1 second to 24 hours; a fraction of a second is cut off.
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

    /// From 1 second upwards, without the limit of a day; a fraction of a second is cut off.
    ///
    /// Meant for SCIM provisioning, whose tokens are long-lived by design. Such a token works until it expires or the
    /// account's public key is replaced, and [`AgentClaims::warnings`](crate::AgentClaims::warnings) says so.
    ///
    /// # Errors
    ///
    /// [`ClaimsError::LifetimeUnderOneSecond`].
    pub fn long_lived(lifetime: Duration) -> Result<Self, ClaimsError> {
        NonZeroU64::new(lifetime.as_secs()).map(Self).ok_or(ClaimsError::LifetimeUnderOneSecond)
    }

    /// The lifetime in seconds, at least 1.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0.get()
    }

    /// Whether this is more than 24 hours.
    #[must_use]
    pub const fn is_long_lived(self) -> bool {
        self.as_secs() > Self::MAX.as_secs()
    }
}

impl Default for Lifetime {
    /// One hour.
    fn default() -> Self {
        const HOUR: NonZeroU64 = NonZeroU64::new(60 * 60).unwrap();
        Self(HOUR)
    }
}

impl TryFrom<Duration> for Lifetime {
    type Error = ClaimsError;

    /// As [`Lifetime::new`].
    fn try_from(lifetime: Duration) -> Result<Self, ClaimsError> {
        Self::new(lifetime)
    }
}

impl TryFrom<u64> for Lifetime {
    type Error = ClaimsError;

    /// Seconds, as [`Lifetime::new`].
    fn try_from(seconds: u64) -> Result<Self, ClaimsError> {
        Self::new(Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_most_without_saying_so() {
        assert!(!Lifetime::new(Lifetime::MAX).unwrap().is_long_lived());
        let over = Lifetime::MAX + Duration::from_nanos(1);
        assert_eq!(Lifetime::new(over), Err(ClaimsError::LifetimeOverOneDay));
        let year = Duration::from_secs(365 * 86_400);
        assert!(Lifetime::long_lived(year).unwrap().is_long_lived());
    }

    #[test]
    fn deserializes_strictly() {
        assert_eq!(serde_json::to_string(&Lifetime::default()).unwrap(), "3600");
        assert_eq!(serde_json::from_str::<Lifetime>("900").unwrap().as_secs(), 900);
        for wrong in ["0", "-1", "1.5", "\"900\"", "86401", "1700000000000"] {
            assert!(serde_json::from_str::<Lifetime>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_second_is_the_least() {
        assert_eq!(Lifetime::new(Duration::from_secs(1)).unwrap().as_secs(), 1);
        for short in [Duration::ZERO, Duration::from_millis(999)] {
            assert_eq!(Lifetime::new(short), Err(ClaimsError::LifetimeUnderOneSecond));
            assert_eq!(Lifetime::long_lived(short), Err(ClaimsError::LifetimeUnderOneSecond));
        }
    }
}
