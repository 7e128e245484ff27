use std::{fmt, sync::Arc, time::SystemTime};

use super::{
    Clock, ClockSkew,
    clock::numeric_date,
    validation::{Inspection, ValidationContext},
};
use crate::{claims::LicenseKey, keys::PublicKey};

/// Decodes a token and reports the outcome of every check, to diagnose why it is refused. Skips checks that need a key that is not set.
///
/// To accept a token, use [`Verifier`](crate::Verifier).
///
/// ```
/// use cobrowse_jwt_core::{Inspector, Outcome, PublicKey, TokenCheck};
///
/// # const PEM: &str = include_str!("../../tests/data/public_key.pem");
/// # let token = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
/// let inspection = Inspector::new().public_key(PublicKey::from_pem(PEM)?).inspect(token);
/// let signature = inspection.findings().iter().find(|finding| finding.check == TokenCheck::Signature);
/// assert!(matches!(signature.unwrap().outcome, Outcome::Failed(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "an inspector does nothing until `inspect` is called"]
pub struct Inspector {
    license_key: Option<LicenseKey>,
    public_key: Option<PublicKey>,
    clock: Arc<dyn Clock>,
    leeway: ClockSkew,
    allow_long_lived: bool,
}

impl Inspector {
    /// Returns an inspector with the system clock and without keys.
    pub fn new() -> Self {
        Self {
            license_key: None,
            public_key: None,
            clock: Arc::new(SystemTime::now),
            leeway: ClockSkew::default(),
            allow_long_lived: false,
        }
    }

    /// Sets the license key that the issuer (`iss`) is compared with.
    pub fn license_key(self, license_key: LicenseKey) -> Self {
        Self { license_key: Some(license_key), ..self }
    }

    /// Sets the key that verifies the signature.
    pub fn public_key(self, public_key: PublicKey) -> Self {
        Self { public_key: Some(public_key), ..self }
    }

    /// Sets the clock skew that is tolerated, as [`Verifier::leeway`](crate::Verifier::leeway).
    pub fn leeway(self, leeway: ClockSkew) -> Self {
        Self { leeway, ..self }
    }

    /// Sets whether lifetimes of more than 24 hours are accepted, for SCIM provisioning; `false` by default.
    pub fn allow_long_lived(self, allow: bool) -> Self {
        Self { allow_long_lived: allow, ..self }
    }

    /// Replaces the system clock.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Inspects a token. Takes O(n log n) time and O(n) memory for a token of n bytes.
    #[must_use]
    pub fn inspect(&self, token: &str) -> Inspection {
        Inspection::new(token, &self.context())
    }

    pub(super) fn context(&self) -> ValidationContext<'_> {
        ValidationContext {
            license_key: self.license_key.as_ref(),
            public_key: self.public_key.as_ref(),
            now: numeric_date(self.clock.now()),
            leeway: self.leeway,
            allow_long_lived: self.allow_long_lived,
        }
    }
}

impl Default for Inspector {
    /// As [`Inspector::new`].
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Inspector")
            .field("license_key", &self.license_key)
            .field("public_key", &self.public_key)
            .field("leeway", &self.leeway)
            .field("allow_long_lived", &self.allow_long_lived)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;
    use crate::{
        claims::ClaimsWarning,
        token::{Outcome, TokenCheck, VerifyError},
    };

    const PEM: &str = include_str!("../../tests/data/public_key.pem");

    fn token(claims: &str) -> String {
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
        format!("{}.{}.AAAA", encode(r#"{"alg":"RS256","typ":"JWT"}"#), encode(claims))
    }

    fn outcome(inspection: &Inspection, check: TokenCheck) -> &Outcome {
        &inspection.findings().iter().find(|finding| finding.check == check).unwrap().outcome
    }

    #[test]
    fn inspect_without_a_key_skips_its_check() {
        let token = token(r#"{"iss":"SPGqPIcVnsOEJQ"}"#);
        let nothing = Inspector::new().inspect(&token);
        assert!(matches!(outcome(&nothing, TokenCheck::Signature), Outcome::Skipped(_)));
        assert!(matches!(outcome(&nothing, TokenCheck::Issuer), Outcome::Skipped(_)));

        let key = Inspector::new().public_key(PublicKey::from_pem(PEM).unwrap()).inspect(&token);
        assert_eq!(outcome(&key, TokenCheck::Signature), &Outcome::Failed(VerifyError::InvalidSignature));
        assert!(matches!(outcome(&key, TokenCheck::Issuer), Outcome::Skipped(_)));

        let license = |text| Inspector::new().license_key(LicenseKey::new(text).unwrap()).inspect(&token);
        assert_eq!(outcome(&license("SPGqPIcVnsOEJQ"), TokenCheck::Issuer), &Outcome::Passed);
        assert_eq!(outcome(&license("trial"), TokenCheck::Issuer), &Outcome::Failed(VerifyError::IssuerMismatch));
    }

    #[test]
    fn inspect_uses_clock_leeway_and_long_lived() {
        let token = token(r#"{"iat":1000,"exp":101000}"#);
        let at = |seconds| Inspector::new().clock(move || UNIX_EPOCH + Duration::from_secs(seconds));
        let expired = at(101_005).inspect(&token);
        assert_eq!(outcome(&expired, TokenCheck::Expiry), &Outcome::Failed(VerifyError::Expired { seconds: 5 }));
        let leeway = ClockSkew::new(Duration::from_secs(6)).unwrap();
        let tolerated = at(101_005).leeway(leeway).allow_long_lived(true).inspect(&token);
        assert_eq!(outcome(&tolerated, TokenCheck::Expiry), &Outcome::Passed);
        assert_eq!(outcome(&tolerated, TokenCheck::Lifetime), &Outcome::Passed);
        assert!(matches!(outcome(&expired, TokenCheck::Lifetime), Outcome::Failed(_)));
    }

    #[test]
    fn inspect_of_partly_valid_claims_returns_warnings() {
        let warnings = |claims: &str| Inspector::new().inspect(&token(claims)).warnings().to_vec();
        assert_eq!(warnings(r#"{"sub":"a@b"}"#), []);
        assert_eq!(warnings(r#"{"sub":"jane"}"#), [ClaimsWarning::SubjectNotEmail]);
        assert_eq!(
            warnings(r#"{"role":"administrator","policy":{"version":3,"features":{}}}"#),
            [ClaimsWarning::AdministratorWithPolicy]
        );
        assert_eq!(warnings(r#"{"policy":{"version":3,"features":{}}}"#), [ClaimsWarning::DefaultRoleWithPolicy]);
        assert_eq!(warnings(r#"{"role":"admin","policy":{"version":3}}"#), []);
        assert_eq!(warnings(r#"{"iat":0,"exp":100000}"#), [ClaimsWarning::LongLived]);
        assert!(Inspector::new().inspect("no token").warnings().is_empty());
    }

    #[test]
    fn inspect_of_misspelled_claim_names_the_documented_one() {
        for (found, expected) in [("display_name", "displayName"), ("Role", "role"), ("ISS", "iss")] {
            let inspection = Inspector::new().inspect(&token(&format!(r#"{{"{found}":"x"}}"#)));
            let error = VerifyError::UnknownClaim { found: found.to_owned(), expected: Some(expected) };
            assert!(inspection.failures().any(|failure| *failure == error), "{inspection:?}");
            assert_eq!(error.check(), TokenCheck::KnownClaims);
        }
    }
}
