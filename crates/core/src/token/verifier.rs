use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{
    Clock, ClockSkew, Inspector,
    validation::{Decoded, Outcome, ReadClaims, ReadToken, TABLE, VerifyError},
};
use crate::{
    claims::{Access, AgentClaims, LicenseKey, Lifetime},
    keys::PublicKey,
};

/// Accepts the tokens of one account under one public key, as Cobrowse documents them, and nothing else.
///
/// Strict: RS256 only, no unknown member, no leeway unless set. For tests, health checks and services that take the agents'
/// tokens themselves; Cobrowse decides for itself.
///
/// ```
/// use cobrowse_jwt_core::{LicenseKey, PublicKey, Verifier, VerifyError};
///
/// # const PEM: &str = include_str!("../../tests/data/public_key.pem");
/// let verifier = Verifier::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, PublicKey::from_pem(PEM)?);
/// assert_eq!(verifier.verify("not a token"), Err(VerifyError::WhiteSpace));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a verifier does nothing until `verify` is called"]
pub struct Verifier(Inspector);

impl Verifier {
    /// A verifier on the system's clock.
    pub fn new(license_key: LicenseKey, public_key: PublicKey) -> Self {
        Self(Inspector::new().license_key(license_key).public_key(public_key))
    }

    /// Tolerates that the minting machine's clock stands this far from ours, and that it dates `iat` back by as much; 0 until set.
    pub fn leeway(self, leeway: ClockSkew) -> Self {
        Self(self.0.leeway(leeway))
    }

    /// Accepts tokens that live over 24 hours, as SCIM provisioning uses them.
    pub fn allow_long_lived(self) -> Self {
        Self(self.0.allow_long_lived())
    }

    /// Reads the time from here instead of the system's clock.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self(self.0.clock(clock))
    }

    /// Verifies the token and returns its claims, or the first check that it fails. Time and memory are linear in its length.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`].
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let decoded = Decoded::read(token);
        let read = ReadToken::new(&decoded);
        let expected = self.0.expectations();
        let mut skipped = None;
        for (check, apply) in TABLE {
            match apply(&read, &expected) {
                Outcome::Passed => {}
                Outcome::Failed(error) => return Err(error),
                // A later check fails for the same reason, and its error says more.
                Outcome::Skipped(_) => skipped = skipped.or(Some(VerifyError::Skipped(*check))),
            }
        }
        match (skipped, read.read_claims) {
            (None, Some(claims)) => VerifiedToken::new(claims),
            (skipped, _) => Err(skipped.unwrap_or(VerifyError::ClaimsNotObject)),
        }
    }
}

impl From<Verifier> for Inspector {
    /// Returns an inspector with the same keys, clock and leeway.
    fn from(verifier: Verifier) -> Self {
        verifier.0
    }
}

/// A token that a [`Verifier`] accepted: what it says is what the holder of the private key said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedToken {
    /// Who the agent is and what they may do. The lifetime is the distance from `iat` to `exp`, with any backdate in it.
    pub claims: AgentClaims,
    /// The account: the claim `iss`.
    pub license_key: LicenseKey,
    /// The claim `iat`.
    pub issued_at: SystemTime,
    /// The claim `exp`.
    pub expires_at: SystemTime,
}

impl VerifiedToken {
    fn new(read: ReadClaims) -> Result<Self, VerifyError> {
        let (issued_at, expires_at) = (read.issued_at?, read.expires_at?);
        let lifetime = Duration::from_secs(expires_at.saturating_sub(issued_at));
        let lifetime = Lifetime::long_lived(lifetime).map_err(|_| VerifyError::ExpiresBeforeIssued)?;
        let access = Access::from_claims(read.role?, read.policy?).map_err(VerifyError::Role)?;
        let claims = AgentClaims::new(read.subject?, access).map_err(VerifyError::Subject)?;
        let claims = match read.display_name? {
            Some(name) => claims.with_display_name(name).map_err(VerifyError::DisplayName)?,
            None => claims,
        };
        Ok(Self {
            claims: claims.with_lifetime(lifetime),
            license_key: read.issuer?,
            issued_at: UNIX_EPOCH + Duration::from_secs(issued_at),
            expires_at: UNIX_EPOCH + Duration::from_secs(expires_at),
        })
    }
}

#[cfg(test)]
mod tests;
