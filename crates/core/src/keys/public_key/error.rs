/// Reports why text or DER is not a public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The text is not PEM.
    #[error("not PEM")]
    NotPem,
    /// The key is private.
    #[error("expected a public key, found a private key")]
    PrivateKey,
    /// The PEM block has another label.
    #[error("expected a PUBLIC KEY block")]
    WrongLabel,
    /// The DER is not exactly one `SubjectPublicKeyInfo`.
    #[error("malformed public key or trailing data")]
    Malformed,
    /// The algorithm is not `rsaEncryption`.
    #[error("public key is not an RSA key (rsaEncryption)")]
    NotRsa,
    /// The modulus has less than 2048 bits.
    #[error("RSA key has {bits} bits; expected at least 2048")]
    TooSmall {
        /// The size of the modulus in bits.
        bits: usize,
    },
    /// The modulus has more than 8192 bits.
    #[error("RSA key has {bits} bits; expected at most 8192")]
    TooLarge {
        /// The size of the modulus in bits.
        bits: usize,
    },
    /// The public exponent is even, 1, or longer than 33 bits.
    #[error("unsupported public exponent")]
    UnsupportedExponent,
    /// The modulus is not one of an RSA key.
    #[error("invalid RSA modulus or exponent")]
    InvalidComponents,
    /// The JSON is not a JWK of an RSA public key for RS256.
    #[error("not an RSA public JWK for RS256")]
    NotRsaJwk,
}

impl PublicKeyError {
    /// Returns a stable name in kebab case, for programs.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::NotPem => "not-pem",
            Self::PrivateKey => "private-key",
            Self::WrongLabel => "wrong-label",
            Self::Malformed => "malformed",
            Self::NotRsa => "not-rsa",
            Self::TooSmall { .. } => "too-small",
            Self::TooLarge { .. } => "too-large",
            Self::UnsupportedExponent => "unsupported-exponent",
            Self::InvalidComponents => "invalid-components",
            Self::NotRsaJwk => "not-rsa-jwk",
        }
    }

    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotPem | Self::WrongLabel => {
                "give the text from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----"
            }
            Self::PrivateKey => "give the public key; do not copy the private key to other places",
            Self::Malformed | Self::InvalidComponents => "copy the key again from where it was generated",
            Self::NotRsa | Self::TooSmall { .. } | Self::TooLarge { .. } | Self::UnsupportedExponent => {
                "use an RSA key of 2048 to 8192 bits with the exponent 65537"
            }
            Self::NotRsaJwk => "give a JWK with the members kty, n and e",
        })
    }
}
