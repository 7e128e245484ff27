//! One account with a fixed key and a fixed clock, so that runs are reproducible.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, KeySource, LicenseKey, MintError, Minter, SigningInput, Verifier, pem::PemKey,
};
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

/// Mints the token of these fuzz targets with a key source.
pub(crate) async fn mint(source: impl KeySource + 'static) -> Result<AgentToken, MintError> {
    let claims = AgentClaims::new("jane@example.com", Access::AccountDefault).expect("valid claims");
    Minter::builder(license_key(), source).clock(now).build().mint(&claims).await
}

/// Returns the signature of that token in standard base64, as services encode it.
pub(crate) fn signature() -> String {
    let token = block_on(mint(KEY.clone())).expect("key in memory");
    let (_, signature) = token.expose_secret().rsplit_once('.').expect("three parts");
    STANDARD.encode(URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
}
