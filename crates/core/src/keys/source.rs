use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{KeyError, PublicKey, Signature, SigningInput};

/// Provides the key that signs now, across rotations.
///
/// # Contract
///
/// - `signing_key` may be called for every token, from many tasks concurrently; implementations should cache.
/// - Both methods are cancel-safe: a dropped future leaves the source usable and fails no other call.
/// - Both methods return in bounded time: the minter has no timer.
/// - The source returns the same `Arc` until the key changes.
///
/// A wrapper (a cache, a fallback) forwards both methods, and returns keys and errors unchanged.
///
/// [`cobrowse-jwt-conformance`](https://docs.rs/cobrowse-jwt-conformance) tests this contract.
///
/// ```
/// use std::sync::Arc;
/// use cobrowse_jwt_core::{KeyError, KeySource, SigningKey, async_trait};
///
/// /// Prefers one source and uses another while the first is unavailable.
/// #[derive(Debug)]
/// struct Fallback<A, B>(A, B);
///
/// #[async_trait]
/// impl<A: KeySource, B: KeySource> KeySource for Fallback<A, B> {
///     async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
///         match self.0.signing_key().await {
///             Err(error) if error.is_transient() => self.1.signing_key().await,
///             result => result,
///         }
///     }
///
///     async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
///         match self.0.refresh().await {
///             Err(error) if error.is_transient() => self.1.refresh().await,
///             result => result,
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync {
    /// Returns the key that signs now, usually from a cache.
    ///
    /// # Errors
    ///
    /// A [`KeyError`] whose kind says what the caller should do.
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError>;

    /// Repeats the lookup of the key, bypassing the cache. Returns the same `Arc` if nothing changed. A source without a cache calls
    /// `signing_key`.
    ///
    /// # Errors
    ///
    /// As [`signing_key`](Self::signing_key).
    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError>;
}

/// An immutable snapshot of one RSA key, in this process or in a service.
///
/// # Contract
///
/// - `public_key` and `sign` always refer to the same key: the header, the `kid` and the signature of a token come from one snapshot. A
///   service that resolves an alias signs by the key id that the alias resolved to, not by the alias.
/// - `sign` returns an RSASSA-PKCS1-v1_5 signature with SHA-256 (RFC 8017, section 8.2; `RS256` of RFC 7518, section 3.3).
/// - `sign` is cancel-safe and returns in bounded time.
/// - A signature from outside the process is wrapped in [`Signature::remote`], and the minter verifies it.
#[async_trait]
pub trait SigningKey: fmt::Debug + Send + Sync {
    /// Returns the public key.
    fn public_key(&self) -> &PublicKey;

    /// Signs the input.
    ///
    /// # Errors
    ///
    /// A [`KeyError`]; [`KeyErrorKind::Superseded`](super::KeyErrorKind::Superseded) if this key cannot sign any more. The minter
    /// then calls [`KeySource::refresh`] and tries once more with another snapshot.
    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError>;
}

#[async_trait]
impl<S: KeySource + ?Sized> KeySource for Arc<S> {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        S::signing_key(self).await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        S::refresh(self).await
    }
}

#[async_trait]
impl<S: KeySource + ?Sized> KeySource for Box<S> {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        S::signing_key(self).await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        S::refresh(self).await
    }
}

/// Provides one key that never changes.
#[derive(Clone, Debug)]
pub struct StaticKey(Arc<dyn SigningKey>);

impl StaticKey {
    /// Returns a source of this key.
    pub fn new(key: Arc<dyn SigningKey>) -> Self {
        Self(key)
    }
}

#[async_trait]
impl KeySource for StaticKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(Arc::clone(&self.0))
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.signing_key().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::TestKey;

    #[test]
    fn boxed_and_shared_sources_forward_both_methods() {
        let key: Arc<dyn SigningKey> = Arc::new(TestKey::generate());
        let source: Box<dyn KeySource> = Box::new(Arc::new(StaticKey::new(Arc::clone(&key))));
        assert!(Arc::ptr_eq(&pollster::block_on(source.signing_key()).unwrap(), &key));
        assert!(Arc::ptr_eq(&pollster::block_on(source.refresh()).unwrap(), &key));
    }
}
