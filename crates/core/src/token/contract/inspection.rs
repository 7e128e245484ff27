use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::{Decoded, Evidence, Expectations, ReadClaims, TABLE, TokenCheck, VerifyError, evidence::Part};
use crate::{
    claims::{Access, ClaimsWarning, Lifetime},
    json::Object,
    token::clock::numeric_date,
};

/// A token looked at by a person who asks why it is refused: decodes what it can, and reports every rule.
///
/// An inspection believes nobody and decides nothing; to accept a token, use [`Verifier`](crate::Verifier), which asks the same
/// rules strictly.
///
/// ```
/// use cobrowse_jwt_core::{Inspection, Outcome, VerifyError};
///
/// let inspection = Inspection::of("eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDAwMDB9.");
/// let failures: Vec<_> = inspection.failures().collect();
/// assert!(failures.contains(&&VerifyError::Unsigned));
/// assert!(failures.contains(&&VerifyError::Milliseconds { claim: "exp" }));
/// ```
#[derive(Clone, Debug)]
pub struct Inspection {
    header: Option<Map<String, Value>>,
    claims: Option<Map<String, Value>>,
    findings: Vec<Finding>,
    warnings: Vec<ClaimsWarning>,
}

impl Inspection {
    /// Inspects the text by the system's clock. The signature and whose license key it is cannot be judged without the keys:
    /// [`Inspector`](crate::Inspector) takes either, and [`Verifier::inspect`](crate::Verifier::inspect) has both.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::against(text, &Expectations { now: numeric_date(SystemTime::now()), ..Expectations::default() })
    }

    pub(in crate::token) fn against(text: &str, expected: &Expectations<'_>) -> Self {
        let decoded = Decoded::read(text);
        let evidence = Evidence::of(&decoded);
        let findings =
            TABLE.iter().map(|(rule, judge)| Finding { rule: *rule, outcome: judge(&evidence, expected) }).collect();
        let warnings = evidence.read_claims.as_ref().map(warnings).unwrap_or_default();
        let object = |part: Option<Part<'_>>| part?.object.map(Object::into_map);
        Self { header: object(evidence.header), claims: object(evidence.claims), findings, warnings }
    }

    /// The header, if it can be read.
    #[must_use]
    pub const fn header(&self) -> Option<&Map<String, Value>> {
        self.header.as_ref()
    }

    /// The claims, if they can be read. Nobody vouches for them.
    #[must_use]
    pub const fn claims(&self) -> Option<&Map<String, Value>> {
        self.claims.as_ref()
    }

    /// Every rule with its outcome, in the order of the table.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What is wrong, in the order of the table. None does not mean that the token is right: see
    /// [`Outcome::Skipped`].
    pub fn failures(&self) -> impl Iterator<Item = &VerifyError> {
        self.findings.iter().filter_map(|finding| match &finding.outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::Passed | Outcome::Skipped(_) => None,
        })
    }

    /// What breaks no rule but is probably not meant, such as a policy beside a role, which does not restrict: the lint of
    /// [`AgentClaims::warnings`](crate::AgentClaims::warnings), as far as the claims can be read.
    #[must_use]
    pub fn warnings(&self) -> &[ClaimsWarning] {
        &self.warnings
    }
}

fn warnings(claims: &ReadClaims) -> Vec<ClaimsWarning> {
    let display_name = claims.display_name.as_ref().ok().and_then(Option::as_ref);
    let mut warnings = ClaimsWarning::of_names(claims.subject.as_ref().ok(), display_name);
    if let (Ok(role), Ok(policy)) = (&claims.role, &claims.policy)
        && let Ok(access) = Access::from_claims(*role, policy.clone())
    {
        warnings.extend(ClaimsWarning::of_access(&access));
    }
    if let (Ok(issued_at), Ok(expires_at)) = (&claims.issued_at, &claims.expires_at) {
        let lifetime = Duration::from_secs(expires_at.saturating_sub(*issued_at));
        warnings.extend(Lifetime::long_lived(lifetime).ok().and_then(ClaimsWarning::of_lifetime));
    }
    warnings
}

/// One rule and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: TokenCheck,
    /// What became of it.
    pub outcome: Outcome,
}

impl Finding {
    /// A sentence for people: what holds, what to do, or why nobody can tell.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.outcome {
            Outcome::Passed => self.rule.description().to_owned(),
            Outcome::Failed(error) => error.to_string(),
            Outcome::Skipped(reason) => (*reason).to_owned(),
        }
    }
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The token keeps the rule.
    Passed,
    /// The token breaks the rule.
    Failed(VerifyError),
    /// Nobody can tell, for this reason.
    Skipped(&'static str),
}
