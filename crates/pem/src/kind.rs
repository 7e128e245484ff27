use cobrowse_jwt_core::KeyErrorKind;

/// Classifies a [`PemError`](crate::PemError) by what the caller should do. The message has the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PemErrorKind {
    /// Create the file or correct the path: the file does not exist, or a symbolic link is broken.
    NotFound,
    /// Correct the path: it names a directory, a device or a file over 64 KiB, or is the text of a key.
    InvalidPath,
    /// Grant this process read access to the file.
    PermissionDenied,
    /// Restrict who can read or replace the file: its mode, owner or directory is not safe.
    InsecurePermissions,
    /// Convert the key to PEM: the text has no PEM block.
    NotPem,
    /// Use the private key: this is a public key, a certificate or another PEM block.
    NotPrivateKey,
    /// Use an RSA key of 2048 to 8192 bits in PKCS#8 or PKCS#1: the algorithm, size or format is not supported.
    UnsupportedKey,
    /// Copy the key again: it is damaged, inconsistent or not the only private key in the text.
    InvalidKey,
    /// Give the passphrase: the key is encrypted.
    MissingPassphrase,
    /// Give the passphrase that the key was encrypted with.
    WrongPassphrase,
    /// Encrypt the key again, or enable the feature `encrypted-pem`: this encryption is not supported.
    UnsupportedEncryption,
    /// Retry: the operating system failed to read the file, or has no randomness, memory or thread.
    Io,
}

impl PemErrorKind {
    /// Returns a stable name for programs, in kebab case.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::InvalidPath => "invalid-path",
            Self::PermissionDenied => "permission-denied",
            Self::InsecurePermissions => "insecure-permissions",
            Self::NotPem => "not-pem",
            Self::NotPrivateKey => "not-private-key",
            Self::UnsupportedKey => "unsupported-key",
            Self::InvalidKey => "invalid-key",
            Self::MissingPassphrase => "missing-passphrase",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::UnsupportedEncryption => "unsupported-encryption",
            Self::Io => "io",
        }
    }

    /// Returns whether the same call can succeed later without a change to the file or the configuration.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Io)
    }

    pub(crate) const fn key_error_kind(self) -> KeyErrorKind {
        match self {
            Self::NotFound | Self::InvalidPath => KeyErrorKind::NotFound,
            Self::PermissionDenied | Self::InsecurePermissions | Self::MissingPassphrase | Self::WrongPassphrase => {
                KeyErrorKind::AccessDenied
            }
            Self::NotPem
            | Self::NotPrivateKey
            | Self::UnsupportedKey
            | Self::InvalidKey
            | Self::UnsupportedEncryption => KeyErrorKind::InvalidKey,
            Self::Io => KeyErrorKind::Unavailable,
        }
    }
}
