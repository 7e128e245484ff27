use super::{check::TokenCheck, error::VerifyError};

/// A check and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The check.
    pub check: TokenCheck,
    /// Its outcome.
    pub outcome: Outcome,
}

impl Finding {
    /// Returns a sentence for people: what holds, what is wrong, or why the check was skipped.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.outcome {
            Outcome::Passed => self.check.description().to_owned(),
            Outcome::Failed(error) => error.to_string(),
            Outcome::Skipped(reason) => (*reason).to_owned(),
        }
    }
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The token passes the check.
    Passed,
    /// The token fails the check.
    Failed(VerifyError),
    /// The check cannot be applied, for this reason.
    Skipped(&'static str),
}

impl Outcome {
    /// Returns the outcome of a part of the token; `None` means that the failure of an earlier check hides the part.
    pub(super) fn of<T>(part: Option<&Result<T, VerifyError>>) -> Self {
        match part {
            Some(Ok(_)) => Self::Passed,
            Some(Err(error)) => Self::Failed(error.clone()),
            None => Self::UNREADABLE,
        }
    }

    pub(super) const UNREADABLE: Self =
        Self::Skipped("this part of the token cannot be read because of an earlier failure");
}
