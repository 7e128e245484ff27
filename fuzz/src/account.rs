//! One account with a fixed key and a fixed clock, so that runs are reproducible.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{KeySource as _, LicenseKey, SigningInput, Verifier, pem::PemKey};
use pollster::block_on;

/// The key of RFC 7515, appendix A.2.
pub(crate) static KEY: LazyLock<PemKey> =
    LazyLock::new(|| PemKey::from_pem(include_bytes!("../seeds/pem/pkcs8")).expect("valid key"));

pub(crate) fn license_key() -> LicenseKey {
    LicenseKey::new("SPGqPIcVnsOEJQ").expect("valid license key")
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new(license_key(), KEY.public_key().clone()).clock(now)
}

pub(crate) fn sign(message: &[u8]) -> Vec<u8> {
    let key = block_on(KEY.signing_key()).expect("key in memory");
    block_on(key.sign(&SigningInput::new(message))).expect("key in memory").as_bytes().to_vec()
}

/// Returns the signing input of a header and claims.
pub(crate) fn signing_input(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

/// Returns the signing input and its signature as a token.
pub(crate) fn token(signing_input: &str) -> String {
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(sign(signing_input.as_bytes())))
}
