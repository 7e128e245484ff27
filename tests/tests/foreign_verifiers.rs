//! Third-party verifiers accept tokens of keys that `openssl` generated, and return every claim.

use std::time::{SystemTime, UNIX_EPOCH};

use cobrowse_jwt::{
    Minter,
    pem::{Passphrase, PemKey},
};
use cobrowse_jwt_tests::{ClaimSet, Openssl, PASSPHRASE, claim_sets, license_key, node, python};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use pollster::block_on;
use serde_json::{Value, json};

#[test]
#[ignore = "needs openssl, node and python packages, which `cargo xtask test` sets up"]
fn tokens_of_2048_bit_keys_are_accepted() {
    accepted_by_all(2048);
}

#[test]
#[ignore = "needs openssl, node and python packages, which `cargo xtask test` sets up"]
fn tokens_of_3072_bit_keys_are_accepted() {
    accepted_by_all(3072);
}

#[test]
#[ignore = "needs openssl, node and python packages, which `cargo xtask test` sets up"]
fn tokens_of_4096_bit_keys_are_accepted() {
    accepted_by_all(4096);
}

#[test]
#[ignore = "needs openssl, node and python packages, which `cargo xtask test` sets up"]
fn altered_tokens_are_refused() {
    let pem = Openssl::new().run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem").read("key.pem");
    let key = PemKey::from_pem(pem).unwrap();
    let claims = &claim_sets()[0].claims;
    let old = Minter::builder(license_key(), key.clone()).clock(|| UNIX_EPOCH).build();
    let foreign = Minter::new(cobrowse_jwt::LicenseKey::new("trial").unwrap(), key.clone());
    let tokens = [old, foreign].map(|minter| block_on(minter.mint(claims)).unwrap().expose_secret().to_owned());
    let pem = key.public_key().to_pem();
    for answer in node(pem, "SPGqPIcVnsOEJQ", &tokens).into_iter().chain(python(pem, "SPGqPIcVnsOEJQ", &tokens)) {
        for (verifier, answer) in answer.as_object().unwrap() {
            assert!(answer["error"].is_string(), "{verifier}: {answer}");
        }
    }
}

fn accepted_by_all(bits: u32) {
    let openssl = Openssl::new()
        .run(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out pkcs8.pem"))
        .run("pkey -in pkcs8.pem -traditional -out pkcs1.pem")
        .run("pkcs8 -topk8 -in pkcs8.pem -v2 aes-256-cbc -passout $PASS -out encrypted.pem")
        .run("pkey -in pkcs8.pem -pubout -out public.pem");
    let public = String::from_utf8(openssl.read("public.pem")).unwrap();
    let passphrase = Passphrase::new(PASSPHRASE);
    let keys = [
        PemKey::from_pem(openssl.read("pkcs8.pem")).unwrap(),
        PemKey::from_pem(openssl.read("pkcs1.pem")).unwrap(),
        PemKey::from_encrypted_pem(openssl.read("encrypted.pem"), &passphrase).unwrap(),
    ];
    let sets = claim_sets();
    for (key, include_key_id) in keys.into_iter().zip([false, true, false]) {
        assert_eq!(key.public_key().to_pem(), public, "the public key is the one that openssl derives");
        let header = if include_key_id {
            json!({"alg": "RS256", "typ": "JWT", "kid": key.public_key().thumbprint()})
        } else {
            json!({"alg": "RS256", "typ": "JWT"})
        };
        let before = now();
        let builder = Minter::builder(license_key(), key);
        let minter = if include_key_id { builder.include_key_id(true).build() } else { builder.build() };
        let tokens: Vec<String> =
            sets.iter().map(|set| block_on(minter.mint(&set.claims)).unwrap().expose_secret().to_owned()).collect();
        let during = before..=now();

        let by_node = node(&public, license_key().as_str(), &tokens);
        let by_python = python(&public, license_key().as_str(), &tokens);
        for (((set, token), node), python) in sets.iter().zip(&tokens).zip(&by_node).zip(&by_python) {
            for (verifier, answer) in [
                ("npm jsonwebtoken", &node["jsonwebtoken"]),
                ("npm jose", &node["jose"]),
                ("PyJWT", &python["pyjwt"]),
                ("crate jsonwebtoken", &by_crate(&public, token)),
            ] {
                assert_eq!(answer["header"], header, "{verifier}: {answer}");
                same_claims(set, &answer["payload"], &during, verifier);
            }
        }
    }
}

fn by_crate(public: &str, token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = 0;
    validation.set_audience(&["https://cobrowse.io"]);
    validation.set_issuer(&[license_key().as_str()]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    let key = DecodingKey::from_rsa_pem(public.as_bytes()).unwrap();
    let token = decode::<Value>(token, &key, &validation).unwrap();
    let mut header = json!({"alg": "RS256", "typ": token.header.typ});
    if let Some(kid) = token.header.kid {
        header["kid"] = json!(kid);
    }
    json!({"header": header, "payload": token.claims})
}

fn same_claims(set: &ClaimSet, payload: &Value, during: &std::ops::RangeInclusive<u64>, verifier: &str) {
    let mut rest = payload.as_object().unwrap().clone();
    let iat = rest.remove("iat").unwrap().as_u64().unwrap();
    let exp = rest.remove("exp").unwrap().as_u64().unwrap();
    assert!(during.contains(&iat), "{verifier}: {payload}");
    assert_eq!(exp - iat, set.seconds, "{verifier}");
    assert_eq!(Value::Object(rest), set.expected, "{verifier}");
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
