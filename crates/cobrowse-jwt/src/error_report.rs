use std::{error::Error, fmt, iter};

use crate::{
    ClaimsError, ClockSkewError, ConfigError, EmbedError, KeyError, KeyUriError, MintError, PolicyError,
    PublicKeyError, VerifyError,
};

/// Prints an error with its hint and its causes, one per line.
///
/// ```
/// use cobrowse_jwt::{ErrorReport, LicenseKey};
///
/// let error = LicenseKey::new("").unwrap_err();
/// let report = ErrorReport::new(&error).to_string();
/// assert!(report.starts_with("error: license key is empty\n  hint: copy the license key"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ErrorReport<'e>(&'e (dyn Error + 'static));

impl<'e> ErrorReport<'e> {
    /// Returns a report of any error. Only errors of this SDK have hints.
    #[must_use]
    pub const fn new(error: &'e (dyn Error + 'static)) -> Self {
        Self(error)
    }

    /// Returns the hint of the error, or of the first cause that has one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        iter::once(self.0).chain(self.causes()).find_map(|error| HINTS.iter().find_map(|hint| hint(error)))
    }

    /// Returns the causes, the nearest first.
    pub fn causes(&self) -> impl Iterator<Item = &'e (dyn Error + 'static)> + use<'e> {
        iter::successors(self.0.source(), |&cause| cause.source())
    }
}

impl fmt::Display for ErrorReport<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.0)?;
        if let Some(hint) = self.hint() {
            write!(formatter, "\n  hint: {hint}")?;
        }
        self.causes().try_for_each(|cause| write!(formatter, "\n  caused by: {cause}"))
    }
}

/// Returns the hint of an error of one type.
type Hint = fn(&(dyn Error + 'static)) -> Option<&'static str>;

const HINTS: &[Hint] = &[
    |error| error.downcast_ref().and_then(ConfigError::hint),
    |error| error.downcast_ref().and_then(KeyUriError::hint),
    |error| error.downcast_ref().and_then(KeyError::hint),
    |error| error.downcast_ref().and_then(MintError::hint),
    |error| error.downcast_ref().and_then(ClaimsError::hint),
    |error| error.downcast_ref().copied().and_then(ClockSkewError::hint),
    |error| error.downcast_ref().and_then(PolicyError::hint),
    |error| error.downcast_ref().and_then(EmbedError::hint),
    |error| error.downcast_ref().and_then(PublicKeyError::hint),
    |error| error.downcast_ref().and_then(VerifyError::hint),
    #[cfg(feature = "env")]
    |error| error.downcast_ref().and_then(crate::env::EnvError::hint),
    #[cfg(feature = "pem")]
    |error| error.downcast_ref().and_then(crate::pem::PemError::hint),
];

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::KeyErrorKind;

    #[test]
    fn display_has_the_hint_and_each_cause() {
        let cause = io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
        let key = KeyError::new(KeyErrorKind::Unavailable, "failed to sign")
            .with_hint("check the network")
            .with_source(cause);
        let expected = "error: failed to sign\n  hint: check the network\n  caused by: no answer in time";
        assert_eq!(ErrorReport::new(&key).to_string(), expected);
    }

    #[test]
    fn hint_of_clock_skew_is_found() {
        let error = "1h".parse::<crate::ClockSkew>().unwrap_err();
        assert_eq!(ErrorReport::new(&error).hint(), Some("use at most 5m, and set the system clocks"));
    }

    #[test]
    fn hint_of_foreign_error_is_that_of_its_cause() {
        #[derive(Debug, thiserror::Error)]
        #[error("failed to start")]
        struct Outer(#[source] KeyError);

        let outer = Outer(KeyError::new(KeyErrorKind::NotFound, "key not found").with_hint("check the name"));
        let expected = "error: failed to start\n  hint: check the name\n  caused by: key not found";
        assert_eq!(ErrorReport::new(&outer).to_string(), expected);
    }
}
