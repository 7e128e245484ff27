use std::{fmt, sync::Arc};

use async_trait::async_trait;
use cobrowse_jwt_core::{KeyError, PublicKey, SigningInput};

/// Signs with keys that stay in a service. Calls may overlap, and futures may be dropped.
///
/// # Contract
///
/// - Implementations set no deadline of their own: the engine does.
/// - `resolve` and `sign` obtain credentials themselves when they need to.
/// - Errors contain no key name, ARN, account id, credential or token.
///
/// [`cobrowse-jwt-conformance`](https://docs.rs/cobrowse-jwt-conformance) tests this contract.
#[async_trait]
pub trait KeyService: fmt::Debug + Send + Sync + 'static {
    /// Obtains credentials or logs in, and keeps the result for later calls.
    ///
    /// # Errors
    ///
    /// A [`KeyError`] whose kind says what the caller should do.
    async fn authenticate(&self) -> Result<(), KeyError>;

    /// Resolves the configured name to the key version that signs now.
    ///
    /// # Errors
    ///
    /// A [`KeyError`]; of the kind [`InvalidKey`](cobrowse_jwt_core::KeyErrorKind::InvalidKey) if the key cannot sign RS256.
    async fn resolve(&self) -> Result<ResolvedKey, KeyError>;

    /// Signs with exactly this version (RS256).
    ///
    /// # Errors
    ///
    /// A [`KeyError`]; of the kind [`Superseded`](cobrowse_jwt_core::KeyErrorKind::Superseded) if that version cannot sign any more.
    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError>;
}

/// One version of a key, as a service resolved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedKey {
    /// The version that signs now.
    pub version: KeyVersion,
    /// Its public key.
    pub public_key: PublicKey,
    /// Whether the configured name already names this version, so that it need not be refreshed by age.
    pub pinned: bool,
}

/// The stable name of a key version: an ARN, `"3"`, a `CKA_ID`. Never a session handle. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyVersion(Arc<str>);

impl KeyVersion {
    /// Wraps the name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Returns the name. Keep it out of logs: it can contain an account id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyVersion(<redacted>)")
    }
}

/// A signature as a service returned it, not yet verified.
#[derive(Clone)]
pub struct ServiceSignature {
    /// The signature. Leading zeros may be missing.
    pub bytes: Vec<u8>,
    /// The version that signed, or `None` if the response does not contain it.
    pub version: Option<KeyVersion>,
}

impl fmt::Debug for ServiceSignature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ServiceSignature({} bytes)", self.bytes.len())
    }
}
