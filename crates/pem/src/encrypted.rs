//! PKCS#8 encrypted with a passphrase (RFC 5958, section 3; RFC 8018).

use aws_lc_rs::rsa;
use cobrowse_jwt_core::PublicKey;
use pkcs8::{
    EncryptedPrivateKeyInfoRef,
    der::{Decode as _, ErrorKind},
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
    let info = EncryptedPrivateKeyInfoRef::from_der(&block.der).map_err(|error| match error.kind() {
        ErrorKind::OidUnknown { .. } => PemErrorKind::UnsupportedEncryption,
        _ => der::structure(&error),
    })?;
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
