use cobrowse_jwt_core::KeyError;

/// Reports why a string is not a key URI or why its key cannot be opened. Never contains the string: people paste keys.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyUriError {
    /// An empty string.
    #[error("key URI is empty")]
    Empty,
    /// A private key in place of its URI.
    #[error("expected a URI, found a private key")]
    PrivateKeyInUri,
    /// A scheme that is not registered.
    #[error("unknown key URI scheme")]
    UnknownScheme,
    /// A scheme whose feature is disabled.
    #[error("key URI scheme needs the feature `{feature}`")]
    FeatureDisabled {
        /// The feature of `cobrowse-jwt`.
        feature: &'static str,
    },
    /// Not a scheme (RFC 3986, section 3.1).
    #[error("invalid URI scheme")]
    InvalidScheme,
    /// A `file:` URI with a host, a query, a fragment or an invalid escape.
    #[error("file: URI is not a local path")]
    InvalidFile,
    /// An `env:` URI that is not the name of a variable.
    #[error("invalid variable name")]
    InvalidVariable,
    /// An `awskms:` URI without a key id.
    #[error("missing key id")]
    MissingKeyId,
    /// An `awskms:` URI whose endpoint is not a host and an optional port.
    #[error("invalid endpoint")]
    InvalidEndpoint,
    /// The URI is valid, and its key cannot be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl KeyUriError {
    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Empty | Self::UnknownScheme => "use a path, file:, env: or awskms:",
            Self::PrivateKeyInUri => "write the key to a file and use its path",
            Self::FeatureDisabled { .. } => "enable the feature of cobrowse-jwt",
            Self::InvalidScheme => "use letters, digits, `+`, `-` and `.`, starting with a letter",
            Self::InvalidFile => "use file:///path/to/key.pem",
            Self::InvalidVariable => "use env: and a name of letters, digits and underscores",
            Self::MissingKeyId => {
                "put a third slash before it: awskms:///alias/name, or awskms://host:port/key for an endpoint"
            }
            Self::InvalidEndpoint => "use awskms://host:port/key, without credentials and query",
            Self::Key(error) => return error.hint(),
        })
    }
}
