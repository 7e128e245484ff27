use std::time::Duration;

use serde_json::{Map, Value};

use super::{
    checks::{CHECKS, ParsedToken, ValidationContext},
    claims::ParsedClaims,
    error::VerifyError,
    form::Decoded,
    outcome::{Finding, Outcome},
    part::Part,
};
use crate::{
    claims::{Access, ClaimsWarning, Lifetime},
    json::Object,
};

/// The report of an [`Inspector`](crate::Inspector): the decoded token and the outcome of every check.
///
/// A lenient diagnostic report, not an authentication decision: the header and the claims are unverified. To accept a token, use
/// [`Verifier`](crate::Verifier).
///
/// ```
/// use cobrowse_jwt_core::{Inspector, VerifyError};
///
/// let inspection = Inspector::new().inspect("eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDAwMDB9.");
/// let failures: Vec<_> = inspection.failures().collect();
/// assert!(failures.contains(&&VerifyError::AlgNone));
/// assert!(failures.contains(&&VerifyError::TimestampInMilliseconds { claim: "exp" }));
/// ```
#[derive(Clone, Debug)]
pub struct Inspection {
    header: Option<Map<String, Value>>,
    claims: Option<Map<String, Value>>,
    findings: Vec<Finding>,
    warnings: Vec<ClaimsWarning>,
}

impl Inspection {
    pub(in crate::token) fn new(text: &str, context: &ValidationContext<'_>) -> Self {
        let decoded = Decoded::new(text);
        let token = ParsedToken::new(&decoded);
        let findings =
            CHECKS.iter().map(|(check, apply)| Finding { check: *check, outcome: apply(&token, context) }).collect();
        let warnings = token.parsed_claims.as_ref().map(warnings).unwrap_or_default();
        let object = |part: Option<Part<'_>>| part?.object.map(Object::into_map);
        Self { header: object(token.header), claims: object(token.claims), findings, warnings }
    }

    /// Returns the header, if it is a JSON object.
    #[must_use]
    pub const fn header(&self) -> Option<&Map<String, Value>> {
        self.header.as_ref()
    }

    /// Returns the claims, if they are a JSON object. They are unverified.
    #[must_use]
    pub const fn claims(&self) -> Option<&Map<String, Value>> {
        self.claims.as_ref()
    }

    /// Returns every check with its outcome, in the order of [`TokenCheck`](crate::TokenCheck).
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the failures in the order of the checks. A token without failures can still be invalid if a check was
    /// [skipped](Outcome::Skipped).
    pub fn failures(&self) -> impl Iterator<Item = &VerifyError> {
        self.findings.iter().filter_map(|finding| match &finding.outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::Passed | Outcome::Skipped(_) => None,
        })
    }

    /// Returns warnings about claims that are legal but probably unintended, as
    /// [`AgentClaims::warnings`](crate::AgentClaims::warnings).
    #[must_use]
    pub fn warnings(&self) -> &[ClaimsWarning] {
        &self.warnings
    }
}

fn warnings(claims: &ParsedClaims) -> Vec<ClaimsWarning> {
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
