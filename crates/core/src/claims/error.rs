use std::convert::Infallible;

/// A claim that Cobrowse refuses, or that does not mean what it appears to.
///
/// No message contains the refused text: people paste private keys into the wrong field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The license key is empty.
    #[error("license key is empty")]
    EmptyLicenseKey,
    /// The license key contains a character outside `[A-Za-z0-9_-]`.
    #[error("license key contains a character other than A-Z, a-z, 0-9, _ and -")]
    InvalidLicenseKey,
    /// The subject is empty or blank.
    #[error("subject is empty")]
    EmptySubject,
    /// The subject contains a line break, NUL or another control character.
    #[error("subject contains a control character")]
    ControlCharacterInSubject,
    /// The display name is empty or blank.
    #[error("display name is empty")]
    EmptyDisplayName,
    /// The display name contains a line break, NUL or another control character.
    #[error("display name contains a control character")]
    ControlCharacterInDisplayName,
    /// The text is not a lifetime such as `15m`.
    #[error("lifetime is not a whole number with the unit s, m, h or d")]
    InvalidLifetime,
    /// The lifetime is less than a second.
    #[error("lifetime is shorter than 1 second")]
    LifetimeUnderOneSecond,
    /// The lifetime is more than 24 hours, without [`Lifetime::long_lived`](crate::Lifetime::long_lived).
    #[error("lifetime exceeds 24 hours")]
    LifetimeOverOneDay,
    /// The role is not `administrator`, `agent` or `null`.
    #[error("unknown role")]
    UnknownRole,
    /// The role is `null` without a policy.
    #[error("role is null without a policy")]
    NullRoleWithoutPolicy,
}

impl ClaimsError {
    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::EmptyLicenseKey | Self::InvalidLicenseKey => {
                Some("copy the license key from the account settings of the Cobrowse dashboard")
            }
            Self::EmptySubject => Some("use the agent's email address"),
            Self::EmptyDisplayName => Some("omit the display name or give a name"),
            Self::ControlCharacterInSubject | Self::ControlCharacterInDisplayName => {
                Some("remove line breaks and tabs")
            }
            Self::InvalidLifetime => Some("write it like 90s, 15m, 8h or 1d"),
            Self::LifetimeOverOneDay => Some(
                "use at most 24h; if the value is in milliseconds, divide it by 1,000; only tokens for SCIM may have a longer lifetime",
            ),
            Self::UnknownRole => Some("use \"administrator\", \"agent\" or null"),
            Self::NullRoleWithoutPolicy => Some("add a policy; without one, the token grants nothing"),
            Self::LifetimeUnderOneSecond => None,
        }
    }
}

impl From<Infallible> for ClaimsError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
