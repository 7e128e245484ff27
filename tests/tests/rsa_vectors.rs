//! RS256 signatures of Wycheproof and NIST through the public API. Their messages are not tokens; [`PublicKey::verify`] is the function
//! that `Verifier` calls, and [`SigningKey::sign`] the one that `Minter` calls.

use cobrowse_jwt::{KeySource as _, PublicKey, Signature, SigningInput, pem::PemKey};
use pollster::block_on;
use serde::Deserialize;
use wycheproof::{
    TestResult,
    rsa_pkcs1_verify::{TestName, TestSet},
};

#[test]
fn verify_of_wycheproof_signature_accepts_exactly_the_valid_ones() {
    // How many are valid and how many are not, for each size.
    let mut counts = Vec::new();
    for name in [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256, TestName::Rsa8192Sha256] {
        let (mut valid, mut refused) = (0, 0);
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_pem(&group.pem).unwrap();
            assert_eq!(PublicKey::from_spki_der(&group.der), Ok(key.clone()));
            for test in group.tests {
                let input = SigningInput::new(&test.msg);
                // Acceptable are signatures without the NULL of the algorithm, which RFC 8017 does not allow.
                let is_valid = test.result == TestResult::Valid;
                assert_eq!(key.verify(&input, &test.sig), is_valid, "{name:?} {}: {}", test.tc_id, test.comment);
                *if is_valid { &mut valid } else { &mut refused } += 1;
            }
        }
        counts.push((valid, refused));
    }
    assert_eq!(counts, [(9, 250), (8, 251), (7, 251), (7, 251)]);
}

#[derive(Deserialize)]
struct Wycheproof {
    groups: Vec<WycheproofGroup>,
}

#[derive(Deserialize)]
struct WycheproofGroup {
    key: String,
    #[serde(rename = "keySize")]
    bits: usize,
    tests: Vec<Case>,
}

#[test]
fn sign_of_wycheproof_message_returns_its_signature() {
    let vectors: Wycheproof = read(include_str!("../vectors/wycheproof-rsa-pkcs1-generate.json"));
    let mut count = 0;
    for group in &vectors.groups {
        let key = PemKey::from_pem(&group.key).unwrap();
        assert_eq!(key.public_key().bits(), group.bits);
        group.tests.iter().for_each(|case| signs(&key, case));
        count += group.tests.len();
    }
    assert_eq!((vectors.groups.len(), count), (6, 27));
}

#[derive(Deserialize)]
struct Nist {
    generation: Vec<NistGroup>,
    verification: Vec<NistCase>,
}

#[derive(Deserialize)]
struct NistGroup {
    key: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct NistCase {
    n: String,
    e: String,
    #[serde(flatten)]
    case: Case,
    valid: bool,
    comment: String,
}

fn nist() -> Nist {
    read(include_str!("../vectors/nist-fips186-4.json"))
}

#[test]
fn sign_of_nist_message_returns_its_signature() {
    let mut count = 0;
    for group in nist().generation {
        let key = PemKey::from_pem(&group.key).unwrap();
        group.cases.iter().for_each(|case| signs(&key, case));
        count += group.cases.len();
    }
    assert_eq!(count, 20);
}

#[test]
fn verify_of_nist_signature_accepts_exactly_the_valid_ones() {
    let (mut valid, mut refused) = (0, 0);
    for NistCase { n, e, case, valid: is_valid, comment } in nist().verification {
        let key = PublicKey::from_components(&bytes(&n), &bytes(&e)).unwrap();
        let message = bytes(&case.msg);
        assert_eq!(key.verify(&SigningInput::new(&message), &bytes(&case.sig)), is_valid, "{comment}: {}", case.sig);
        *if is_valid { &mut valid } else { &mut refused } += 1;
    }
    assert_eq!((valid, refused), (15, 75));
}

/// A message and its signature in hexadecimal.
#[derive(Deserialize)]
struct Case {
    msg: String,
    sig: String,
}

#[track_caller]
fn signs(key: &PemKey, case: &Case) {
    let (message, expected) = (bytes(&case.msg), bytes(&case.sig));
    let input = SigningInput::new(&message);
    let signing_key = block_on(key.signing_key()).unwrap();
    assert_eq!(block_on(signing_key.sign(&input)).unwrap().as_bytes(), expected);
    assert!(Signature::remote(expected).check(&input, key.public_key()).is_ok());
}

fn read<T: for<'de> Deserialize<'de>>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
