use std::{error::Error, io, iter};

use cobrowse_jwt::{
    ClaimsError, KeyError, KeyUriError, MintError,
    env::{EnvError, EnvErrorKind},
    pem::{PemError, PemErrorKind},
};

use crate::{
    exit::Exit,
    output::{self, ERROR},
};

/// Why there is no result: one sentence that says what to do, and the causes for those who ask for them.
///
/// Holds texts and no errors, of which none has a key, a token or a passphrase.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    exit: Exit,
    sentence: String,
    causes: Vec<String>,
    pem: Option<PemErrorKind>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into(), causes: Vec::new(), pem: None }
    }

    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    pub(crate) fn because(self, cause: &(dyn Error + 'static)) -> Self {
        let chain = iter::successors(Some(cause), |&cause| cause.source());
        Self { causes: chain.map(ToString::to_string).filter(|cause| *cause != self.sentence).collect(), ..self }
    }

    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn sentence(&self) -> &str {
        &self.sentence
    }

    pub(crate) fn causes(&self) -> &[String] {
        &self.causes
    }

    /// Which case it is, of a key that is PEM.
    pub(crate) const fn pem(&self) -> Option<PemErrorKind> {
        self.pem
    }

    pub(crate) fn show(&self, verbose: bool) {
        output::note(format_args!("{ERROR}error:{ERROR:#} {}", self.sentence));
        for cause in self.causes.iter().filter(|_| verbose) {
            output::note(format_args!("  because: {cause}"));
        }
    }
}

impl From<KeyUriError> for Failure {
    fn from(error: KeyUriError) -> Self {
        match error {
            KeyUriError::Key(error) => error.into(),
            error => Self::usage(error.to_string()),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let exit = if error.is_transient() { Exit::KeyUnavailable } else { Exit::KeyUnusable };
        let chain = iter::successors(Some(&error as &(dyn Error + 'static)), |&error| error.source());
        let pem = chain.filter_map(|error| error.downcast_ref::<PemError>()).map(PemError::kind).last();
        Self { pem, ..Self::new(exit, sentence(&error)).because(&error) }
    }
}

impl From<MintError> for Failure {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Key(error) => error.into(),
            error => Self::new(Exit::Refused, error.to_string()).because(&error),
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

/// The sentence of the error that knows most: a key error of ours points to its cause, which names file and case.
fn sentence(error: &KeyError) -> String {
    let chain = || iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    let env = chain().find_map(|error| error.downcast_ref::<EnvError>());
    let pem = chain().find_map(|error| error.downcast_ref::<PemError>());
    match (env, pem) {
        (_, Some(pem)) if pem.kind() == PemErrorKind::PassphraseMissing => {
            "the key is encrypted; give its passphrase by --passphrase-file or in COBROWSE_PASSPHRASE".to_owned()
        }
        (Some(env), _) => match env.kind() {
            EnvErrorKind::Pem(pem) => format!("the variable {}: {pem}", env.variable()),
            _ => env.to_string(),
        },
        (None, Some(pem)) => pem.to_string(),
        (None, None) => error.to_string(),
    }
}
