use std::borrow::Cow;

use cobrowse_jwt_core::KeyError;

/// Reports why a string is not a key URI or why its key cannot be opened. Never contains the string, which can be a pasted key.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyUriError {
    /// A private key in place of its URI. Treat the key as leaked if the text was logged or committed.
    #[error("expected a key URI, found a private key")]
    PrivateKeyInUri,
    /// A PIN in the URI (RFC 7512, `pin-value`).
    #[error("key URI contains a PIN")]
    PinInUri,
    /// The string does not follow the syntax of its scheme.
    #[error("{message}")]
    Invalid {
        /// What is wrong, in lower case.
        message: Cow<'static, str>,
        /// The expected syntax.
        hint: &'static str,
    },
    /// The scheme is not registered.
    #[error("unknown key URI scheme")]
    UnknownScheme,
    /// The scheme needs a feature that is disabled.
    #[error("key URI scheme needs the feature `{feature}`")]
    FeatureDisabled {
        /// The feature of `cobrowse-jwt`.
        feature: &'static str,
    },
    /// The name to register is not a scheme (RFC 3986, section 3.1) of two or more characters.
    #[error("invalid URI scheme")]
    InvalidScheme,
    /// The scheme is already registered.
    #[error("key URI scheme is already registered")]
    DuplicateScheme,
    /// The URI is valid, but its key cannot be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl KeyUriError {
    pub(super) const SCHEMES: &str = "use a path, file:, env:, awskms:, hashivault: or pkcs11:";

    pub(super) const fn invalid(message: &'static str, hint: &'static str) -> Self {
        Self::Invalid { message: Cow::Borrowed(message), hint }
    }

    /// Returns a stable name in kebab case, for programs; for [`KeyUriError::Key`] the name of its kind.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::PrivateKeyInUri => "private-key-in-uri",
            Self::PinInUri => "pin-in-uri",
            Self::Invalid { .. } => "invalid-key-uri",
            Self::UnknownScheme => "unknown-scheme",
            Self::FeatureDisabled { .. } => "feature-disabled",
            Self::InvalidScheme => "invalid-scheme",
            Self::DuplicateScheme => "duplicate-scheme",
            Self::Key(error) => error.id(),
        }
    }

    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::PrivateKeyInUri => "write the key to a file and use its path",
            Self::PinInUri => "remove the PIN from the URI",
            Self::Invalid { hint, .. } => hint,
            Self::UnknownScheme => Self::SCHEMES,
            Self::FeatureDisabled { .. } => "enable this feature of cobrowse-jwt",
            Self::InvalidScheme => "start with a letter, then use one or more letters, digits, `+`, `-` or `.`",
            Self::DuplicateScheme => "register each scheme once",
            Self::Key(error) => return error.hint(),
        })
    }

    /// Returns whether the same call can succeed later without a change to the configuration or the key.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Key(error) => error.is_transient(),
            _ => false,
        }
    }
}
