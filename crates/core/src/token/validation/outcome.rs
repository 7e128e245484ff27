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
    /// Returns the requirement that the token meets, the error, or the reason why the check was skipped.
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
    /// The check was not applied, for this reason.
    Skipped(&'static str),
}

impl Outcome {
    /// Returns the outcome for a part of the token, or [`BLOCKED`](Self::BLOCKED) for a part that cannot be parsed.
    pub(super) fn of<T>(part: Option<&Result<T, VerifyError>>) -> Self {
        match part {
            Some(Ok(_)) => Self::Passed,
            Some(Err(error)) => Self::Failed(error.clone()),
            None => Self::BLOCKED,
        }
    }

    pub(super) const BLOCKED: Self = Self::Skipped("an earlier check failed");
}
