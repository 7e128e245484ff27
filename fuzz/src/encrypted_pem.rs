use cobrowse_jwt::pem::{Passphrase, PemErrorKind, PemKey};
use pem_rfc7468::{LineEnding, decode_vec, encode_string};
use pkcs8::{EncryptedPrivateKeyInfoRef, der::Decode as _, pkcs5::pbes2::Kdf};

use crate::pem::private;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Input: an encrypted key with the passphrase `fuzz`, in PEM or DER. Property: a key that loads is the same key after it is exported.
pub fn encrypted_pem(data: &[u8]) {
    let pem = match decode_vec(data) {
        Ok((LABEL, der)) if !is_slow(&der) => data.to_vec(),
        Ok((LABEL, _)) => return,
        _ if is_slow(data) => return,
        _ => encode_string(LABEL, LineEnding::LF, data).expect("valid label").into_bytes(),
    };
    private(PemKey::from_encrypted_pem(&pem, &Passphrase::new("fuzz")));
    let without = PemKey::from_pem(&pem).map_err(|error| error.kind());
    assert!(without.is_err_and(|kind| matches!(kind, PemErrorKind::MissingPassphrase | PemErrorKind::InvalidKey)));
}

/// Returns whether the SDK accepts the parameters of the key derivation, but it takes more than some milliseconds.
fn is_slow(der: &[u8]) -> bool {
    let Ok(info) = EncryptedPrivateKeyInfoRef::from_der(der) else { return false };
    match info.encryption_algorithm.pbes2().map(|pbes2| &pbes2.kdf) {
        Some(Kdf::Pbkdf2(pbkdf2)) => (1_000..=2_000_000).contains(&pbkdf2.iteration_count),
        Some(Kdf::Scrypt(scrypt)) => {
            let passes = u64::from(scrypt.block_size) * u64::from(scrypt.parallelization);
            scrypt.cost_parameter.saturating_mul(passes) > 1_000
                && scrypt.cost_parameter.saturating_mul(passes) < 1 << 24
        }
        _ => false,
    }
}
