use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::{self, SystemRandom},
    rsa,
    signature::RSA_PKCS1_SHA256,
};
use cobrowse_jwt_core::{
    KeyError, KeyErrorKind, KeySource, PublicKey, Signature, SigningInput, SigningKey, async_trait,
};
use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use crate::{PemError, der, problem::Problem, text};

/// A private key in this process: a [`KeySource`] of one key that never changes.
///
/// The key is parsed once, when it is loaded, and then signs and verifies once, so that the first token does not take longer than the
/// others. Signing takes 0.4 to 0.7 ms for 2048 bits, on the caller's thread. Cheap to clone; the key is wiped from memory when the last
/// clone is dropped.
///
/// ```
/// use cobrowse_jwt_pem::{PemKey, RsaKeySize};
///
/// let key = PemKey::generate(RsaKeySize::Rsa2048)?;
/// let again = PemKey::from_pem(key.to_pkcs8_pem()?.as_bytes())?;
/// assert_eq!(key.public_key(), again.public_key());
/// # Ok::<(), cobrowse_jwt_pem::PemError>(())
/// ```
#[derive(Clone)]
pub struct PemKey(Arc<Pair>);

/// The size of a generated key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RsaKeySize {
    /// 2048 bits: the fastest, and the size of most accounts' keys.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits: the size that the Cobrowse dashboard generates.
    Rsa4096,
    /// 8192 bits: far slower to generate and to sign with.
    Rsa8192,
}

impl PemKey {
    /// Loads the only unencrypted private key in the text: PKCS#8 (`BEGIN PRIVATE KEY`, RFC 5958) or PKCS#1 (`BEGIN RSA PRIVATE KEY`, RFC
    /// 8017), of 2048 to 8192 bits.
    ///
    /// Tolerates CRLF, a byte order mark, indentation, a missing final newline, line breaks written as `\n`, quotes around the text, and
    /// other text and public blocks before and after the key.
    ///
    /// # Errors
    ///
    /// A [`PemError`] whose kind says what the caller should do.
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self, PemError> {
        let block = text::private_key_block(text.as_ref())?;
        Pair::new(der::key_pair(&block)?).map(Self::from)
    }

    /// Loads a key as [`PemKey::from_pem`] does, or decrypts PKCS#8 that is encrypted with PBES2 (RFC 8018): AES or triple DES, with PBKDF2 of
    /// at most 2,000,000 iterations, or scrypt of at most 256 MiB, and 1 GiB over all passes. An unencrypted key does not use the
    /// passphrase.
    ///
    /// **Blocks** the thread while it derives the key, up to some seconds.
    ///
    /// # Errors
    ///
    /// A [`PemError`] whose kind says what the caller should do.
    #[cfg(feature = "encrypted-pem")]
    pub fn from_encrypted_pem(text: impl AsRef<[u8]>, passphrase: &crate::Passphrase) -> Result<Self, PemError> {
        let block = text::private_key_block(text.as_ref())?;
        Pair::new(crate::encrypted::key_pair(&block, passphrase)?).map(Self::from)
    }

    /// Generates a key. Takes a fraction of a second for 2048 bits, and many seconds for 8192.
    ///
    /// # Errors
    ///
    /// [`PemErrorKind::Io`](crate::PemErrorKind::Io).
    pub fn generate(size: RsaKeySize) -> Result<Self, PemError> {
        let size = match size {
            RsaKeySize::Rsa2048 => rsa::KeySize::Rsa2048,
            RsaKeySize::Rsa3072 => rsa::KeySize::Rsa3072,
            RsaKeySize::Rsa4096 => rsa::KeySize::Rsa4096,
            RsaKeySize::Rsa8192 => rsa::KeySize::Rsa8192,
        };
        let pair = rsa::KeyPair::generate(size).map_err(|_| Problem::NoRandomness)?;
        let public = der::public_key(&pair)?;
        Pair::new((pair, public)).map(Self::from)
    }

    /// Returns the key as unencrypted PKCS#8 PEM, in memory that is wiped when it is dropped.
    ///
    /// # Errors
    ///
    /// [`PemErrorKind::Io`](crate::PemErrorKind::Io) if the process is out of memory.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, PemError> {
        let der = self.0.pair.as_der().map_err(|_| Problem::Encode)?;
        let pem = pem_rfc7468::encode_string("PRIVATE KEY", LineEnding::LF, der.as_ref());
        Ok(Zeroizing::new(pem.map_err(|_| Problem::Encode)?))
    }

    /// Returns the key as PKCS#8 PEM that is encrypted with the passphrase (PBES2, RFC 8018): AES-256-CBC, and scrypt with N = 2^14, r = 8
    /// and p = 5. OpenSSL 1.1 and later can read it. Takes about 0.2 seconds.
    ///
    /// # Errors
    ///
    /// [`PemErrorKind::Io`](crate::PemErrorKind::Io) if the operating system has no randomness or memory left.
    #[cfg(feature = "encrypted-pem")]
    pub fn to_encrypted_pkcs8_pem(&self, passphrase: &crate::Passphrase) -> Result<Zeroizing<String>, PemError> {
        let der = self.0.pair.as_der().map_err(|_| Problem::Encode)?;
        crate::encrypted::encrypt(der.as_ref(), passphrase)
    }

    /// Returns the public key, for the Cobrowse dashboard.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public
    }
}

#[async_trait]
impl KeySource for PemKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(Arc::clone(&self.0) as _)
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.signing_key().await
    }
}

impl From<Pair> for PemKey {
    fn from(pair: Pair) -> Self {
        Self(Arc::new(pair))
    }
}

impl fmt::Debug for PemKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PemKey").field(&self.0.public).finish()
    }
}

struct Pair {
    pair: rsa::KeyPair,
    public: PublicKey,
}

impl Pair {
    /// Signs once and verifies the signature: AWS-LC seeds its generator at the first random number and prepares a key at its first
    /// signature, and a key that cannot sign must not load.
    fn new((pair, public): (rsa::KeyPair, PublicKey)) -> Result<Self, PemError> {
        rand::fill(&mut [0; 1]).map_err(|_| Problem::NoRandomness)?;
        let pair = Self { pair, public };
        let input = SigningInput::new(b"first signature of a key");
        let signature = pair.sign_now(&input).map_err(|_| Problem::Inconsistent)?;
        if pair.public.verify(&input, &signature) { Ok(pair) } else { Err(Problem::Inconsistent.into()) }
    }

    fn sign_now(&self, input: &SigningInput<'_>) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        match self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.message(), &mut signature) {
            Ok(()) => Ok(signature),
            Err(_) => Err(KeyError::new(KeyErrorKind::InvalidKey, "RSA signing failed")),
        }
    }
}

#[async_trait]
impl SigningKey for Pair {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        self.sign_now(input).map(Signature::self_checked)
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PemKey").field(&self.public).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_pem_reads_what_to_pkcs8_pem_returns() {
        for (size, bits) in [(RsaKeySize::Rsa2048, 2048), (RsaKeySize::Rsa3072, 3072)] {
            let key = PemKey::generate(size).unwrap();
            assert_eq!(key.public_key().bits(), bits);
            let pem = key.to_pkcs8_pem().unwrap();
            assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
            assert_eq!(PemKey::from_pem(&*pem).unwrap().public_key(), key.public_key());
        }
    }

    #[cfg(feature = "encrypted-pem")]
    #[test]
    fn from_encrypted_pem_with_wrong_passphrase_returns_error() {
        use crate::Passphrase;
        let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        let passphrase = Passphrase::new("correct horse battery staple");
        let pem = key.to_encrypted_pkcs8_pem(&passphrase).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert_eq!(PemKey::from_encrypted_pem(&*pem, &passphrase).unwrap().public_key(), key.public_key());
        let wrong = PemKey::from_encrypted_pem(&*pem, &Passphrase::new("a wrong one"));
        assert_eq!(wrong.unwrap_err().problem(), Problem::WrongPassphrase);
        assert_ne!(*key.to_encrypted_pkcs8_pem(&passphrase).unwrap(), *pem, "each has its own salt");
    }

    #[test]
    fn debug_shows_only_the_public_key() {
        let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        let source = format!("{key:?}");
        let snapshot = format!("{:?}", pollster::block_on(key.signing_key()).unwrap());
        assert_eq!(source, format!("PemKey({:?})", key.public_key()));
        assert_eq!(snapshot, source);
    }
}
