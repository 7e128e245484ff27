use std::sync::Arc;

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};

/// A private key of `aws-lc-rs`, parsed once.
#[derive(Clone, Debug)]
pub struct RawKey(Arc<KeyPair>);

impl RawKey {
    /// Parses PKCS#8 PEM.
    #[must_use]
    pub fn new(pem: &str) -> Self {
        let (_, der) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
        Self(Arc::new(KeyPair::from_pkcs8(&der).unwrap()))
    }

    /// Returns the bare signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }
}
