use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{PublicKey, Verifier};

use crate::{clock, license_key};

/// A token with its verifiers.
#[derive(Debug)]
pub struct Verifying {
    token: String,
    verifier: Verifier,
    message: Vec<u8>,
    signature: Vec<u8>,
    raw: ParsedPublicKey,
}

impl Verifying {
    /// Creates verifiers for a key size in bits.
    #[must_use]
    pub fn new(bits: usize) -> Self {
        let (token, pem) = (harness::token(bits), harness::public_key(bits));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (message, signature) = (message.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(signature).unwrap());
        let (_, der) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
        let raw = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).unwrap();
        let verifier = Verifier::new(license_key(), PublicKey::from_pem(&pem).unwrap()).clock(clock);
        Self { token, verifier, message, signature, raw }
    }

    /// Verifies the signature alone, with a key that is parsed once.
    pub fn raw(&self) {
        self.raw.verify_sig(&self.message, &self.signature).unwrap();
    }

    /// Verifies the token with a [`Verifier`].
    pub fn whole(&self) {
        self.verifier.verify(&self.token).unwrap();
    }
}
