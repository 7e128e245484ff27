use std::fmt;

use crate::check::Check;

/// The outcome of every check. `Display` prints one line per check.
#[derive(Clone, Debug)]
#[must_use = "a report contains the failures"]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    pub(crate) const fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Returns whether no check failed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Returns the checks that failed, with their reasons.
    pub fn failures(&self) -> impl Iterator<Item = (Check, &str)> {
        self.findings.iter().filter_map(|finding| match &finding.outcome {
            Outcome::Failed(reason) => Some((finding.check, reason.as_str())),
            Outcome::Passed | Outcome::NotApplicable(_) => None,
        })
    }

    /// Returns every check with its outcome, in the order in which they ran.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, outcome } in &self.findings {
            let (word, message) = match outcome {
                Outcome::Passed => ("passed", check.description()),
                Outcome::Failed(reason) => ("FAILED", reason.as_str()),
                Outcome::NotApplicable(reason) => ("not applicable", *reason),
            };
            // One line, whatever the message of an error contains.
            let message = message.replace(char::is_control, " ");
            writeln!(formatter, "{word:<15} {check:<18} {message}")?;
        }
        Ok(())
    }
}

/// A check and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// Its outcome.
    pub outcome: Outcome,
}

impl Finding {
    pub(crate) const fn new(check: Check, outcome: Outcome) -> Self {
        Self { check, outcome }
    }
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The source or service passes the check.
    Passed,
    /// The source or service fails the check, for this reason. The reason contains no secret that the suite recognizes.
    Failed(String),
    /// The check did not run, for this reason.
    NotApplicable(&'static str),
}
