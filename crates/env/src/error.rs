use std::{error::Error, fmt};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use cobrowse_jwt_pem::{PemError, printable_variable};

/// Reports why a key cannot be loaded from a variable. Contains the name of the variable, never its value.
#[derive(Clone, Debug)]
pub struct EnvError {
    variable: String,
    kind: EnvErrorKind,
}

/// Classifies an [`EnvError`] by what the caller should do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvErrorKind {
    /// Set the variable, or correct its name.
    #[error("is not set")]
    Unset,
    /// Set the variable to a key.
    #[error("is empty")]
    Empty,
    /// Set the variable to text.
    #[error("is not Unicode text")]
    NotUnicode,
    /// Open the file: the variable contains its path.
    #[error("contains a path instead of PEM text")]
    Path,
    /// Replace the key as the cause requires.
    #[error("does not contain a valid key")]
    Pem(#[source] PemError),
}

impl EnvErrorKind {
    /// Returns a stable name for programs, in kebab case; for [`EnvErrorKind::Pem`] that of the cause.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Unset => "variable-unset",
            Self::Empty => "variable-empty",
            Self::NotUnicode => "variable-not-unicode",
            Self::Path => "variable-contains-path",
            Self::Pem(error) => error.id(),
        }
    }

    /// Returns whether the same call can succeed later without a change to the variable.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Pem(error) if error.is_transient())
    }

    const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unset => Some("set the variable, or check its name"),
            Self::Empty => Some("set the variable to the PEM text of the key"),
            Self::NotUnicode => Some("set the variable to PEM text, or to PEM text in base64"),
            Self::Path => Some("open the file instead, for example with a file: URI"),
            Self::Pem(error) => error.hint(),
        }
    }
}

impl EnvError {
    pub(crate) fn new(variable: &str, kind: EnvErrorKind) -> Self {
        Self { variable: printable_variable(variable).to_owned(), kind }
    }

    /// Returns the name of the variable, or `<redacted>` if it is not one.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Returns what the caller should do.
    #[must_use]
    pub const fn kind(&self) -> &EnvErrorKind {
        &self.kind
    }

    /// Returns the stable name of the kind, as [`EnvErrorKind::id`].
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.kind.id()
    }

    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        self.kind.hint()
    }

    /// Returns whether the same call can succeed later without a change to the variable.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "environment variable {} {}", self.variable, self.kind)
    }
}

impl Error for EnvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}

impl From<EnvError> for KeyError {
    fn from(error: EnvError) -> Self {
        let kind = match &error.kind {
            EnvErrorKind::Unset | EnvErrorKind::Empty | EnvErrorKind::Path => KeyErrorKind::NotFound,
            EnvErrorKind::NotUnicode => KeyErrorKind::InvalidKey,
            EnvErrorKind::Pem(error) => Self::from(error.clone()).kind(),
        };
        let key_error = Self::new(kind, "failed to load the signing key from the environment");
        match error.hint() {
            Some(hint) => key_error.with_hint(hint),
            None => key_error,
        }
        .with_source(error)
    }
}
