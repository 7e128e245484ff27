use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Clock, ClockSkew,
    clock::numeric_date,
    contract::{Decoded, Evidence, Expectations, Inspection, Outcome, ReadClaims, TABLE, VerifyError},
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
#[derive(Clone)]
#[must_use = "a verifier does nothing until `verify` is called"]
pub struct Verifier {
    license_key: LicenseKey,
    public_key: PublicKey,
    clock: Arc<dyn Clock>,
    leeway: ClockSkew,
    long_lived: bool,
}

impl Verifier {
    /// A verifier on the system's clock.
    pub fn new(license_key: LicenseKey, public_key: PublicKey) -> Self {
        let clock = Arc::new(SystemTime::now);
        Self { license_key, public_key, clock, leeway: ClockSkew::default(), long_lived: false }
    }

    /// Tolerates that the minting machine's clock stands this far from ours, and that it dates `iat` back by as much; 0 until set.
    pub fn leeway(self, leeway: ClockSkew) -> Self {
        Self { leeway, ..self }
    }

    /// Accepts tokens that live over 24 hours, as SCIM provisioning uses them.
    pub fn allow_long_lived(self) -> Self {
        Self { long_lived: true, ..self }
    }

    /// Reads the time from here instead of the system's clock.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Accepts the token, or names the first rule that it breaks. Time and memory are linear in its length.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`].
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let decoded = Decoded::read(token);
        let evidence = Evidence::of(&decoded);
        let expected = self.expectations();
        let mut open = None;
        for (rule, judge) in TABLE {
            match judge(&evidence, &expected) {
                Outcome::Passed => {}
                Outcome::Failed(error) => return Err(error),
                // Its cause is the failure of a later rule, which says more.
                Outcome::NotCheckable(_) => open = open.or(Some(VerifyError::NotCheckable(*rule))),
            }
        }
        match (open, evidence.read_claims) {
            (None, Some(claims)) => VerifiedToken::new(claims),
            (open, _) => Err(open.unwrap_or(VerifyError::ClaimsNotObject)),
        }
    }

    /// Reports every rule instead of the first that is broken.
    #[must_use]
    pub fn inspect(&self, token: &str) -> Inspection {
        Inspection::against(token, &self.expectations())
    }

    fn expectations(&self) -> Expectations<'_> {
        Expectations {
            license_key: Some(&self.license_key),
            public_key: Some(&self.public_key),
            now: numeric_date(self.clock.now()),
            leeway: self.leeway,
            long_lived: self.long_lived,
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("license_key", &self.license_key)
            .field("public_key", &self.public_key)
            .field("leeway", &self.leeway)
            .field("long_lived", &self.long_lived)
            .finish_non_exhaustive()
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
