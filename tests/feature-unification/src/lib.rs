//! Mints and verifies in a build in which other crates enable conflicting features of our dependencies.
#![cfg(test)]

use cobrowse_jwt::{
    Access, AgentClaims, LicenseKey, Lifetime, Minter, Policy, PublicKey, Rule, Verifier, VerifyError,
    pem::{PemKey, RsaKeySize},
};
use pollster::block_on;

#[test]
fn jsonwebtoken_with_both_providers_panics() {
    let encode =
        || jsonwebtoken::encode(&jsonwebtoken::Header::default(), &1, &jsonwebtoken::EncodingKey::from_secret(b"x"));
    assert!(std::panic::catch_unwind(encode).is_err(), "only one crypto feature is enabled");
}

#[test]
fn minted_token_verifies() {
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

/// With `arbitrary_precision`, `serde_json` represents numbers as strings.
#[test]
fn invalid_timestamps_are_reported() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let verifier = Verifier::new(LicenseKey::new("trial").unwrap(), key.public_key().clone());
    // {"exp":1700000000000,"iat":1.5}
    let inspection = cobrowse_jwt::Inspector::from(verifier).inspect("e30.eyJleHAiOjE3MDAwMDAwMDAwMDAsImlhdCI6MS41fQ.");
    assert_eq!(inspection.claims().unwrap()["exp"].as_u64(), Some(1_700_000_000_000));
    let failures: Vec<_> = inspection.failures().collect();
    assert!(failures.contains(&&VerifyError::TimestampInMilliseconds { claim: "exp" }));
    assert!(failures.contains(&&VerifyError::WrongClaimType { claim: "iat", expected: "an integer" }));
}
