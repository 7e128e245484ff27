use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{
    Clock, ClockSkew, Inspector, TokenCheck,
    validation::{CHECKS, Decoded, Outcome, ParsedClaims, ParsedToken, VerifyError, invalid},
};
use crate::{
    claims::{Access, AgentClaims, LicenseKey, Lifetime},
    keys::PublicKey,
};

/// Verifies tokens of one account under one public key, by the rules that Cobrowse documents.
///
/// Strict: RS256 only, no unknown members, no leeway by default. For tests, health checks and services that accept agents' tokens
/// themselves; Cobrowse does its own verification.
///
/// ```
/// use cobrowse_jwt_core::{LicenseKey, PublicKey, TokenCheck, Verifier};
///
/// # const PEM: &str = include_str!("../../tests/data/public_key.pem");
/// let verifier = Verifier::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, PublicKey::from_pem(PEM)?);
/// let error = verifier.verify("not a token").unwrap_err();
/// assert_eq!(error.check(), TokenCheck::CompactForm);
/// assert_eq!(error.to_string(), "token contains whitespace");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a verifier does nothing until `verify` is called"]
pub struct Verifier(Inspector);

impl Verifier {
    /// Returns a verifier with the system clock.
    pub fn new(license_key: LicenseKey, public_key: PublicKey) -> Self {
        Self(Inspector::new().license_key(license_key).public_key(public_key))
    }

    /// Sets the clock skew that is tolerated, and the backdate of `iat` that is tolerated in the lifetime; 0 by default.
    pub fn leeway(self, leeway: ClockSkew) -> Self {
        Self(self.0.leeway(leeway))
    }

    /// Sets whether lifetimes of more than 24 hours are accepted, for SCIM provisioning; `false` by default.
    pub fn allow_long_lived(self, allow: bool) -> Self {
        Self(self.0.allow_long_lived(allow))
    }

    /// Replaces the system clock.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self(self.0.clock(clock))
    }

    /// Verifies the token and returns its claims, or the first check that it fails. Takes O(n log n) time and O(n)
    /// memory for a token of n bytes.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`].
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let decoded = Decoded::new(token);
        let parsed = ParsedToken::new(&decoded);
        let context = self.0.context();
        let mut skipped = None;
        for (check, apply) in CHECKS {
            match apply(&parsed, &context) {
                Outcome::Passed => {}
                Outcome::Failed(error) => return Err(error),
                // A later check fails for the same reason, and its error is more specific.
                Outcome::Skipped(_) => skipped = skipped.or(Some(*check)),
            }
        }
        match (skipped, parsed.parsed_claims) {
            (None, Some(claims)) => VerifiedToken::new(claims),
            // Unreachable: whatever hides a part of the token fails a check. Without this arm, a mistake there would accept a token.
            (skipped, _) => Err(VerifyError::Malformed {
                check: skipped.unwrap_or(TokenCheck::Claims),
                detail: "token could not be evaluated".into(),
            }),
        }
    }
}

impl From<Verifier> for Inspector {
    /// Returns an inspector with the same keys, clock and leeway.
    fn from(verifier: Verifier) -> Self {
        verifier.0
    }
}

/// The contents of a token that a [`Verifier`] accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedToken {
    /// The agent, their access, and the lifetime from `iat` to `exp`, which includes a backdate.
    pub claims: AgentClaims,
    /// The account: the claim `iss`.
    pub license_key: LicenseKey,
    /// The claim `iat`.
    pub issued_at: SystemTime,
    /// The claim `exp`.
    pub expires_at: SystemTime,
}

impl VerifiedToken {
    fn new(parsed: ParsedClaims) -> Result<Self, VerifyError> {
        let (issued_at, expires_at) = (parsed.issued_at?, parsed.expires_at?);
        let lifetime = Duration::from_secs(expires_at.saturating_sub(issued_at));
        let lifetime = Lifetime::long_lived(lifetime).map_err(|_| VerifyError::ExpiresBeforeIssued)?;
        let access = Access::from_claims(parsed.role?, parsed.policy?).map_err(invalid("role"))?;
        let claims = AgentClaims::new(parsed.subject?, access).map_err(invalid("sub"))?;
        let claims = match parsed.display_name? {
            Some(name) => claims.with_display_name(name).map_err(invalid("displayName"))?,
            None => claims,
        };
        Ok(Self {
            claims: claims.with_lifetime(lifetime),
            license_key: parsed.issuer?,
            issued_at: UNIX_EPOCH + Duration::from_secs(issued_at),
            expires_at: UNIX_EPOCH + Duration::from_secs(expires_at),
        })
    }
}

#[cfg(test)]
mod tests;
