use std::{error::Error, fmt, io, path::Path, sync::Arc};

use cobrowse_jwt_core::KeyError;

use crate::{PemErrorKind, printable::printable_path, problem::Problem};

/// Reports why a key cannot be loaded from PEM text or a file.
///
/// No message contains the key or the passphrase. The path of a file is shown unless [`printable_path`] redacts it.
#[derive(Clone, Debug)]
pub struct PemError {
    problem: Problem,
    path: Option<String>,
    source: Option<Arc<io::Error>>,
}

impl PemError {
    /// Returns what the caller should do.
    #[must_use]
    pub const fn kind(&self) -> PemErrorKind {
        self.problem.kind()
    }

    /// Returns the stable name of the kind, as [`PemErrorKind::id`].
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.kind().id()
    }

    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(self.problem.hint())
    }

    /// Returns whether the same call can succeed later without a change to the file or the configuration.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.kind().is_transient()
    }

    pub(crate) fn io(problem: Problem, source: io::Error) -> Self {
        Self { source: Some(Arc::new(source)), ..problem.into() }
    }

    /// Adds the path, unless the error has one.
    pub(crate) fn at(self, path: &Path) -> Self {
        Self { path: self.path.or_else(|| Some(printable_path(path).to_owned())), ..self }
    }

    #[cfg(test)]
    pub(crate) const fn problem(&self) -> Problem {
        self.problem
    }
}

impl From<Problem> for PemError {
    fn from(problem: Problem) -> Self {
        Self { problem, path: None, source: None }
    }
}

impl fmt::Display for PemError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(formatter, "{path}: {}", self.problem),
            None => self.problem.fmt(formatter),
        }
    }
}

impl Error for PemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<PemError> for KeyError {
    fn from(error: PemError) -> Self {
        Self::new(error.kind().key_error_kind(), "failed to load the signing key")
            .with_hint(error.problem.hint())
            .with_source(error)
    }
}

#[cfg(test)]
mod tests {
    use cobrowse_jwt_core::KeyErrorKind;

    use super::*;

    #[test]
    fn display_with_path_shows_it_once() {
        let error = PemError::from(Problem::NotFound).at(Path::new("/key.pem")).at(Path::new("/other.pem"));
        assert_eq!(error.to_string(), "/key.pem: no such file");
    }

    #[test]
    fn display_with_pasted_key_redacts_it() {
        let ed25519 = "MC4CAQAwBQYDK2VwBCIEIMIIEsZ3vMIIEQQQQQQQQQQQQQQQQQQQQrn9g";
        for pasted in ["-----BEGIN PRIVATE KEY-----MIIE", "MIIE\nMIIE", &"MIIE/".repeat(60), ed25519, "eyJMIIE.e30.A"] {
            let error = PemError::from(Problem::NotFound).at(Path::new(pasted));
            assert_eq!(error.to_string(), "<redacted>: no such file");
            assert!(!format!("{error:?}").contains("MIIE"));
        }
    }

    #[test]
    fn key_error_has_short_message_hint_and_cause() {
        let error = KeyError::from(PemError::from(Problem::Inconsistent));
        assert_eq!(error.kind(), KeyErrorKind::InvalidKey);
        assert_eq!(error.to_string(), "failed to load the signing key");
        assert_eq!(error.source().unwrap().to_string(), "inconsistent RSA key components");
        assert_eq!(error.hint(), Some("copy the file again from where it was generated"));
    }

    #[test]
    fn is_transient_agrees_with_the_key_error() {
        for problem in [Problem::Read, Problem::NoThread, Problem::NotFound, Problem::MissingPassphrase, Problem::EcKey]
        {
            let error = PemError::from(problem);
            assert_eq!(error.is_transient(), KeyError::from(error.clone()).is_transient(), "{error}");
        }
    }
}
