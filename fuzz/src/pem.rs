use cobrowse_jwt::{
    PublicKey,
    pem::{PemError, PemKey},
};
use pem_rfc7468::{LineEnding, encode_string};

use crate::errors;

/// Input: a PEM text, or the DER of a key. Property: a key that loads is the same key after it is exported.
pub fn pem(data: &[u8]) {
    private(PemKey::from_pem(data));
    public(data);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
        private(PemKey::from_pem(encode_string(label, LineEnding::LF, data).expect("valid label")));
    }
}

pub(crate) fn private(loaded: Result<PemKey, PemError>) {
    match loaded {
        Ok(key) => {
            let pem = key.to_pkcs8_pem().expect("memory is sufficient");
            assert_eq!(PemKey::from_pem(&*pem).expect("exported by us").public_key(), key.public_key());
        }
        Err(error) => errors::check(&error),
    }
}

fn public(data: &[u8]) {
    let text = str::from_utf8(data).ok();
    let parsed = [text.map(PublicKey::from_pem), Some(PublicKey::from_spki_der(data)), text.map(PublicKey::from_jwk)];
    for parsed in parsed.into_iter().flatten() {
        match parsed {
            Ok(key) => {
                assert!((PublicKey::MIN_BITS..=PublicKey::MAX_BITS).contains(&key.bits()));
                assert_eq!(PublicKey::from_pem(key.to_pem()).as_ref(), Ok(&key));
                assert_eq!(PublicKey::from_jwk(&key.to_jwk()).as_ref(), Ok(&key));
            }
            Err(error) => errors::check(&error),
        }
    }
}
