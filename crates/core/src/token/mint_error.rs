use crate::keys::KeyError;

/// Reports why a token was not minted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The key source or the signing key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The source's key is not registered, so Cobrowse would refuse the token.
    #[error("signing key {found} is not a registered key")]
    UnregisteredKey {
        /// The thumbprint of the source's key (RFC 7638).
        found: String,
    },
    /// The system clock is before 1970.
    #[error("system clock is before 1970")]
    ClockBeforeEpoch,
    /// The expiry is after the year 5138, where seconds and milliseconds cannot be distinguished.
    #[error("token would expire after the year 5138")]
    ExpiryOutOfRange,
    /// The token would be longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("token would have {bytes} bytes, over the limit of 65,536")]
    TooLong {
        /// The length of the token in bytes.
        bytes: usize,
    },
    /// The claims cannot be represented as JSON.
    #[error("failed to serialize claims")]
    Json(#[source] serde_json::Error),
}

impl MintError {
    /// Returns a stable name in kebab case, for programs; for [`MintError::Key`] that of the kind.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Key(error) => error.id(),
            Self::UnregisteredKey { .. } => "unregistered-key",
            Self::ClockBeforeEpoch => "clock-before-epoch",
            Self::ExpiryOutOfRange => "expiry-out-of-range",
            Self::TooLong { .. } => "token-too-long",
            Self::Json(_) => "invalid-json",
        }
    }

    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Key(error) => error.hint(),
            Self::UnregisteredKey { .. } => Some(
                "if you did not replace this key, find out who did; otherwise register its public key in the Cobrowse dashboard under Settings > Integrations > JWT SSO",
            ),
            Self::ClockBeforeEpoch => Some("set the system clock"),
            Self::ExpiryOutOfRange => Some("set the system clock or use a shorter lifetime"),
            Self::TooLong { .. } => Some("use a smaller policy"),
            Self::Json(_) => Some("check the raw policy for a number that JSON cannot represent"),
        }
    }

    /// Returns whether the same call can succeed later without a change to the configuration or the key.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Key(error) => error.is_transient(),
            _ => false,
        }
    }

    pub(super) fn unregistered_thumbprint(&self) -> Option<&str> {
        if let Self::UnregisteredKey { found } = self { Some(found) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyErrorKind;

    #[test]
    fn key_error_keeps_its_id_hint_and_transience() {
        for kind in [KeyErrorKind::Unavailable, KeyErrorKind::NotFound] {
            let error = MintError::from(KeyError::new(kind, "x").with_hint("advice"));
            assert_eq!(
                (error.id(), error.hint(), error.is_transient()),
                (kind.id(), Some("advice"), kind.is_transient())
            );
        }
    }

    #[test]
    fn hint_of_unregistered_key_asks_for_the_cause_first() {
        let hint = MintError::UnregisteredKey { found: "x".into() }.hint().unwrap();
        assert!(hint.starts_with("if you did not replace this key, find out who did"), "{hint}");
    }
}
