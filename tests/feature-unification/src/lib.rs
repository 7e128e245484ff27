//! Mints and verifies in a build in which other crates have turned on the features that would hurt.
#![cfg(test)]

use cobrowse_jwt::{
    Access, AgentClaims, LicenseKey, Lifetime, Minter, Policy, PublicKey, Rule, Verifier, VerifyError,
    pem::{PemKey, RsaKeySize},
};
use pollster::block_on;

#[test]
fn jsonwebtoken_itself_panics_in_this_build() {
    let use_it =
        || jsonwebtoken::encode(&jsonwebtoken::Header::default(), &1, &jsonwebtoken::EncodingKey::from_secret(b"x"));
    assert!(std::panic::catch_unwind(use_it).is_err(), "the build does not turn on both crypto features");
}

#[test]
fn mints_verifies_and_shows_its_key() {
    let license_key = LicenseKey::new("SPGqPIcVnsOEJQ").unwrap();
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let public_key = key.public_key().clone();
    assert_eq!(PublicKey::from_jwk(&public_key.to_jwk()).unwrap(), public_key);

    let customer = Rule::custom_data("user_id", "42");
    let access = Access::PolicyOnly(Policy::builder().devices(customer).build().unwrap());
    let claims = AgentClaims::new("jane@example.com", access).unwrap();
    let token = block_on(Minter::builder(license_key.clone(), key).include_key_id(true).build().mint(&claims)).unwrap();
    let verifier = Verifier::new(license_key, public_key);
    let claims = claims.with_lifetime(Lifetime::default());
    assert_eq!(verifier.verify(token.expose_secret()).unwrap().claims, claims);
}

/// With `arbitrary_precision`, `serde_json` presents numbers as objects.
#[test]
fn dates_are_still_told_apart() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let verifier = Verifier::new(LicenseKey::new("trial").unwrap(), key.public_key().clone());
    // {"exp":1700000000000,"iat":1.5}
    let inspection = cobrowse_jwt::Inspector::from(verifier).inspect("e30.eyJleHAiOjE3MDAwMDAwMDAwMDAsImlhdCI6MS41fQ.");
    assert_eq!(inspection.claims().unwrap()["exp"].as_u64(), Some(1_700_000_000_000));
    let failures: Vec<_> = inspection.failures().collect();
    assert!(failures.contains(&&VerifyError::TimestampInMilliseconds { claim: "exp" }));
    assert!(failures.contains(&&VerifyError::WrongClaimType { claim: "iat", expected: "an integer" }));
}
