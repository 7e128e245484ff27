//! Tokens of an attacker, and of an account whose minter is at fault.

use std::{
    sync::LazyLock,
    time::{Duration, UNIX_EPOCH},
};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt_core::{LicenseKey, PublicKey, Verifier};
use der::Decode as _;
use pkcs1::RsaPublicKeyRef;

pub(crate) const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

/// Valid at [`NOW`].
pub(crate) const CLAIMS: &str = r#"{"iat":1700000000,"exp":1700003600,"aud":"https://cobrowse.io","iss":"SPGqPIcVnsOEJQ","sub":"jane@example.com"}"#;

pub(crate) const NOW: u64 = 1_700_000_000;

pub(crate) fn verifier() -> Verifier {
    Verifier::new(LicenseKey::new("SPGqPIcVnsOEJQ").unwrap(), ACCOUNT.public.clone())
        .clock(|| UNIX_EPOCH + Duration::from_secs(NOW))
}

/// The key of RFC 7515, appendix A.2: every run has the same tokens.
pub(crate) static ACCOUNT: LazyLock<Key> = LazyLock::new(|| {
    let (_, der) = pem_rfc7468::decode_vec(include_bytes!("rfc7515_a2.pem")).unwrap();
    Key::new(rsa::KeyPair::from_pkcs8(&der).unwrap())
});

pub(crate) static ATTACKER: LazyLock<Key> =
    LazyLock::new(|| Key::new(rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap()));

pub(crate) struct Key {
    pub(crate) public: PublicKey,
    /// `RSAPublicKey`.
    pub(crate) pkcs1: Vec<u8>,
    pair: rsa::KeyPair,
}

impl Key {
    fn new(pair: rsa::KeyPair) -> Self {
        let pkcs1 = pair.public_key().as_ref().to_vec();
        let key = RsaPublicKeyRef::from_der(&pkcs1).unwrap();
        let public = PublicKey::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes()).unwrap();
        Self { public, pkcs1, pair }
    }

    pub(crate) fn sign(&self, encoding: &'static dyn RsaEncoding, message: &str) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        signature
    }
}

/// Signed with the key of the account, which no attacker has: the other checks refuse it.
pub(crate) fn account(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    let input = input(header, claims);
    token(&input, ACCOUNT.sign(&RSA_PKCS1_SHA256, &input))
}

/// Signed with the attacker's RSA key.
pub(crate) fn attacker(header: &str) -> String {
    let input = input(header, CLAIMS);
    token(&input, ATTACKER.sign(&RSA_PKCS1_SHA256, &input))
}

/// Signed with HMAC and a secret that the attacker knows.
pub(crate) fn hmac(header: &str, algorithm: hmac::Algorithm, secret: impl AsRef<[u8]>) -> String {
    let input = input(header, CLAIMS);
    token(&input, hmac::sign(&hmac::Key::new(algorithm, secret.as_ref()), input.as_bytes()))
}

pub(crate) fn unsigned(header: &str) -> String {
    token(&input(header, CLAIMS), "")
}

/// Adds members to the valid claims, as JSON.
pub(crate) fn with(members: &str) -> String {
    account(HEADER, format!("{},{members}}}", CLAIMS.trim_end_matches('}')))
}

/// Replaces a part of the valid claims.
pub(crate) fn replaced(part: &str, replacement: &str) -> String {
    assert!(CLAIMS.contains(part), "{part}");
    account(HEADER, CLAIMS.replacen(part, replacement, 1))
}

pub(crate) fn input(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

pub(crate) fn token(input: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}
