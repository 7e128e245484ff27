//! Bytes that are not the signature of the token.

use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    Attack,
    expected::SIGNATURE,
    forge::{ACCOUNT, CLAIMS, HEADER, account, input, token},
};

pub(crate) fn attacks() -> Vec<Attack> {
    let input = input(HEADER, CLAIMS);
    let right = ACCOUNT.sign(&RSA_PKCS1_SHA256, &input);
    let modulus = modulus();
    let with = |signature: &[u8]| token(&input, signature);
    let of = |text: &str| token(&input, ACCOUNT.sign(&RSA_PKCS1_SHA256, text));
    let flipped = |place: usize, bit: u8| {
        let mut signature = right.clone();
        signature[place] ^= bit;
        token(&input, signature)
    };
    let reversed: Vec<u8> = right.iter().rev().copied().collect();
    let (header, claims) = input.split_once('.').unwrap();
    [
        ("a signature of one byte", with(&[0])),
        ("a signature of 255 bytes", with(&right[..255])),
        ("a signature without its first byte", with(&right[1..])),
        ("a signature with a zero after it", with(&[&right[..], &[0]].concat())),
        ("a signature with a zero before it", with(&[&[0], &right[..]].concat())),
        ("the signature twice", with(&right.repeat(2))),
        ("a signature of zeros", with(&[0; 256])),
        ("a signature of ones", with(&[0xff; 256])),
        ("a signature of the number 1", with(&[&[0; 255][..], &[1]].concat())),
        ("the modulus", with(&modulus)),
        ("the modulus minus 1", with(&minus(&modulus, &[&[0; 255][..], &[1]].concat()))),
        ("the modulus minus the signature", with(&minus(&modulus, &right))),
        ("the first bit flipped", flipped(0, 0x80)),
        ("a bit in the middle flipped", flipped(128, 1)),
        ("the last bit flipped", flipped(255, 1)),
        ("the signature in little-endian order", with(&reversed)),
        ("padding without a signature", with(&[&[0, 1][..], &[0xff; 253], &[0]].concat())),
        ("a signature of the header", of(header)),
        ("a signature of the claims", of(claims)),
        ("a signature of the decoded claims", of(CLAIMS)),
        ("a signature of the input with a final dot", of(&format!("{input}."))),
        ("a signature of no text", of("")),
        ("claims of another token", spliced(1, r#"{"sub":"root@example.com"}"#)),
        ("a header with another order of members", spliced(0, r#"{"typ":"JWT","alg":"RS256"}"#)),
        ("a header with a space", spliced(0, r#"{"alg":"RS256", "typ":"JWT"}"#)),
        ("claims with a space", spliced(1, &CLAIMS.replace(",\"exp\"", ", \"exp\""))),
        ("claims with a later exp", spliced(1, &CLAIMS.replace("1700003600", "1700003601"))),
        ("claims with another agent", spliced(1, &CLAIMS.replace("jane", "june"))),
        ("claims with an added role", spliced(1, &CLAIMS.replace('}', r#","role":"administrator"}"#))),
        ("claims with an escaped letter", spliced(1, &CLAIMS.replace("jane", r"\u006aane"))),
    ]
    .map(|(name, token)| (name, token, SIGNATURE))
    .to_vec()
}

/// Replaces a part of a valid token.
fn spliced(part: usize, json: &str) -> String {
    let token = account(HEADER, CLAIMS);
    let mut parts: Vec<&str> = token.split('.').collect();
    let replacement = URL_SAFE_NO_PAD.encode(json);
    parts[part] = &replacement;
    parts.join(".")
}

fn modulus() -> Vec<u8> {
    let jwk: serde_json::Value = serde_json::from_str(&ACCOUNT.public.to_jwk()).unwrap();
    URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap()
}

/// Subtracts two numbers of the same length, big-endian.
fn minus(minuend: &[u8], subtrahend: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut difference: Vec<u8> = minuend
        .iter()
        .zip(subtrahend)
        .rev()
        .map(|(&left, &right)| {
            let (byte, first) = left.overflowing_sub(right);
            let (byte, second) = byte.overflowing_sub(u8::from(borrow));
            borrow = first || second;
            byte
        })
        .collect();
    difference.reverse();
    difference
}
