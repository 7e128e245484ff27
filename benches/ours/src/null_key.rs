use async_trait::async_trait;
use cobrowse_jwt::{KeyError, PublicKey, Signature, SigningInput, SigningKey, StaticKey};

/// A key whose signature is zeros, so that a mint costs nothing but this SDK's work.
#[derive(Debug)]
pub struct NullKey(PublicKey);

impl NullKey {
    /// Returns a source of a 2048-bit key. Its modulus is an arbitrary number, without a private key.
    #[must_use]
    pub fn source() -> StaticKey {
        StaticKey::new(std::sync::Arc::new(Self(PublicKey::from_components(&[0xff; 256], &[1, 0, 1]).unwrap())))
    }
}

#[async_trait]
impl SigningKey for NullKey {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    async fn sign(&self, _: &SigningInput<'_>) -> Result<Signature, KeyError> {
        Ok(Signature::self_checked(vec![0; 256]))
    }
}
