//! PKCS#8 encrypted with a passphrase (RFC 5958, section 3; RFC 8018).

use aws_lc_rs::{rand, rsa};
use cobrowse_jwt_core::PublicKey;
use pem_rfc7468::LineEnding;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef,
    der::{self as asn1, Decode as _, Reader as _, SliceReader, asn1::OctetStringRef},
    pkcs5::{
        self, EncryptionScheme,
        pbes2::{self, Kdf, Salt, ScryptParams},
    },
};
use zeroize::Zeroizing;

use crate::{
    Passphrase, PemError, der,
    problem::Problem,
    text::{Block, Label},
};

/// Returns the private and the public key of a block, encrypted or not.
pub(crate) fn key_pair(block: &Block, passphrase: &Passphrase) -> Result<(rsa::KeyPair, PublicKey), PemError> {
    if block.label != Label::EncryptedPkcs8 {
        return der::key_pair(block);
    }
    check_structure(&block.der).map_err(|error| der::der_error(&error))?;
    let info = EncryptedPrivateKeyInfoRef::from_der(&block.der).map_err(|_| Problem::UnsupportedEncryption)?;
    if !within_kdf_limits(&info.encryption_algorithm) {
        return Err(Problem::ExpensiveDerivation.into());
    }
    let key = info.decrypt(passphrase.as_bytes()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::NoPbes1CryptSupport
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => Problem::UnsupportedEncryption,
        // One wrong passphrase in 256 yields valid padding, and then invalid DER.
        _ => Problem::WrongPassphrase,
    })?;
    der::from_pkcs8(key.as_bytes())
}

/// Returns PKCS#8 as an `ENCRYPTED PRIVATE KEY` block: AES-256-CBC, and scrypt with N = 2^14, r = 8 and p = 5.
///
/// OpenSSL refuses more than 32 MiB, so scrypt uses 16 MiB in five passes (OWASP Password Storage Cheat Sheet).
pub(crate) fn encrypt(pkcs8: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<String>, PemError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand::fill(&mut salt).and_then(|()| rand::fill(&mut iv)).map_err(|_| Problem::NoRandomness)?;
    let salt = Salt::new(salt).map_err(|_| Problem::Encode)?;
    let scrypt = ScryptParams { salt, cost_parameter: 1 << 14, block_size: 8, parallelization: 5, key_length: None };
    let parameters =
        pbes2::Parameters { kdf: Kdf::Scrypt(scrypt), encryption: pbes2::EncryptionScheme::Aes256Cbc { iv } };
    let info = PrivateKeyInfoRef::from_der(pkcs8).map_err(|_| Problem::Encode)?;
    let der = info.encrypt_with_params(parameters, passphrase.as_bytes()).map_err(|_| Problem::Encode)?;
    let pem = pem_rfc7468::encode_string("ENCRYPTED PRIVATE KEY", LineEnding::LF, der.as_bytes());
    Ok(Zeroizing::new(pem.map_err(|_| Problem::Encode)?))
}

/// Returns whether the cost of the key derivation is acceptable: a damaged or hostile file can require all memory, or days of computing.
/// OpenSSL writes 2,048 iterations, or scrypt with 16 MiB; OWASP recommends 600,000 iterations.
fn within_kdf_limits(scheme: &EncryptionScheme) -> bool {
    const MEMORY: u64 = 256 * 1024 * 1024;
    const MEMORY_OF_ALL_PASSES: u64 = 1024 * 1024 * 1024;
    const ITERATIONS: u32 = 2_000_000;
    match scheme.pbes2().map(|pbes2| &pbes2.kdf) {
        Some(Kdf::Pbkdf2(pbkdf2)) => pbkdf2.iteration_count <= ITERATIONS,
        Some(Kdf::Scrypt(scrypt)) => {
            let block = 128 * u64::from(scrypt.block_size);
            let buffer = block * u64::from(scrypt.parallelization);
            let memory = scrypt.cost_parameter.checked_mul(block).map(|memory| memory.max(buffer));
            let all_passes = memory.and_then(|memory| memory.checked_mul(scrypt.parallelization.into()));
            memory.is_some_and(|memory| memory <= MEMORY) && all_passes.is_some_and(|all| all <= MEMORY_OF_ALL_PASSES)
        }
        // `decrypt` refuses others.
        _ => true,
    }
}

/// Distinguishes damage from an unsupported algorithm: `pkcs8` returns one error for both.
fn check_structure(der: &[u8]) -> asn1::Result<()> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|info| {
        info.decode::<AlgorithmIdentifierRef<'_>>()?;
        info.decode::<&OctetStringRef>().map(|_| ())
    })?;
    reader.finish()
}

#[cfg(test)]
mod tests {
    use pkcs8::pkcs5::pbes2::Pbkdf2Params;

    use super::*;

    fn within_limits(kdf: Kdf) -> bool {
        let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
        within_kdf_limits(&EncryptionScheme::Pbes2(pbes2::Parameters { kdf, encryption }))
    }

    #[test]
    fn within_kdf_limits_refuses_excessive_memory_and_iterations() {
        let salt = || Salt::new([0; 8]).unwrap();
        let scrypt = |cost_parameter, block_size, parallelization| {
            within_limits(Kdf::Scrypt(ScryptParams {
                salt: salt(),
                cost_parameter,
                block_size,
                parallelization,
                key_length: None,
            }))
        };
        assert!(scrypt(1 << 14, 8, 1));
        assert!(scrypt(1 << 17, 8, 1));
        assert!(scrypt(1 << 18, 8, 4) && !scrypt(1 << 18, 8, 5));
        assert!(!scrypt(1 << 36, 8, 1));
        assert!(!scrypt(1 << 14, u16::MAX, 1));
        assert!(!scrypt(1 << 14, 8, u16::MAX));
        assert!(!scrypt(2, u16::MAX, 64));
        let pbkdf2 = |iterations| within_limits(Kdf::Pbkdf2(Pbkdf2Params::hmac_sha256(iterations, &[0; 8]).unwrap()));
        assert!(pbkdf2(2_048) && pbkdf2(1_000_000));
        assert!(pbkdf2(2_000_000) && !pbkdf2(2_000_001));
    }
}
