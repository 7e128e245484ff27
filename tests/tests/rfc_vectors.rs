//! RS256 is deterministic: the signatures of RFC 7515, appendix A.2, and RFC 7520, section 4.1, come out byte for byte.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{KeySource as _, PublicKey, SigningInput, StaticKey, pem::PemKey};
use pem_rfc7468::LineEnding;
use pkcs1::der::Encode as _;
use pkcs1::{RsaPrivateKeyRef, UintRef};
use pollster::block_on;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    jwk: Jwk,
    signing_input: String,
    signature: String,
}

#[derive(Deserialize)]
struct Jwk {
    n: String,
    e: String,
    d: String,
    p: String,
    q: String,
    dp: String,
    dq: String,
    qi: String,
}

#[test]
fn rfc_7515_appendix_a_2() {
    reproduces(include_str!("../vectors/rfc7515-a2.json"));
}

#[test]
fn rfc_7520_section_4_1() {
    reproduces(include_str!("../vectors/rfc7520-4.1.json"));
}

fn reproduces(vector: &str) {
    let vector: Vector = serde_json::from_str(vector).unwrap();
    let expected = URL_SAFE_NO_PAD.decode(&vector.signature).unwrap();
    let input = SigningInput::new(vector.signing_input.as_bytes());

    let key = block_on(PemKey::from_pem(vector.jwk.pkcs1_pem()).unwrap().signing_key()).unwrap();
    let through_a_source = block_on(StaticKey::new(key.clone()).signing_key()).unwrap();
    for key in [&key, &through_a_source] {
        assert_eq!(block_on(key.sign(&input)).unwrap().as_bytes(), expected);
    }

    let public =
        PublicKey::from_jwk(&serde_json::json!({"kty": "RSA", "n": vector.jwk.n, "e": vector.jwk.e}).to_string());
    assert_eq!(key.public_key(), public.as_ref().unwrap());
    assert!(public.unwrap().verify(&input, &expected));
}

impl Jwk {
    fn pkcs1_pem(&self) -> String {
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
