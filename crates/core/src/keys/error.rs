use std::{borrow::Cow, error::Error, fmt, sync::Arc};

/// Reports why a source has no key or a key returns no signature.
///
/// Construct it with the kind that matches what the caller should do, a short message, and the cause. The message, the hint and the
/// causes must not contain key material, a token, a PIN, a passphrase, an AWS account id or an ARN: all of them end up in logs.
///
/// ```
/// use cobrowse_jwt_core::{KeyError, KeyErrorKind};
///
/// let cause = std::io::Error::other("connection reset");
/// let error = KeyError::new(KeyErrorKind::Unavailable, "failed to reach the HSM")
///     .with_hint("check the network between this machine and the HSM")
///     .with_source(cause);
/// assert!(error.is_transient());
/// assert_eq!(error.to_string(), "failed to reach the HSM");
/// ```
#[derive(Clone, Debug)]
pub struct KeyError {
    kind: KeyErrorKind,
    message: Cow<'static, str>,
    hint: Option<&'static str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl KeyError {
    /// Returns an error with a short message in lower case, which does not repeat its source and gives no advice.
    #[must_use]
    pub fn new(kind: KeyErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    /// Adds advice for the operator.
    #[must_use]
    pub fn with_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(Arc::from(source.into())), ..self }
    }

    /// Returns what the caller should do.
    #[must_use]
    pub const fn kind(&self) -> KeyErrorKind {
        self.kind
    }

    /// Returns the name of the kind, as [`KeyErrorKind::id`].
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.kind.id()
    }

    /// Returns advice for the operator: the one that was added, or that of the kind.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self.hint {
            Some(hint) => Some(hint),
            None => self.kind.hint(),
        }
    }

    /// Returns whether the same call can succeed later without a change to the configuration or the key.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Classifies a [`KeyError`] by what the caller should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// Grant this process the right to use the key: file mode, IAM policy, PIN.
    AccessDenied,
    /// Correct the name of the key, or create it.
    NotFound,
    /// Replace the key or correct its state: it exists but cannot sign RS256.
    InvalidKey,
    /// Retry later and call less often: the service limits the rate.
    Throttled,
    /// Retry: the service or the network path to it is down.
    Unavailable,
    /// Check the endpoint: the response is not from this key, or does not follow the protocol.
    InvalidResponse,
    /// Refresh the source: this version of the key cannot sign any more. The minter has done so once before it returns this.
    Superseded,
}

impl KeyErrorKind {
    /// Returns a stable name in kebab case, for programs.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::AccessDenied => "access-denied",
            Self::NotFound => "not-found",
            Self::InvalidKey => "invalid-key",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::InvalidResponse => "invalid-response",
            Self::Superseded => "superseded",
        }
    }

    /// Returns advice for the operator.
    #[must_use]
    pub const fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::AccessDenied => "grant this process the right to use the key",
            Self::NotFound => "correct the name of the key, or create the key",
            Self::InvalidKey => "replace the key or correct its state",
            Self::Throttled => "retry later and call less often",
            Self::Unavailable => "retry; if it persists, check the key service and the connection to it",
            Self::InvalidResponse => "check the endpoint and any proxy in front of it",
            Self::Superseded => "check that the configured name refers to an enabled key",
        })
    }

    /// Returns whether the same call can succeed later without a change to the configuration or the key.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable => true,
            Self::AccessDenied | Self::NotFound | Self::InvalidKey | Self::InvalidResponse | Self::Superseded => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_contains_neither_hint_nor_source() {
        let error = KeyError::new(KeyErrorKind::Unavailable, "no answer")
            .with_hint("check the network")
            .with_source(std::io::Error::other("reset"));
        assert_eq!(error.to_string(), "no answer");
        assert_eq!(error.hint(), Some("check the network"));
        assert_eq!(error.source().unwrap().to_string(), "reset");
        assert!(error.clone().is_transient());
    }

    #[test]
    fn is_transient_only_for_throttled_and_unavailable() {
        use KeyErrorKind::*;
        let transient = |kind| KeyError::new(kind, "x").is_transient();
        assert!([Throttled, Unavailable].into_iter().all(transient));
        assert!(![AccessDenied, NotFound, InvalidKey, InvalidResponse, Superseded].into_iter().any(transient));
    }
}
