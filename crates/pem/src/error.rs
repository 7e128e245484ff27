use std::{error::Error, fmt, io, path::Path, sync::Arc};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};

use crate::printable::printable_path;

/// Why there is no key in a PEM text or file.
///
/// Neither the key nor the passphrase is in any message; the path of a file is, unless it looks like a pasted key.
#[derive(Clone, Debug)]
pub struct PemError {
    kind: PemErrorKind,
    file: Option<String>,
    source: Option<Arc<io::Error>>,
}

impl PemError {
    /// Which case it is.
    #[must_use]
    pub const fn kind(&self) -> PemErrorKind {
        self.kind
    }

    pub(crate) fn io(kind: PemErrorKind, source: io::Error) -> Self {
        Self { kind, file: None, source: Some(Arc::new(source)) }
    }

    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self { file: Some(printable_path(path).to_owned()), ..self }
    }
}

impl From<PemErrorKind> for PemError {
    fn from(kind: PemErrorKind) -> Self {
        Self { kind, file: None, source: None }
    }
}

impl fmt::Display for PemError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(formatter, "{}: {}", file, self.kind),
            None => self.kind.fmt(formatter),
        }
    }
}

impl Error for PemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<PemError> for KeyError {
    fn from(error: PemError) -> Self {
        Self::new(error.kind.key_error_kind(), "the signing key cannot be read; mend its PEM as the cause says")
            .with_source(error)
    }
}

/// What is wrong with a PEM text or file, case by case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PemErrorKind {
    /// No PEM block at all.
    #[error("there is no PEM block; give the text from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----")]
    NoPem,
    /// The key in binary form.
    #[error("this is DER, not PEM; convert it with `openssl pkey -inform DER`")]
    Der,
    /// UTF-16, as some Windows programs write it.
    #[error("this is UTF-16 text; save it as UTF-8")]
    Utf16,
    /// The public half.
    #[error("this is a public key; give the private key that belongs to it")]
    PublicKey,
    /// A certificate.
    #[error("this is a certificate; give the private key that belongs to it")]
    Certificate,
    /// A request for a certificate.
    #[error("this is a certificate signing request; give the private key that belongs to it")]
    CertificateRequest,
    /// An elliptic-curve key.
    #[error("this is an elliptic-curve (EC) key; RS256 needs an RSA key")]
    EcKey,
    /// An Ed25519, Ed448, X25519 or X448 key.
    #[error("this is an Edwards-curve key such as Ed25519; RS256 needs an RSA key")]
    EdwardsKey,
    /// A DSA key.
    #[error("this is a DSA key; RS256 needs an RSA key")]
    DsaKey,
    /// An RSA key that may sign RSASSA-PSS only.
    #[error("this RSA key is restricted to RSASSA-PSS; RS256 needs one of the plain type rsaEncryption")]
    RsaPssKey,
    /// The format of `ssh-keygen`.
    #[error("this is an OpenSSH key; convert a copy of it with `ssh-keygen -p -m PKCS8`")]
    OpenSshKey,
    /// An algorithm not named here.
    #[error("this is a key for another algorithm; RS256 needs an RSA key")]
    OtherAlgorithm,
    /// A PEM block not named here.
    #[error("this PEM block is no private key; give the one that begins with -----BEGIN PRIVATE KEY-----")]
    OtherLabel,
    /// An encrypted key, and no passphrase.
    #[error("the key is encrypted; give its passphrase")]
    PassphraseMissing,
    /// An encrypted key, in a build that cannot read one.
    #[error("the key is encrypted, which this build cannot read; turn on the feature `encrypted-pem`")]
    EncryptedPemDisabled,
    /// The passphrase does not open the key.
    #[error("the passphrase is wrong; give the one that the key was encrypted with")]
    WrongPassphrase,
    /// PBES1 or a cipher that is not supported.
    #[error("the key's encryption is not supported; encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc`")]
    UnsupportedEncryption,
    /// `Proc-Type: 4,ENCRYPTED`.
    #[error("the key has OpenSSL's legacy encryption; encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc`")]
    LegacyEncryption,
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
    /// A key of three or more primes.
    #[error("the key has more than two primes, which is not supported; make a usual RSA key")]
    MultiPrime,
    /// Several private keys.
    #[error("there is more than one private key; keep the one that is meant")]
    SeveralKeys,
    /// Numbers that do not belong together.
    #[error("the key's numbers contradict each other; copy it again from where it was made")]
    Inconsistent,
    /// Bytes after the end of the key, inside its block.
    #[error("there are bytes after the end of the key; copy it again from where it was made")]
    TrailingBytes,
    /// The end is missing.
    #[error("the key is cut off; copy it again up to and with its END line")]
    Truncated,
    /// Damage that is none of the above.
    #[error("the key is damaged; copy it again from where it was made")]
    Malformed,
    /// A key where a path belongs.
    #[error("this is the text of a key and not the path of a file; read it with `PemKey::from_pem`")]
    TextForPath,
    /// A path that can lead to no file.
    #[error(
        "this path leads to no file: it is too long, goes through a file, or its links run in a circle; correct it"
    )]
    InvalidPath,
    /// No such file.
    #[error("there is no such file; correct the path")]
    NotFound,
    /// A symbolic link that leads nowhere.
    #[error("this is a symbolic link to a file that does not exist; mend the link")]
    DanglingLink,
    /// A directory.
    #[error("this is a directory; give the path of the key file in it")]
    Directory,
    /// A FIFO, a socket or a device.
    #[error("this is not a regular file; write the key into one")]
    NotRegularFile,
    /// Over 64 KiB.
    #[error("the file is over 64 KiB, which no key is; correct the path")]
    FileTooLarge,
    /// Not readable for this process.
    #[error("this process may not read the file; grant its user the right to")]
    AccessDenied,
    /// Others than the owner may replace the key.
    #[error(
        "others than its owner may write the file (mode {mode:03o}); take that right away, for example with `chmod 600`"
    )]
    WritableByOthers {
        /// The permission bits of the file.
        mode: u32,
    },
    /// Others than the owner may read the key, which strict permissions forbid.
    #[error(
        "others than its owner may read the file (mode {mode:03o}); take that right away, for example with `chmod 600`"
    )]
    ReadableByOthers {
        /// The permission bits of the file.
        mode: u32,
    },
    /// The operating system failed to read.
    #[error("the file cannot be read; see the cause")]
    Unreadable,
    /// The random generator or a thread is not to be had.
    #[error("the operating system gives no randomness or no thread; check its limits")]
    System,
}

impl PemErrorKind {
    const fn key_error_kind(self) -> KeyErrorKind {
        match self {
            Self::NotFound | Self::DanglingLink | Self::Directory | Self::InvalidPath | Self::TextForPath => {
                KeyErrorKind::NotFound
            }
            Self::AccessDenied
            | Self::WritableByOthers { .. }
            | Self::ReadableByOthers { .. }
            | Self::PassphraseMissing
            | Self::WrongPassphrase => KeyErrorKind::AccessDenied,
            Self::Unreadable | Self::System => KeyErrorKind::Unavailable,
            _ => KeyErrorKind::InvalidKey,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_and_a_pasted_key_is_not() {
        let shown = PemError::from(PemErrorKind::NotFound).in_file(Path::new("/etc/key.pem"));
        assert_eq!(shown.to_string(), "/etc/key.pem: there is no such file; correct the path");
        let token = PemError::from(PemErrorKind::NotFound).in_file(Path::new("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"));
        assert!(!token.to_string().contains("eyJ"));
        let ed25519 = "MC4CAQAwBQYDK2VwBCIEIMIIEsZ3vMIIEQQQQQQQQQQQQQQQQQQQQrn9g";
        for pasted in ["-----BEGIN PRIVATE KEY-----MIIE", "MIIE\nMIIE", &"MIIE/".repeat(60), ed25519] {
            let hidden = PemError::from(PemErrorKind::NotFound).in_file(Path::new(pasted));
            assert!(!hidden.to_string().contains("MIIE"));
            assert!(!format!("{hidden:?}").contains("MIIE"));
        }
    }

    #[test]
    fn the_key_error_keeps_the_cause() {
        let error = KeyError::from(PemError::from(PemErrorKind::EcKey));
        assert_eq!(error.kind(), KeyErrorKind::InvalidKey);
        assert_eq!(error.source().unwrap().to_string(), PemErrorKind::EcKey.to_string());
    }
}
