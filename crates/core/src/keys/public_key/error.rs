/// Why something is not a public key that Cobrowse tokens could be verified with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// Not PEM at all.
    #[error("this is no PEM text; give the block from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----")]
    NotPem,
    /// A private key where a public one belongs.
    #[error("this is a private key; give the public key, and keep the private one out of here")]
    PrivateKey,
    /// A PEM block with another label.
    #[error("this PEM block is no public key; give the block that begins with -----BEGIN PUBLIC KEY-----")]
    WrongLabel,
    /// DER that is not exactly one `SubjectPublicKeyInfo`.
    #[error("the public key is damaged or has bytes after its end; copy it again")]
    Malformed,
    /// An algorithm other than rsaEncryption.
    #[error("the public key is not a plain RSA key (rsaEncryption); RS256 needs one")]
    NotRsa,
    /// A modulus of less than 2048 bits.
    #[error("the key has {bits} bits; RS256 needs at least 2048")]
    TooSmall {
        /// The size of the modulus in bits.
        bits: usize,
    },
    /// A modulus of more than 8192 bits.
    #[error("the key has {bits} bits; at most 8192 are supported")]
    TooLarge {
        /// The size of the modulus in bits.
        bits: usize,
    },
    /// A public exponent that is even, 1, or over 33 bits.
    #[error("the key's public exponent is not supported; make a key with the usual 65537")]
    UnsupportedExponent,
    /// A modulus that no RSA key has.
    #[error("the public key's numbers are no RSA key; copy it again")]
    Inconsistent,
    /// JSON that is not an RSA JWK for signatures.
    #[error("this is no JWK of an RSA public key for RS256 signatures; give one with the members kty, n and e")]
    NotRsaJwk,
}
