//! PKCS#8 encrypted with a passphrase (RFC 5958, section 3; RFC 8018).

use aws_lc_rs::rsa;
use cobrowse_jwt_core::PublicKey;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef,
    der::{self as asn1, Decode as _, Reader as _, SliceReader, asn1::OctetStringRef},
    pkcs5,
};

use crate::{
    Passphrase, PemError, PemErrorKind, der,
    text::{Block, Label},
};

/// Both halves of a key, encrypted or not.
pub(crate) fn key_pair(block: &Block, passphrase: &Passphrase) -> Result<(rsa::KeyPair, PublicKey), PemError> {
    if block.label != Label::EncryptedPkcs8 {
        return der::key_pair(block);
    }
    check_structure(&block.der).map_err(|error| der::structure(&error))?;
    let info = EncryptedPrivateKeyInfoRef::from_der(&block.der).map_err(|_| PemErrorKind::UnsupportedEncryption)?;
    let key = info.decrypt(passphrase.as_bytes()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::NoPbes1CryptSupport
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => PemErrorKind::UnsupportedEncryption,
        // One wrong passphrase in 256 yields what looks like correct padding, and then no DER.
        _ => PemErrorKind::WrongPassphrase,
    })?;
    der::from_pkcs8(key.as_bytes())
}

/// Tells damage from an algorithm that is not known: `pkcs8` answers alike to both.
fn check_structure(der: &[u8]) -> asn1::Result<()> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|info| {
        info.decode::<AlgorithmIdentifierRef<'_>>()?;
        info.decode::<&OctetStringRef>().map(|_| ())
    })?;
    reader.finish()
}
