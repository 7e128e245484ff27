//! Keys for the unit tests of this crate, which cannot depend on the crates of key sources.

use async_trait::async_trait;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use der::Decode as _;
use pkcs1::RsaPublicKeyRef;

use super::{KeyError, PublicKey, Signature, SigningInput, SigningKey};

#[derive(Debug)]
pub(crate) struct TestKey {
    pub(crate) public: PublicKey,
    pair: rsa::KeyPair,
}

impl TestKey {
    pub(crate) fn generate() -> Self {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let key = RsaPublicKeyRef::from_der(pair.public_key().as_ref()).unwrap();
        let public = PublicKey::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes()).unwrap();
        Self { public, pair }
    }

    pub(crate) fn sign_now(&self, input: &SigningInput<'_>) -> Vec<u8> {
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.message(), &mut bytes).unwrap();
        bytes
    }
}

#[async_trait]
impl SigningKey for TestKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        Ok(Signature::remote(self.sign_now(input)))
    }
}
