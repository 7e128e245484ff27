//! Random changes of valid tokens.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fastrand::Rng;

use crate::forge::{CLAIMS, HEADER, account, verifier, with};

const MUTATIONS: usize = 100_000;

/// The seed and the key are fixed, so every run has the same mutations.
#[test]
fn verify_of_mutated_token_returns_error() {
    let verifier = verifier();
    let valid = [
        account(HEADER, CLAIMS),
        account(r#"{"alg":"RS256","typ":"JWT","kid":"1"}"#, CLAIMS.replace("jane", "june")),
        with(r#""displayName":"Jané","role":null,"policy":{"version":3,"devices":{"custom_data":{"user_id":"42"}}}"#),
    ];
    assert!(valid.iter().all(|token| verifier.verify(token).is_ok()));
    let mut rng = Rng::with_seed(1);
    let mut refused = BTreeMap::<_, usize>::new();
    let mut unchanged = 0;
    for _ in 0..MUTATIONS {
        let token = mutated(&valid, &mut rng);
        match verifier.verify(&token) {
            Ok(_) if valid.contains(&token) => unchanged += 1,
            Ok(_) => panic!("accepted: {token}"),
            Err(error) => *refused.entry(error.check().id()).or_default() += 1,
        }
    }
    assert_eq!(refused.values().sum::<usize>() + unchanged, MUTATIONS);
    // The mutations are varied enough to reach every check up to the signature, and most of them reach the signature.
    for check in ["compact-form", "header", "alg", "typ", "header-members"] {
        assert!(refused.get(check) > Some(&100), "{refused:?}");
    }
    assert!(refused["signature"] > MUTATIONS / 4 && unchanged < MUTATIONS / 10, "{refused:?}, {unchanged}");
}

/// Changes the text of a token, the bytes of one of its parts, or replaces a part by that of another token.
fn mutated(valid: &[String], rng: &mut Rng) -> String {
    let token = rng.choice(valid).unwrap();
    let place = rng.usize(..3);
    if rng.u8(..4) == 0 {
        let changed = changed(token.as_bytes(), rng);
        return String::from_utf8_lossy(&changed).into_owned();
    }
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts[place] = if rng.u8(..8) == 0 {
        let other = rng.choice(valid).unwrap();
        other.split('.').nth(rng.usize(..3)).unwrap().to_owned()
    } else {
        let bytes = URL_SAFE_NO_PAD.decode(&parts[place]).unwrap();
        URL_SAFE_NO_PAD.encode(changed(&bytes, rng))
    };
    parts.join(".")
}

/// Flips a bit, or replaces, inserts, removes or repeats some bytes.
fn changed(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    const FREQUENT: &[u8] = br#"{}[]":,.-_=019 aeInRS"#;
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.usize(1..=3) {
        // The last character of base64 has unused bits.
        let start = if rng.bool() { rng.usize(..=bytes.len()) } else { bytes.len().saturating_sub(rng.usize(..3)) };
        let end = (start + rng.usize(1..8)).min(bytes.len());
        let byte = *rng.choice(FREQUENT).unwrap();
        match rng.u8(..6) {
            0 => bytes.iter_mut().skip(start).take(1).for_each(|byte| *byte ^= 1 << rng.u8(..8)),
            1 => bytes.iter_mut().skip(start).take(1).for_each(|old| *old = byte),
            2 => bytes.insert(start, byte),
            3 => bytes.insert(start, rng.u8(..)),
            4 => drop(bytes.drain(start..end)),
            _ => drop(bytes.splice(start..start, bytes[start..end].to_vec())),
        }
    }
    bytes
}
