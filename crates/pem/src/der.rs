//! Parses DER into a key pair. AWS-LC returns one error for every invalid key and accepts trailing bytes, so the structure is checked
//! first.

use aws_lc_rs::{rsa, signature::KeyPair as _};
use cobrowse_jwt_core::{PublicKey, PublicKeyError};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use pkcs8::{
    ObjectIdentifier, PrivateKeyInfoRef,
    der::{self, Decode as _, ErrorKind},
};

use crate::{
    PemError,
    problem::Problem,
    text::{Block, Label},
};

/// Returns the private and the public key of an unencrypted block.
pub(crate) fn key_pair(block: &Block) -> Result<(rsa::KeyPair, PublicKey), PemError> {
    match block.label {
        Label::Pkcs1 => from_pkcs1(&block.der),
        Label::Pkcs8 => from_pkcs8(&block.der),
        Label::EncryptedPkcs8 if cfg!(feature = "encrypted-pem") => Err(Problem::MissingPassphrase.into()),
        Label::EncryptedPkcs8 => Err(Problem::EncryptionDisabled.into()),
    }
}

pub(crate) fn from_pkcs8(der: &[u8]) -> Result<(rsa::KeyPair, PublicKey), PemError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|error| der_error(&error))?;
    if info.algorithm.oid != pkcs1::ALGORITHM_OID {
        return Err(other_algorithm(info.algorithm.oid).into());
    }
    if info.algorithm.parameters.is_some_and(|parameters| !parameters.is_null()) {
        return Err(Problem::Malformed.into());
    }
    let (pair, public) = from_pkcs1(info.private_key.as_bytes())?;
    if let Some(embedded) = info.public_key {
        let embedded = embedded.as_bytes().ok_or(Problem::Malformed)?;
        if from_public_pkcs1(embedded)? != public {
            return Err(Problem::PublicKeyMismatch.into());
        }
    }
    Ok((pair, public))
}

fn from_pkcs1(der: &[u8]) -> Result<(rsa::KeyPair, PublicKey), PemError> {
    let key = RsaPrivateKeyRef::from_der(der).map_err(|error| der_error(&error))?;
    if key.other_prime_infos.is_some() {
        return Err(Problem::MultiPrime.into());
    }
    let public = PublicKey::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())
        .map_err(|error| component_error(&error))?;
    let pair = rsa::KeyPair::from_der(der).map_err(|_| Problem::Inconsistent)?;
    Ok((pair, public))
}

/// Returns the public key of a pair that AWS-LC generated.
pub(crate) fn public_key(pair: &rsa::KeyPair) -> Result<PublicKey, PemError> {
    Ok(from_public_pkcs1(pair.public_key().as_ref())?)
}

fn from_public_pkcs1(der: &[u8]) -> Result<PublicKey, Problem> {
    let key = RsaPublicKeyRef::from_der(der).map_err(|error| der_error(&error))?;
    PublicKey::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())
        .map_err(|error| component_error(&error))
}

pub(crate) fn der_error(error: &der::Error) -> Problem {
    match error.kind() {
        ErrorKind::TrailingData { .. } => Problem::TrailingData,
        ErrorKind::Incomplete { .. } => Problem::Truncated,
        _ => Problem::Malformed,
    }
}

fn component_error(error: &PublicKeyError) -> Problem {
    match *error {
        PublicKeyError::TooSmall { bits } => Problem::TooSmall { bits },
        PublicKeyError::TooLarge { bits } => Problem::TooLarge { bits },
        PublicKeyError::UnsupportedExponent => Problem::UnsupportedExponent,
        _ => Problem::Inconsistent,
    }
}

fn other_algorithm(oid: ObjectIdentifier) -> Problem {
    const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
    const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
    const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
    const X448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.111");
    const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
    const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
    match oid {
        RSASSA_PSS => Problem::RsaPssKey,
        EC_PUBLIC_KEY => Problem::EcKey,
        DSA => Problem::DsaKey,
        X25519 | X448 | ED25519 | ED448 => Problem::EdwardsKey,
        _ => Problem::UnsupportedAlgorithm,
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use pkcs8::der::{Encode as _, asn1::BitStringRef};

    use super::*;

    fn generated() -> (Vec<u8>, Vec<u8>) {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        (pair.as_der().unwrap().as_ref().to_vec(), pair.public_key().as_ref().to_vec())
    }

    fn load_with_public_key(pkcs8: &[u8], public_key: &[u8]) -> Result<PublicKey, Problem> {
        let mut info = PrivateKeyInfoRef::from_der(pkcs8).unwrap();
        info.public_key = Some(BitStringRef::from_bytes(public_key).unwrap());
        from_pkcs8(&info.to_der().unwrap()).map(|(_, public)| public).map_err(|error| error.problem())
    }

    #[test]
    fn from_pkcs8_v2_compares_the_embedded_public_key() {
        let ((pkcs8, public_key), (_, other)) = (generated(), generated());
        let expected = from_public_pkcs1(&public_key).unwrap();
        assert_eq!(load_with_public_key(&pkcs8, &public_key), Ok(expected));
        assert_eq!(load_with_public_key(&pkcs8, &other), Err(Problem::PublicKeyMismatch));
        assert_eq!(load_with_public_key(&pkcs8, b"not a key"), Err(Problem::Malformed));
    }
}
