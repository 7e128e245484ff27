//! From the bytes of a block to a key pair. AWS-LC answers one bare error to every key it dislikes and overlooks bytes after the
//! key, so the structure is read first, and what AWS-LC then refuses are the numbers.

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

/// Both halves of an unencrypted key.
pub(crate) fn key_pair(block: &Block) -> Result<(rsa::KeyPair, PublicKey), PemError> {
    match block.label {
        Label::Pkcs1 => from_pkcs1(&block.der),
        Label::Pkcs8 => from_pkcs8(&block.der),
        #[cfg(feature = "encrypted-pem")]
        Label::EncryptedPkcs8 => Err(Problem::MissingPassphrase.into()),
        #[cfg(not(feature = "encrypted-pem"))]
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
    from_pkcs1(info.private_key.as_bytes())
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

/// The public half of a key that AWS-LC made.
pub(crate) fn public_key(pair: &rsa::KeyPair) -> Result<PublicKey, PemError> {
    let key = RsaPublicKeyRef::from_der(pair.public_key().as_ref()).map_err(|error| der_error(&error))?;
    Ok(PublicKey::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())
        .map_err(|error| component_error(&error))?)
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
