//! Public keys: parsing, encoding and verification.

mod error;
mod jwk;
mod spki;

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    digest,
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

pub use error::PublicKeyError;

use super::SigningInput;

/// An RSA public key of 2048 to 8192 bits: the key registered in the Cobrowse dashboard, which verifies tokens.
///
/// Cheap to clone. Keys are equal if modulus and exponent are. Parses from PEM and formats as PEM, also for serde; JWK and DER have
/// methods of their own.
///
/// ```
/// use cobrowse_jwt_core::PublicKey;
///
/// # const PEM: &str = include_str!("../../../tests/data/public_key.pem");
/// let key: PublicKey = PEM.parse()?;
/// assert_eq!(key.bits(), 2048);
/// assert_eq!(PublicKey::from_jwk(&key.to_jwk())?, key);
/// # Ok::<(), cobrowse_jwt_core::PublicKeyError>(())
/// ```
#[derive(Clone)]
pub struct PublicKey(Arc<Parsed>);

struct Parsed {
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
    /// Big-endian, without leading zeros.
    exponent: Vec<u8>,
    bits: usize,
    thumbprint: String,
    spki: spki::Encoded,
    verifying: ParsedPublicKey,
}

impl PublicKey {
    /// The smallest modulus that is accepted, in bits (RFC 7518, section 3.3).
    pub const MIN_BITS: usize = 2048;
    /// The largest modulus that is accepted, in bits.
    pub const MAX_BITS: usize = 8192;

    /// Returns the key with the modulus `n` and the exponent `e`, big-endian. Leading zeros are ignored.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::TooSmall`], [`PublicKeyError::TooLarge`], [`PublicKeyError::UnsupportedExponent`] and
    /// [`PublicKeyError::InvalidComponents`].
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let (modulus, exponent) = (without_leading_zeros(modulus), without_leading_zeros(exponent));
        let bits = bits(modulus);
        match bits {
            0..Self::MIN_BITS => return Err(PublicKeyError::TooSmall { bits }),
            Self::MIN_BITS..=Self::MAX_BITS => {}
            _ => return Err(PublicKeyError::TooLarge { bits }),
        }
        if !is_supported_exponent(exponent) {
            return Err(PublicKeyError::UnsupportedExponent);
        }
        let (pkcs1, spki) = spki::encode(modulus, exponent).map_err(|_| PublicKeyError::InvalidComponents)?;
        // AWS-LC validates a key when it parses DER, but not when it gets components.
        let verifying =
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pkcs1).map_err(|_| PublicKeyError::InvalidComponents)?;
        Ok(Self(Arc::new(Parsed {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
            bits,
            thumbprint: thumbprint(modulus, exponent),
            spki,
            verifying,
        })))
    }

    /// Returns the size of the modulus in bits, from 2048 to 8192.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.0.bits
    }

    /// Returns the SHA-256 thumbprint in base64url (RFC 7638), which is used as key id. Computed once, on creation.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }

    /// Returns whether this is an RS256 signature of the input by this key, with exactly the length of the modulus (RFC 8017, section
    /// 8.2.2).
    #[must_use]
    pub fn verify(&self, input: &SigningInput<'_>, signature: &[u8]) -> bool {
        self.0.verifying.verify_sig(input.message(), signature).is_ok()
    }

    /// Returns the length of the modulus, and so of every signature, in bytes.
    pub(crate) fn modulus_len(&self) -> usize {
        self.0.modulus.len()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.modulus == other.0.modulus && self.0.exponent == other.0.exponent)
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PublicKey")
            .field("bits", &self.0.bits)
            .field("thumbprint", &self.0.thumbprint)
            .finish_non_exhaustive()
    }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    &bytes[zeros..]
}

fn bits(modulus: &[u8]) -> usize {
    modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize)
}

/// Odd, and from 2 to 33 bits: AWS-LC limits the cost of a verification.
fn is_supported_exponent(exponent: &[u8]) -> bool {
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    odd && exponent != [1] && bits(exponent) <= 33
}

/// RFC 7638, section 3: the required members in lexicographic order, without white space.
fn thumbprint(modulus: &[u8], exponent: &[u8]) -> String {
    let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
    let jwk = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, jwk.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::TestKey;

    /// RFC 7638, section 3.1.
    #[test]
    fn thumbprint_is_that_of_rfc_7638() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn\
                 jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM\
                 QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz\
                 KnqDKgw";
        let key = PublicKey::from_components(&URL_SAFE_NO_PAD.decode(n).unwrap(), &[1, 0, 1]).unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(key.bits(), 2048);
    }

    #[test]
    fn from_components_with_other_size_returns_error() {
        let odd = |bits: usize| {
            let mut modulus = vec![0xff; bits.div_ceil(8)];
            modulus[0] = 0xff >> (modulus.len() * 8 - bits);
            PublicKey::from_components(&modulus, &[1, 0, 1])
        };
        assert_eq!(odd(2047).unwrap_err(), PublicKeyError::TooSmall { bits: 2047 });
        assert_eq!(odd(2048).unwrap().bits(), 2048);
        assert_eq!(odd(8192).unwrap().bits(), 8192);
        assert_eq!(odd(8193).unwrap_err(), PublicKeyError::TooLarge { bits: 8193 });
        assert_eq!(PublicKey::from_components(&[], &[3]).unwrap_err(), PublicKeyError::TooSmall { bits: 0 });
    }

    #[test]
    fn from_components_with_even_modulus_returns_error() {
        let mut modulus = [0xff; 256];
        modulus[255] = 0xfe;
        assert_eq!(PublicKey::from_components(&modulus, &[1, 0, 1]).unwrap_err(), PublicKeyError::InvalidComponents);
    }

    #[test]
    fn from_components_with_unsupported_exponent_returns_error() {
        let modulus = [0xff; 256];
        for exponent in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[1; 40]] {
            let refused = PublicKey::from_components(&modulus, exponent);
            assert_eq!(refused.unwrap_err(), PublicKeyError::UnsupportedExponent, "{exponent:?}");
        }
    }

    #[test]
    fn equality_and_debug_depend_on_the_key() {
        let (key, other) = (TestKey::generate().public, TestKey::generate().public);
        let again = PublicKey::from_spki_der(key.to_spki_der()).unwrap();
        assert_eq!(key, again);
        assert_ne!(key, other);
        assert!(format!("{key:?}").contains(key.thumbprint()));
    }
}
