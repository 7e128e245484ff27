//! Public keys as `SubjectPublicKeyInfo` (RFC 5280, section 4.1), in DER and in PEM (RFC 7468, section 13).

use std::{fmt, str::FromStr};

use der::{
    Decode as _, Encode as _,
    asn1::{BitStringRef, UintRef},
};
use pem_rfc7468::LineEnding;
use pkcs1::RsaPublicKeyRef;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use spki::SubjectPublicKeyInfoRef;
use zeroize::Zeroizing;

use super::{PublicKey, PublicKeyError};

const LABEL: &str = "PUBLIC KEY";

impl PublicKey {
    /// Parses PEM: one block `-----BEGIN PUBLIC KEY-----`, as the Cobrowse dashboard shows it. Whitespace around it and around its lines
    /// is ignored.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::NotPem`], [`PublicKeyError::WrongLabel`], [`PublicKeyError::PrivateKey`], and those of
    /// [`PublicKey::from_spki_der`].
    pub fn from_pem(pem: &str) -> Result<Self, PublicKeyError> {
        let lines: Vec<&str> = pem.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if !lines.first().is_some_and(|first| first.starts_with("-----BEGIN ")) {
            return Err(PublicKeyError::NotPem);
        }
        // It can be a private key by mistake.
        let pem = Zeroizing::new(lines.join("\n"));
        let mut decoder = pem_rfc7468::Decoder::new_detect_wrap(pem.as_bytes()).map_err(|_| PublicKeyError::NotPem)?;
        match decoder.type_label() {
            LABEL => {}
            private if private.contains("PRIVATE KEY") => return Err(PublicKeyError::PrivateKey),
            _ => return Err(PublicKeyError::WrongLabel),
        }
        let mut der = Vec::new();
        decoder.decode_to_end(&mut der).map_err(|_| PublicKeyError::NotPem)?;
        Self::from_spki_der(&der)
    }

    /// Parses DER: exactly one `SubjectPublicKeyInfo` with the algorithm `rsaEncryption`.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Malformed`], [`PublicKeyError::NotRsa`], and those of [`PublicKey::from_components`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| PublicKeyError::Malformed)?;
        if spki.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(PublicKeyError::NotRsa);
        }
        // RFC 3279, section 2.3.1: the parameters are NULL.
        if !spki.algorithm.parameters.is_some_and(der::AnyRef::is_null) {
            return Err(PublicKeyError::Malformed);
        }
        let key = spki.subject_public_key.as_bytes().ok_or(PublicKeyError::Malformed)?;
        let key = RsaPublicKeyRef::from_der(key).map_err(|_| PublicKeyError::Malformed)?;
        Self::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// Returns PEM with a final newline, for the Cobrowse dashboard under Settings > Integrations > JWT SSO.
    #[must_use]
    pub fn to_pem(&self) -> &str {
        &self.0.spki.pem
    }

    /// Returns DER.
    #[must_use]
    pub fn to_spki_der(&self) -> &[u8] {
        &self.0.spki.der
    }
}

impl fmt::Display for PublicKey {
    /// Formats the key as PEM, with a final newline.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.to_pem())
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(pem: &str) -> Result<Self, PublicKeyError> {
        Self::from_pem(pem)
    }
}

impl TryFrom<&str> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(pem: &str) -> Result<Self, PublicKeyError> {
        Self::from_pem(pem)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(pem: String) -> Result<Self, PublicKeyError> {
        // It can be a private key by mistake.
        Self::from_pem(&Zeroizing::new(pem))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.to_pem())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

/// Encoded once with the key, so that `to_pem` and `to_spki_der` cannot fail.
pub(super) struct Encoded {
    der: Vec<u8>,
    pem: String,
}

/// Returns the key as `RSAPublicKey` in DER (RFC 8017, appendix A.1.1), and as `SubjectPublicKeyInfo`.
pub(super) fn encode(modulus: &[u8], exponent: &[u8]) -> Result<(Vec<u8>, Encoded), der::Error> {
    let key = RsaPublicKeyRef { modulus: UintRef::new(modulus)?, public_exponent: UintRef::new(exponent)? };
    let pkcs1 = key.to_der()?;
    let subject_public_key = BitStringRef::from_bytes(&pkcs1)?;
    let der = SubjectPublicKeyInfoRef { algorithm: pkcs1::ALGORITHM_ID, subject_public_key }.to_der()?;
    let pem = pem_rfc7468::encode_string(LABEL, LineEnding::LF, &der).map_err(|_| der::ErrorKind::Failed)?;
    Ok((pkcs1, Encoded { der, pem }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::TestKey;

    #[test]
    fn from_pem_and_der_return_the_encoded_key() {
        let key = TestKey::generate().public;
        assert_eq!(PublicKey::from_pem(key.to_pem()).unwrap(), key);
        assert_eq!(PublicKey::from_spki_der(key.to_spki_der()).unwrap(), key);
        assert!(key.to_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(key.to_pem().ends_with("-----END PUBLIC KEY-----\n"));
    }

    #[test]
    fn every_conversion_from_pem_returns_the_same() {
        let key = TestKey::generate().public;
        let pem = key.to_pem();
        assert_eq!(pem.parse(), Ok(key.clone()));
        assert_eq!(PublicKey::try_from(pem), Ok(key.clone()));
        assert_eq!(PublicKey::try_from(pem.to_owned()), Ok(key.clone()));
        assert_eq!(key.to_string(), pem);
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(json, serde_json::to_string(pem).unwrap());
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
        let error = serde_json::from_str::<PublicKey>("\"SPGqPIcVnsOEJQ\"").unwrap_err();
        assert!(!error.to_string().contains("SPGq"), "{error}");
    }

    #[test]
    fn from_pem_with_whitespace_returns_the_key() {
        let key = TestKey::generate().public;
        let pem = key.to_pem();
        for copied in [pem.replace('\n', "\r\n"), pem.replace('\n', "\n  "), format!("\n\n{}\n", pem.trim())] {
            assert_eq!(PublicKey::from_pem(&copied).unwrap(), key);
        }
    }

    #[test]
    fn from_spki_der_of_other_der_returns_error() {
        let key = TestKey::generate().public;
        let trailing = [key.to_spki_der(), &[0]].concat();
        assert_eq!(PublicKey::from_spki_der(&trailing), Err(PublicKeyError::Malformed));
        let truncated = &key.to_spki_der()[..200];
        assert_eq!(PublicKey::from_spki_der(truncated), Err(PublicKeyError::Malformed));

        let mut pss = key.to_spki_der().to_vec();
        let arc = pss.windows(9).position(|bytes| bytes == pkcs1::ALGORITHM_OID.as_bytes()).unwrap() + 8;
        pss[arc] = 10;
        assert_eq!(PublicKey::from_spki_der(&pss), Err(PublicKeyError::NotRsa));
    }

    #[test]
    fn from_pem_of_other_text_returns_its_error() {
        let pem = TestKey::generate().public.to_pem().to_owned();
        for (text, expected) in [
            (pem.replace("PUBLIC KEY", "PRIVATE KEY"), PublicKeyError::PrivateKey),
            (pem.replace("PUBLIC KEY", "RSA PRIVATE KEY"), PublicKeyError::PrivateKey),
            (pem.replace("PUBLIC KEY", "CERTIFICATE"), PublicKeyError::WrongLabel),
            ("SPGqPIcVnsOEJQ".into(), PublicKeyError::NotPem),
            (String::new(), PublicKeyError::NotPem),
            (format!("before\n{pem}"), PublicKeyError::NotPem),
            (format!("{pem}after"), PublicKeyError::NotPem),
        ] {
            assert_eq!(PublicKey::from_pem(&text), Err(expected));
        }
    }
}
