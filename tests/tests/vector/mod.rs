//! The private keys of test vectors.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use pem_rfc7468::LineEnding;
use pkcs1::der::Encode as _;
use pkcs1::{RsaPrivateKeyRef, UintRef};
use serde::Deserialize;

pub(crate) const RFC_7515_A_2: &str = include_str!("../../vectors/rfc7515-a2.json");

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) jwk: Jwk,
}

#[derive(Deserialize)]
pub(crate) struct Jwk {
    n: String,
    e: String,
    d: String,
    p: String,
    q: String,
    dp: String,
    dq: String,
    qi: String,
}

impl Jwk {
    pub(crate) fn pkcs1_pem(&self) -> String {
        let numbers = [&self.n, &self.e, &self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi]
            .map(|number| URL_SAFE_NO_PAD.decode(number).unwrap());
        let [modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient] =
            numbers.each_ref().map(|number| UintRef::new(number).unwrap());
        let key = RsaPrivateKeyRef {
            modulus,
            public_exponent,
            private_exponent,
            prime1,
            prime2,
            exponent1,
            exponent2,
            coefficient,
            other_prime_infos: None,
        };
        pem_rfc7468::encode_string("RSA PRIVATE KEY", LineEnding::LF, &key.to_der().unwrap()).unwrap()
    }
}
