use std::{error::Error, io, iter};

use cobrowse_jwt::{
    ClaimsError, KeyError, KeyErrorKind, KeyUriError, MintError,
    env::EnvError,
    pem::{PemError, PemErrorKind},
};

use crate::{
    exit::Exit,
    output::{self, ERROR},
};

/// Why there is no result: a message, advice where there is some, and the causes for `--verbose`.
///
/// Contains texts and not errors. None of them contains a key, a token or a passphrase.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    causes: Vec<String>,
    pem: Option<PemErrorKind>,
    leads_nowhere: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, causes: Vec::new(), pem: None, leads_nowhere: false }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// With the message of the error and its causes.
    pub(crate) fn of(exit: Exit, error: &(dyn Error + 'static)) -> Self {
        Self { causes: error.source().map(messages).unwrap_or_default(), ..Self::new(exit, error.to_string()) }
    }

    /// With this error as its cause, and the causes of that.
    pub(crate) fn because(self, cause: &(dyn Error + 'static)) -> Self {
        Self { causes: messages(cause), ..self }
    }

    /// With the place of the failure before the message.
    pub(crate) fn about(self, place: &str) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }

    pub(crate) fn with_hint(self, hint: impl Into<Option<&'static str>>) -> Self {
        Self { hint: hint.into().map(str::to_owned).or(self.hint), ..self }
    }

    /// It was a key's name that is wrong, and not the key.
    pub(crate) fn is_about_the_name(&self) -> bool {
        self.leads_nowhere || self.exit == Exit::Usage
    }

    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(crate) fn causes(&self) -> &[String] {
        &self.causes
    }

    /// Which case it is, of a key that is PEM.
    pub(crate) const fn pem(&self) -> Option<PemErrorKind> {
        self.pem
    }

    pub(crate) fn show(&self, verbose: bool) {
        output::note(format_args!("{ERROR}error:{ERROR:#} {}", self.message));
        if let Some(hint) = &self.hint {
            output::note(format_args!("  hint: {hint}"));
        }
        for cause in self.causes.iter().filter(|_| verbose) {
            output::note(format_args!("  because: {cause}"));
        }
    }
}

impl From<KeyUriError> for Failure {
    fn from(error: KeyUriError) -> Self {
        match error {
            KeyUriError::Key(error) => error.into(),
            error => Self::usage(error.to_string()).with_hint(error.hint()),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let exit = if error.is_transient() { Exit::KeyUnavailable } else { Exit::KeyUnusable };
        let env = chain(&error).find_map(|error| error.downcast_ref::<EnvError>());
        let pem = chain(&error).find_map(|error| error.downcast_ref::<PemError>());
        // The error that knows most: a key error of ours points to its cause, which names file and case.
        let described = match (env, pem) {
            (_, Some(pem)) => Self::of(exit, pem).with_hint(pem.hint()),
            (Some(env), None) => Self::of(exit, env).with_hint(env.hint()),
            (None, None) => Self::of(exit, &error).with_hint(error.hint()),
        };
        let message = match (env, pem.map(PemError::kind)) {
            (_, Some(PemErrorKind::MissingPassphrase)) => {
                "the key is encrypted; give its passphrase by --passphrase-file or in COBROWSE_PASSPHRASE".to_owned()
            }
            (Some(env), Some(_)) => format!("the variable {}: {}", env.variable(), described.message),
            _ => described.message,
        };
        let leads_nowhere = error.kind() == KeyErrorKind::NotFound;
        Self { pem: pem.map(PemError::kind), leads_nowhere, message, ..described }
    }
}

impl From<MintError> for Failure {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Key(error) => error.into(),
            error => Self::of(Exit::Refused, &error).with_hint(error.hint()),
        }
    }
}

impl From<ClaimsError> for Failure {
    fn from(error: ClaimsError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// Only writing the results fails so.
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Refused, "the result cannot be written; look at what takes it").because(&error)
    }
}

/// The error and its causes, the last of which is the first that went wrong.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

fn messages(error: &(dyn Error + 'static)) -> Vec<String> {
    chain(error).map(ToString::to_string).collect()
}
