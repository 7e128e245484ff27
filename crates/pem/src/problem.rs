//! The message, the hint and the kind of every error, in one table.

use crate::PemErrorKind;

/// A case of [`PemError`](crate::PemError).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(not(feature = "encrypted-pem"), expect(dead_code, reason = "decryption returns some of them"))]
pub(crate) enum Problem {
    #[error("no such file")]
    NotFound,
    #[error("broken symbolic link")]
    BrokenSymlink,

    #[error("expected a path, found PEM text")]
    KeyInsteadOfPath,
    #[error("invalid path (too long, not a directory, or a symlink loop)")]
    InvalidPath,
    #[error("path is a directory")]
    Directory,
    #[error("not a regular file")]
    NotRegularFile,
    #[error("file exceeds 64 KiB")]
    FileTooLarge,

    #[error("permission denied")]
    PermissionDenied,

    #[error("file is group- or world-writable (mode {mode:04o})")]
    WritableByOthers { mode: u32 },
    #[error("file is group- or world-readable (mode {mode:04o})")]
    ReadableByOthers { mode: u32 },
    #[error("file is owned by another user (uid {owner})")]
    ForeignOwner { owner: u32 },
    #[error("directory is world-writable without the sticky bit (mode {mode:04o})")]
    WorldWritableDirectory { mode: u32 },

    #[error("no PEM block found")]
    NoBlock,
    #[error("expected PEM, found DER")]
    Der,
    #[error("expected UTF-8, found UTF-16")]
    Utf16,

    #[error("expected a private key, found a public key")]
    PublicKey,
    #[error("expected a private key, found a certificate")]
    Certificate,
    #[error("expected a private key, found a certificate signing request")]
    CertificateRequest,
    #[error("unexpected PEM label")]
    UnexpectedLabel,

    #[error("expected an RSA key, found an elliptic-curve key")]
    EcKey,
    #[error("expected an RSA key, found an Edwards-curve key")]
    EdwardsKey,
    #[error("expected an RSA key, found a DSA key")]
    DsaKey,
    #[error("expected an RSA key, found an unsupported algorithm")]
    UnsupportedAlgorithm,
    #[error("RSA key is restricted to RSASSA-PSS")]
    RsaPssKey,
    #[error("expected PKCS#8, found an OpenSSH key")]
    OpenSshKey,
    #[error("RSA key has {bits} bits; expected at least 2048")]
    TooSmall { bits: usize },
    #[error("RSA key has {bits} bits; expected at most 8192")]
    TooLarge { bits: usize },
    #[error("unsupported RSA public exponent")]
    UnsupportedExponent,
    #[error("multi-prime RSA keys are not supported")]
    MultiPrime,

    #[error("found more than one private key")]
    MultipleKeys,
    #[error("inconsistent RSA key components")]
    Inconsistent,
    #[error("embedded public key does not belong to the private key")]
    PublicKeyMismatch,
    #[error("trailing data after the key")]
    TrailingData,
    #[error("truncated PEM")]
    Truncated,
    #[error("malformed key")]
    Malformed,

    #[error("missing passphrase for an encrypted key")]
    MissingPassphrase,
    #[error("wrong passphrase")]
    WrongPassphrase,

    #[error("encrypted keys are not supported by this build")]
    EncryptionDisabled,
    #[error("unsupported key encryption")]
    UnsupportedEncryption,
    #[error(
        "key derivation exceeds 2,000,000 iterations, 256 MiB of memory, or 1 GiB of memory over all scrypt passes"
    )]
    ExpensiveDerivation,
    #[error("legacy OpenSSL key encryption is not supported")]
    LegacyEncryption,

    #[error("failed to read the file")]
    Read,
    #[error("failed to get random bytes")]
    NoRandomness,
    #[error("failed to encode the key")]
    Encode,
    #[error("failed to spawn a thread")]
    NoThread,
    #[error("thread panicked")]
    Panicked,
}

impl Problem {
    pub(crate) const fn kind(self) -> PemErrorKind {
        match self {
            Self::NotFound | Self::BrokenSymlink => PemErrorKind::NotFound,
            Self::KeyInsteadOfPath
            | Self::InvalidPath
            | Self::Directory
            | Self::NotRegularFile
            | Self::FileTooLarge => PemErrorKind::InvalidPath,
            Self::PermissionDenied => PemErrorKind::PermissionDenied,
            Self::WritableByOthers { .. }
            | Self::ReadableByOthers { .. }
            | Self::ForeignOwner { .. }
            | Self::WorldWritableDirectory { .. } => PemErrorKind::InsecurePermissions,
            Self::NoBlock | Self::Der | Self::Utf16 => PemErrorKind::NotPem,
            Self::PublicKey | Self::Certificate | Self::CertificateRequest | Self::UnexpectedLabel => {
                PemErrorKind::NotPrivateKey
            }
            Self::EcKey
            | Self::EdwardsKey
            | Self::DsaKey
            | Self::UnsupportedAlgorithm
            | Self::RsaPssKey
            | Self::OpenSshKey
            | Self::TooSmall { .. }
            | Self::TooLarge { .. }
            | Self::UnsupportedExponent
            | Self::MultiPrime => PemErrorKind::UnsupportedKey,
            Self::MultipleKeys
            | Self::Inconsistent
            | Self::PublicKeyMismatch
            | Self::TrailingData
            | Self::Truncated
            | Self::Malformed => PemErrorKind::InvalidKey,
            Self::MissingPassphrase => PemErrorKind::MissingPassphrase,
            Self::WrongPassphrase => PemErrorKind::WrongPassphrase,
            Self::EncryptionDisabled
            | Self::UnsupportedEncryption
            | Self::ExpensiveDerivation
            | Self::LegacyEncryption => PemErrorKind::UnsupportedEncryption,
            Self::Read | Self::NoRandomness | Self::Encode | Self::NoThread | Self::Panicked => PemErrorKind::Io,
        }
    }

    pub(crate) const fn hint(self) -> &'static str {
        const COPY: &str = "copy the file again from where it was generated";
        const GENERATE: &str =
            "generate a key with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem`";
        const ENCRYPT: &str =
            "encrypt the key again with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in old.pem -out key.pem`";
        const LIMITS: &str = "check the limits of the process for memory, threads and open files";
        match self {
            Self::NotFound | Self::FileTooLarge | Self::NotRegularFile | Self::InvalidPath => "check the path",
            Self::BrokenSymlink => "correct the target of the link",
            Self::KeyInsteadOfPath => "give the path of the key file",
            Self::Directory => "give the path of the key file in the directory",
            Self::PermissionDenied => "grant the user of this process read access to the file",
            Self::WritableByOthers { .. } | Self::ReadableByOthers { .. } => "run `chmod 600` on the file",
            Self::ForeignOwner { .. } => "change the owner of the file, or allow a foreign owner for a bind mount",
            Self::WorldWritableDirectory { .. } => "run `chmod go-w` on the directory",
            Self::NoBlock => "give the text from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----",
            Self::Der => "convert the key with `openssl pkey -inform DER`",
            Self::Utf16 => "save the key as UTF-8",
            Self::PublicKey | Self::Certificate | Self::CertificateRequest => "use the private key that belongs to it",
            Self::UnexpectedLabel => "use the block that begins with -----BEGIN PRIVATE KEY-----",
            Self::EcKey
            | Self::EdwardsKey
            | Self::DsaKey
            | Self::UnsupportedAlgorithm
            | Self::RsaPssKey
            | Self::TooSmall { .. }
            | Self::TooLarge { .. }
            | Self::UnsupportedExponent
            | Self::MultiPrime => GENERATE,
            Self::OpenSshKey => "convert a copy of the key with `ssh-keygen -p -m PKCS8 -f <copy>`",
            Self::MultipleKeys => "remove the other private keys",
            Self::Inconsistent | Self::PublicKeyMismatch | Self::TrailingData | Self::Truncated | Self::Malformed => {
                COPY
            }
            Self::MissingPassphrase => "set the passphrase, for example with COBROWSE_PASSPHRASE_FILE",
            Self::WrongPassphrase => "give the passphrase that the key was encrypted with",
            Self::EncryptionDisabled => "enable the feature `encrypted-pem`",
            Self::UnsupportedEncryption | Self::ExpensiveDerivation | Self::LegacyEncryption => ENCRYPT,
            Self::NoRandomness | Self::Encode | Self::NoThread => LIMITS,
            Self::Panicked => "see the message of the panic on stderr",
            Self::Read => "check the disk or network file system, and the limit of open files",
        }
    }
}
