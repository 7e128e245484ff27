use async_trait::async_trait;
use cobrowse_jwt::{StaticKey, KeyError, PublicKey, Signature, SigningInput, SigningKey};

/// A key whose signature is zeros: what remains of a mint with it is ours alone.
#[derive(Debug)]
pub struct NullKey(PublicKey);

impl NullKey {
    /// As a source of one 2048-bit key. No private key belongs to it: its modulus is a number and no more.
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
