use std::{error::Error, io, iter};

use cobrowse_jwt::{
    ClaimsError, ConfigError, ErrorReport, KeyError, KeyErrorKind, KeyUriError, MintError, PublicKey,
    env::EnvError,
    pem::{PemError, PemErrorKind},
};

use crate::{
    exit::Exit,
    help,
    output::{self, ERROR},
};

/// An error as text: a message, a hint, and the causes for `--verbose`. None of them contains a key, a token or a passphrase.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// A stable name in kebab case, for programs: that of the library's error, if there is one.
    pub(crate) id: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) causes: Vec<String>,
    pub(crate) pem: Option<PemErrorKind>,
    /// The name of the key is wrong, and not the key.
    pub(crate) is_not_found: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let (message, id) = (message.into(), exit.id());
        Self { exit, id, message, hint: None, causes: Vec::new(), pem: None, is_not_found: false }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Creates a failure with the message of the error and its causes.
    pub(crate) fn of(exit: Exit, error: &(dyn Error + 'static)) -> Self {
        Self { causes: error.source().map(messages).unwrap_or_default(), ..Self::new(exit, error.to_string()) }
    }

    pub(crate) fn with_source(self, source: &(dyn Error + 'static)) -> Self {
        Self { causes: messages(source), ..self }
    }

    /// Creates the failure of a mint. For an unregistered key it contains the thumbprints of both keys.
    pub(crate) fn minting(error: MintError, registered: &[PublicKey]) -> Self {
        let error = match error {
            MintError::Key(error) => return error.into(),
            error => error,
        };
        let failure = Self::of(Exit::Refused, &error).with_hint(error.hint()).with_id(error.id());
        match error {
            MintError::UnregisteredKey { found } => {
                let registered = registered.iter().map(PublicKey::thumbprint).collect::<Vec<_>>().join(", ");
                Self { message: format!("signing key {found} is not registered (registered: {registered})"), ..failure }
            }
            _ => failure,
        }
    }

    /// Prefixes the message.
    pub(crate) fn with_context(self, context: &str) -> Self {
        Self { message: format!("{context}: {}", self.message), ..self }
    }

    /// Replaces the hint, if there is a new one.
    pub(crate) fn with_hint<'h>(self, hint: impl Into<Option<&'h str>>) -> Self {
        Self { hint: hint.into().map(str::to_owned).or(self.hint), ..self }
    }

    pub(crate) fn with_id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    pub(crate) fn print(&self, verbose: bool) {
        output::note(format_args!("{ERROR}error:{ERROR:#} {}", self.message));
        if let Some(hint) = &self.hint {
            output::note(format_args!("  hint: {hint}"));
        }
        for cause in self.causes.iter().filter(|_| verbose) {
            output::note(format_args!("  caused by: {cause}"));
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let (hint, id) = (error.hint(), error.id());
        match error {
            ConfigError::Key(error) => error.into(),
            // The caller adds the name of the flag or the variable.
            ConfigError::Invalid { source, .. } => {
                let failure = match source.downcast_ref::<io::Error>() {
                    Some(error) if error.raw_os_error().is_some() => {
                        Self::usage(format!("failed to read the file ({})", error.kind())).with_source(error)
                    }
                    _ => Self::of(Exit::Usage, &*source),
                };
                failure.with_hint(hint).with_id(id)
            }
            error => Self::of(Exit::Usage, &error).with_hint(hint).with_id(id),
        }
    }
}

impl From<KeyUriError> for Failure {
    fn from(error: KeyUriError) -> Self {
        let id = error.id();
        let failure = match error {
            KeyUriError::Key(error) => return error.into(),
            // The features of this package have the same names.
            KeyUriError::FeatureDisabled { feature } => {
                let hint = format!("install cobrowse-jwt-cli with `--features {feature}`");
                Self::usage(format!("this build does not support {feature}")).with_hint(hint.as_str())
            }
            error => {
                // The library's hints list the schemes of all features.
                let is_general = matches!(error, KeyUriError::UnknownScheme);
                let hint = error.hint().filter(|hint| !is_general && help::is_of_build(hint));
                let hint = hint.map_or_else(|| format!("use {}", help::key_forms()), str::to_owned);
                Self::usage(error.to_string()).with_hint(hint.as_str())
            }
        };
        failure.with_id(id)
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let exit = if error.is_transient() { Exit::KeyUnavailable } else { Exit::KeyUnusable };
        let env = ErrorReport::new(&error).causes().find_map(|error| error.downcast_ref::<EnvError>());
        let pem = ErrorReport::new(&error).causes().find_map(|error| error.downcast_ref::<PemError>());
        // The most specific error names the file or the variable.
        let failure = match (env, pem) {
            (Some(env), Some(pem)) => Self::of(exit, pem).with_context(env.variable()).with_id(pem.id()),
            (None, Some(pem)) => Self::of(exit, pem).with_id(pem.id()),
            (Some(env), None) => Self::of(exit, env).with_id(env.id()),
            (None, None) => Self::of(exit, &error).with_id(error.id()),
        };
        let is_not_found = error.kind() == KeyErrorKind::NotFound;
        Self { pem: pem.map(PemError::kind), is_not_found, ..failure.with_hint(error.hint()) }
    }
}

impl From<ClaimsError> for Failure {
    fn from(error: ClaimsError) -> Self {
        Self::usage(error.to_string()).with_hint(error.hint())
    }
}

impl From<io::Error> for Failure {
    /// Only writing to stdout is converted implicitly.
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Refused, "failed to write to stdout").with_source(&error)
    }
}

/// Returns the messages of the error and of its causes.
pub(crate) fn messages(error: &(dyn Error + 'static)) -> Vec<String> {
    let causes = ErrorReport::new(error).causes().map(ToString::to_string);
    iter::once(error.to_string()).chain(causes).collect()
}
