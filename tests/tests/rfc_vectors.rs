//! RS256 is deterministic: the signatures of RFC 7515, appendix A.2, and RFC 7520, section 4.1, come out byte for byte.

mod vector;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{KeySource as _, PublicKey, SigningInput, StaticKey, pem::PemKey};
use pollster::block_on;
use serde_json::{Value, json};

use vector::{RFC_7515_A_2, Vector};

#[test]
fn rfc_7515_appendix_a_2() {
    reproduces(RFC_7515_A_2);
}

#[test]
fn rfc_7520_section_4_1() {
    reproduces(include_str!("../vectors/rfc7520-4.1.json"));
}

fn reproduces(vector: &str) {
    let pem = serde_json::from_str::<Vector>(vector).unwrap().jwk.pkcs1_pem();
    let vector: Value = serde_json::from_str(vector).unwrap();
    let expected = URL_SAFE_NO_PAD.decode(vector["signature"].as_str().unwrap()).unwrap();
    let input = SigningInput::new(vector["signing_input"].as_str().unwrap().as_bytes());

    let key = block_on(PemKey::from_pem(pem).unwrap().signing_key()).unwrap();
    let through_a_source = block_on(StaticKey::new(key.clone()).signing_key()).unwrap();
    for key in [&key, &through_a_source] {
        assert_eq!(block_on(key.sign(&input)).unwrap().as_bytes(), expected);
    }

    let jwk = &vector["jwk"];
    let public = PublicKey::from_jwk(&json!({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}).to_string());
    assert_eq!(key.public_key(), public.as_ref().unwrap());
    assert!(public.unwrap().verify(&input, &expected));
}
