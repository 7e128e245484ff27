use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{KeyError, PublicKey, Signature, SigningInput};

/// Where keys come from. Answers "which key signs now?", so that rotation has one place.
///
/// # Contract
///
/// - `signing_key` may be called for every token, from many tasks at once; the answer is best kept, not fetched anew.
/// - It is cancel-safe: a future that is dropped leaves the source usable and fails nobody else's call.
/// - It ends in bounded time: the minter has no timer of its own.
/// - After one of its keys has answered [`KeyErrorKind::Superseded`](super::KeyErrorKind::Superseded), the source looks anew
///   instead of handing the same key out again.
///
/// A wrapper (a cache, a fallback) forwards both the key and the error as they are: a key carries all that the minter needs.
///
/// ```
/// use std::sync::Arc;
/// use cobrowse_jwt_core::{KeyError, KeySource, SigningKey, async_trait};
///
/// /// Prefers one source and falls back to another while the first is out of reach.
/// #[derive(Debug)]
/// struct Fallback<A, B>(A, B);
///
/// #[async_trait]
/// impl<A: KeySource, B: KeySource> KeySource for Fallback<A, B> {
///     async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
///         match self.0.signing_key().await {
///             Err(error) if error.is_transient() => self.1.signing_key().await,
///             answer => answer,
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync {
    /// The key that signs now.
    ///
    /// # Errors
    ///
    /// A [`KeyError`] whose kind says what the reader should do.
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError>;
}

/// One RSA key, wherever it lives: its public half never changes.
///
/// # Contract
///
/// - Header, key id and signature of one token come from one value of this type, so `public_key` and `sign` speak of the same
///   key for as long as the value lives. A backend whose name for the key can be pointed elsewhere (an alias) signs by a name
///   that cannot.
/// - `sign` makes an RSASSA-PKCS1-v1_5 signature with SHA-256 (RFC 8017, section 8.2; `RS256` of RFC 7518, section 3.3).
/// - It is cancel-safe and ends in bounded time.
/// - What comes from outside the process is wrapped in [`Signature::remote`], and the minter checks it.
#[async_trait]
pub trait SigningKey: fmt::Debug + Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs.
    ///
    /// # Errors
    ///
    /// A [`KeyError`]; [`KeyErrorKind::Superseded`](super::KeyErrorKind::Superseded) if the key is gone for good and the source
    /// has been told.
    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError>;
}

#[async_trait]
impl<S: KeySource + ?Sized> KeySource for Arc<S> {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        S::signing_key(self).await
    }
}

#[async_trait]
impl<S: KeySource + ?Sized> KeySource for Box<S> {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        S::signing_key(self).await
    }
}

/// The source of one key that never changes.
#[derive(Clone, Debug)]
pub struct FixedKey(pub Arc<dyn SigningKey>);

#[async_trait]
impl KeySource for FixedKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::TestKey;

    #[test]
    fn boxes_and_arcs_of_sources_are_sources() {
        let key: Arc<dyn SigningKey> = Arc::new(TestKey::generate());
        let source: Box<dyn KeySource> = Box::new(Arc::new(FixedKey(Arc::clone(&key))));
        let answer = pollster::block_on(source.signing_key()).unwrap();
        assert!(Arc::ptr_eq(&answer, &key));
    }
}
