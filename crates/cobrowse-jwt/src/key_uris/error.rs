use cobrowse_jwt_core::KeyError;

/// Why a string opens no key. Never contains the string.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyUriError {
    /// An empty string.
    #[error("the key URI is empty; write a path, file:, env: or awskms:")]
    Empty,
    /// A key where its name belongs.
    #[error("this is a key and not the name of one; write it to a file and give the path")]
    PastedKey,
    /// A scheme that nobody has added.
    #[error("the key URI's scheme is not known; write a path, file:, env: or awskms:")]
    UnknownScheme,
    /// A scheme whose feature is not turned on.
    #[error("this build has no key source for the URI's scheme; turn on the feature `{feature}` of cobrowse-jwt")]
    FeatureDisabled {
        /// The feature of `cobrowse-jwt`.
        feature: &'static str,
    },
    /// `pkcs11:`
    #[error("this version has no key source for pkcs11:; use file:, env: or awskms:")]
    NoPkcs11,
    /// Not a scheme by RFC 3986.
    #[error("this is no URI scheme; use letters, digits, `+`, `-` and `.`, beginning with a letter")]
    InvalidScheme,
    /// A `file:` URI with a host, a query or a broken escape.
    #[error("the file: URI is not one of a local path; write file:///path/of/key.pem")]
    InvalidFile,
    /// An `env:` URI that is not a name.
    #[error("the env: URI does not name a variable; write env: and the name")]
    InvalidVariable,
    /// An `awskms:` URI without a key, as other tools write it.
    #[error(
        "the awskms: URI names no key; put a third slash before the key: awskms:///alias/name, or awskms://host:port/key for an endpoint"
    )]
    MissingKmsKey,
    /// An `awskms:` URI with an endpoint that is none.
    #[error(
        "the awskms: URI's endpoint is not host or host:port; write awskms://host:port/key without credentials and query"
    )]
    InvalidEndpoint,
    /// The key was named well, and cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}
