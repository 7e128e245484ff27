use cobrowse_jwt_core::{Inspector, LicenseKey, Minter, MinterBuilder, Outcome, TokenCheck, VerifiedToken, Verifier};
use cobrowse_jwt_pem::{PemKey, RsaKeySize};

use super::FixedClock;

/// An account with a key in memory, for tests. The [module](super) has an example.
#[derive(Clone, Debug)]
pub struct TestAccount {
    license_key: LicenseKey,
    key: PemKey,
    clock: FixedClock,
}

impl TestAccount {
    /// Returns an account with the license key `test`, a new 2048-bit key and a clock at 2023-11-14 22:13:20 UTC.
    ///
    /// Generating the key takes about 0.1 seconds. This crate contains no key, so a test key cannot become a production key.
    ///
    /// # Panics
    ///
    /// If the operating system returns no random bytes.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        match (LicenseKey::new("test"), PemKey::generate(RsaKeySize::Rsa2048)) {
            (Ok(license_key), Ok(key)) => Self { license_key, key, clock: FixedClock::new(1_700_000_000) },
            (Err(error), _) => panic!("invalid license key: {error}"),
            (_, Err(error)) => panic!("failed to generate a key: {error}"),
        }
    }

    /// Returns the license key.
    #[must_use]
    pub const fn license_key(&self) -> &LicenseKey {
        &self.license_key
    }

    /// Returns the key, which is a key source.
    #[must_use]
    pub const fn key(&self) -> &PemKey {
        &self.key
    }

    /// Returns the clock of the minters and assertions of this account.
    #[must_use]
    pub const fn clock(&self) -> &FixedClock {
        &self.clock
    }

    /// Returns a minter with the license key, the key and the clock of this account.
    #[must_use]
    pub fn minter(&self) -> Minter {
        self.minter_builder().build()
    }

    /// Returns the builder of [`TestAccount::minter`], for further settings.
    pub fn minter_builder(&self) -> MinterBuilder {
        Minter::builder(self.license_key.clone(), self.key.clone()).clock(self.clock.clone())
    }

    /// Asserts that a strict verifier accepts the token, and returns its claims.
    ///
    /// # Panics
    ///
    /// With every failed check and its error, without the token.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "a test may need the assertion only")]
    pub fn assert_accepted(&self, token: &str) -> VerifiedToken {
        match self.verifier().verify(token) {
            Ok(verified) => verified,
            Err(error) => match self.failures(token).as_str() {
                "" => panic!("token is refused: {error}"),
                failures => panic!("token is refused: {failures}"),
            },
        }
    }

    /// Asserts that the token fails this check.
    ///
    /// # Panics
    ///
    /// With the checks that failed instead, without the token.
    #[track_caller]
    pub fn assert_refused(&self, token: &str, check: TokenCheck) {
        let inspection = Inspector::from(self.verifier()).inspect(token);
        let failed = inspection
            .findings()
            .iter()
            .any(|finding| finding.check == check && matches!(finding.outcome, Outcome::Failed(_)));
        if !failed {
            match self.failures(token).as_str() {
                "" => panic!("token passes check `{}` and every other check", check.id()),
                failures => panic!("token passes check `{}`; failed: {failures}", check.id()),
            }
        }
    }

    fn verifier(&self) -> Verifier {
        Verifier::new(self.license_key.clone(), self.key.public_key().clone()).clock(self.clock.clone())
    }

    /// Returns the failed checks as `id: error`, separated by semicolons.
    fn failures(&self, token: &str) -> String {
        let inspection = Inspector::from(self.verifier()).inspect(token);
        let failures = inspection.findings().iter().filter_map(|finding| match &finding.outcome {
            Outcome::Failed(error) => Some(format!("check `{}`: {error}", finding.check.id())),
            Outcome::Passed | Outcome::Skipped(_) => None,
        });
        failures.collect::<Vec<_>>().join("; ")
    }
}

impl Default for TestAccount {
    /// Returns [`TestAccount::new`].
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        time::Duration,
    };

    use cobrowse_jwt_core::{Access, AgentClaims, Role};
    use pollster::block_on;

    use super::*;

    fn token(account: &TestAccount) -> String {
        let claims = AgentClaims::new("jane@example.com", Access::Role(Role::Agent)).unwrap();
        block_on(account.minter().mint(&claims)).unwrap().expose_secret().to_owned()
    }

    fn panic_message(assertion: impl FnOnce()) -> String {
        *catch_unwind(AssertUnwindSafe(assertion)).unwrap_err().downcast::<String>().unwrap()
    }

    #[test]
    fn minted_token_is_accepted_until_it_expires() {
        let account = TestAccount::new();
        let token = token(&account);
        assert_eq!(account.assert_accepted(&token).license_key, *account.license_key());
        account.clock().advance(Duration::from_secs(3_599));
        account.assert_accepted(&token);
        account.clock().advance(Duration::from_secs(1));
        account.assert_refused(&token, TokenCheck::Expiry);
    }

    #[test]
    fn failed_assertion_names_the_checks_and_not_the_token() {
        let (account, other) = (TestAccount::new(), TestAccount::new());
        let token = token(&other);
        account.clock().set(1_800_000_000);
        let message = panic_message(|| drop(account.assert_accepted(&token)));
        for expected in ["token is refused", "check `signature`", "check `exp`"] {
            assert!(message.contains(expected), "{message}");
        }
        assert!(!message.contains("eyJ"), "{message}");

        let message = panic_message(|| account.assert_refused(&token, TokenCheck::Issuer));
        assert!(message.starts_with("token passes check `iss`; failed: check `signature`"), "{message}");
        let message = panic_message(|| other.assert_refused(&token, TokenCheck::Issuer));
        assert_eq!(message, "token passes check `iss` and every other check");
    }
}
