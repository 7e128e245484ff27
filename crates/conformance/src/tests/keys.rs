//! RSA keys for the sources and services of the tests.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use cobrowse_jwt_core::{PublicKey, SigningInput};

#[derive(Debug)]
pub(crate) struct TestKey {
    pub(crate) public: PublicKey,
    pair: KeyPair,
}

/// A source or service starts with the first, and a rotation goes on to the next.
pub(crate) static KEYS: LazyLock<[TestKey; 3]> =
    LazyLock::new(|| [TestKey::generate(), TestKey::generate(), TestKey::generate()]);

impl TestKey {
    fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<PublicKeyX509Der>::as_der(pair.public_key()).unwrap();
        Self { public: PublicKey::from_spki_der(der.as_ref()).unwrap(), pair }
    }

    pub(crate) fn sign(&self, input: &SigningInput<'_>) -> Vec<u8> {
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.message(), &mut bytes).unwrap();
        bytes
    }
}
