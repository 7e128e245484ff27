use std::error::Error;

use crate::{ErrorReport, KeyUriError};

/// Reports why a [`Config`](super::Config) or its minter cannot be created. Contains the name of the variable or field, and never its value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No `COBROWSE_*` variable is set. A program that can run without an account can ignore this error.
    #[error("COBROWSE_LICENSE_KEY and COBROWSE_KEY are not set")]
    NotConfigured,
    /// A required variable is not set.
    #[error("{setting} is not set")]
    Missing {
        /// The variable.
        setting: &'static str,
    },
    /// A value is invalid.
    #[error("invalid {setting}")]
    Invalid {
        /// The variable or field.
        setting: &'static str,
        /// Advice for the operator.
        hint: Option<&'static str>,
        /// The cause, which does not contain the value.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The key cannot be opened.
    #[error(transparent)]
    Key(#[from] KeyUriError),
}

impl ConfigError {
    /// Returns [`ConfigError::Invalid`] with the hint of the cause.
    pub(super) fn invalid(setting: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self::Invalid { setting, hint: ErrorReport::new(&*source).hint(), source }
    }

    /// Returns a stable name in kebab case, for programs; for [`ConfigError::Key`] that of the [`KeyUriError`].
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::NotConfigured => "not-configured",
            Self::Missing { .. } => "missing-setting",
            Self::Invalid { .. } => "invalid-setting",
            Self::Key(error) => error.id(),
        }
    }

    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotConfigured | Self::Missing { .. } => Some(
                "copy the license key from the account settings, and set COBROWSE_KEY to a key URI such as /etc/cobrowse/key.pem",
            ),
            Self::Invalid { hint, .. } => *hint,
            Self::Key(error) => error.hint(),
        }
    }

    /// Returns whether the same call can succeed later without a change to the configuration or the key.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Key(error) => error.is_transient(),
            _ => false,
        }
    }
}
