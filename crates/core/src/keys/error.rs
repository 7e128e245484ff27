use std::{borrow::Cow, error::Error, fmt, sync::Arc};

/// Why there is no key or no signature.
///
/// Any crate can build one: pick the [`KeyErrorKind`] whose advice fits, write one sentence that tells the reader what to mend,
/// and attach the cause. Neither the sentence nor any cause may contain key material, a token, a PIN, a passphrase, an AWS
/// account id or an ARN: all of them end up in logs.
///
/// ```
/// use cobrowse_jwt_core::{KeyError, KeyErrorKind};
///
/// let cause = std::io::Error::other("connection reset");
/// let error = KeyError::new(KeyErrorKind::Unavailable, "the HSM does not answer; check its network").with_source(cause);
/// assert!(error.is_transient());
/// ```
#[derive(Clone, Debug)]
pub struct KeyError {
    kind: KeyErrorKind,
    message: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl KeyError {
    /// An error of this kind with one sentence for people, which does not repeat its source.
    #[must_use]
    pub fn new(kind: KeyErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Attaches the cause.
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// What to do about it.
    #[must_use]
    pub const fn kind(&self) -> KeyErrorKind {
        self.kind
    }

    /// Whether the same call can succeed later without anybody mending anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self.kind {
            KeyErrorKind::Throttled | KeyErrorKind::Unavailable => true,
            KeyErrorKind::AccessDenied
            | KeyErrorKind::NotFound
            | KeyErrorKind::Unusable
            | KeyErrorKind::InvalidResponse
            | KeyErrorKind::Superseded => false,
        }
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

/// What the reader of a [`KeyError`] should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// Grant this process the right to use the key: file mode, IAM policy, PIN.
    AccessDenied,
    /// Correct the name of the key, or create it.
    NotFound,
    /// Replace the key, or mend its state: it exists but cannot sign RS256.
    Unusable,
    /// Try again later and call less often: the service limits the rate.
    Throttled,
    /// Try again: the service or the way to it is down.
    Unavailable,
    /// Look into what answers: the answer was not from this key, or not as its protocol says.
    InvalidResponse,
    /// Ask the source again: this key is gone. The minter has done so once by the time you see it.
    Superseded,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_in_the_chain_and_not_in_the_sentence() {
        let error = KeyError::new(KeyErrorKind::Unavailable, "try again").with_source(std::io::Error::other("reset"));
        assert_eq!(error.to_string(), "try again");
        assert_eq!(error.source().unwrap().to_string(), "reset");
        assert!(error.clone().is_transient());
    }

    #[test]
    fn only_what_passes_by_itself_is_transient() {
        use KeyErrorKind::*;
        let transient = |kind| KeyError::new(kind, "x").is_transient();
        assert!([Throttled, Unavailable].into_iter().all(transient));
        assert!(![AccessDenied, NotFound, Unusable, InvalidResponse, Superseded].into_iter().any(transient));
    }
}
