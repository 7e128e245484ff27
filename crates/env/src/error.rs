use std::{error::Error, fmt};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use cobrowse_jwt_pem::{PemError, printable_variable};

/// Why there is no key in a variable. Names the variable, never its value.
#[derive(Clone, Debug)]
pub struct EnvError {
    variable: String,
    kind: EnvErrorKind,
}

/// What is wrong with a variable.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvErrorKind {
    /// It is not set.
    #[error("is not set; set it")]
    Unset,
    /// It is set to nothing.
    #[error("is empty; set it")]
    Empty,
    /// Its bytes are not Unicode.
    #[error("is not Unicode text; set it to text")]
    NotUnicode,
    /// It holds the path of a file.
    #[error("holds a path and no key; open the file instead, for example as `file:` with that path")]
    Path,
    /// It holds text that is no usable key.
    #[error("holds no usable key; mend its PEM as the cause says")]
    Pem(#[source] PemError),
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

    /// Which case it is.
    #[must_use]
    pub const fn kind(&self) -> &EnvErrorKind {
        &self.kind
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the variable {} {}", self.variable, self.kind)
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
        Self::new(kind, "the signing key cannot be read from its variable; mend it as the cause says")
            .with_source(error)
    }
}
