//! Algorithm confusion (RFC 8725, sections 2.1 and 3.1), `none`, and other algorithms.

use aws_lc_rs::{
    hmac::{HMAC_SHA256, HMAC_SHA384, HMAC_SHA512},
    signature::{
        RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
        RsaEncoding,
    },
};
use pem_rfc7468::{LineEnding, encode_string};

use crate::{
    Attack,
    expected::{ALG, NONE, SIGNATURE, TYP},
    forge::{ACCOUNT, CLAIMS, HEADER, account, attacker, hmac, input, token, unsigned},
};

const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const HS384: &str = r#"{"alg":"HS384","typ":"JWT"}"#;
const HS512: &str = r#"{"alg":"HS512","typ":"JWT"}"#;

pub(crate) fn attacks() -> Vec<Attack> {
    [confusion(), none(), other()].concat()
}

/// The public key as the secret of an HMAC.
fn confusion() -> Vec<Attack> {
    let spki = ACCOUNT.public.to_pem();
    let der = ACCOUNT.public.to_spki_der();
    let pkcs1 = encode_string("RSA PUBLIC KEY", LineEnding::LF, &ACCOUNT.pkcs1).unwrap();
    let jwk = ACCOUNT.public.to_jwk();
    vec![
        ("HS256 with the SPKI PEM", hmac(HS256, HMAC_SHA256, spki), ALG),
        ("HS384 with the SPKI PEM", hmac(HS384, HMAC_SHA384, spki), ALG),
        ("HS512 with the SPKI PEM", hmac(HS512, HMAC_SHA512, spki), ALG),
        ("HS256 with the SPKI DER", hmac(HS256, HMAC_SHA256, der), ALG),
        ("HS384 with the SPKI DER", hmac(HS384, HMAC_SHA384, der), ALG),
        ("HS512 with the SPKI DER", hmac(HS512, HMAC_SHA512, der), ALG),
        ("HS256 with the PKCS#1 PEM", hmac(HS256, HMAC_SHA256, &pkcs1), ALG),
        ("HS384 with the PKCS#1 PEM", hmac(HS384, HMAC_SHA384, &pkcs1), ALG),
        ("HS512 with the PKCS#1 PEM", hmac(HS512, HMAC_SHA512, &pkcs1), ALG),
        ("HS256 with the JWK", hmac(HS256, HMAC_SHA256, &jwk), ALG),
        ("HS384 with the JWK", hmac(HS384, HMAC_SHA384, &jwk), ALG),
        ("HS512 with the JWK", hmac(HS512, HMAC_SHA512, &jwk), ALG),
        ("HS256 with the PEM without its last line break", hmac(HS256, HMAC_SHA256, spki.trim_end()), ALG),
        ("HS256 with the PEM with CRLF", hmac(HS256, HMAC_SHA256, spki.replace('\n', "\r\n")), ALG),
        ("HS256 with an empty secret", hmac(HS256, HMAC_SHA256, ""), ALG),
        ("HS256 with the thumbprint", hmac(HS256, HMAC_SHA256, ACCOUNT.public.thumbprint()), ALG),
        ("RS256 with an HMAC by the SPKI PEM", hmac(HEADER, HMAC_SHA256, spki), SIGNATURE),
        ("RS256 with an HMAC by the SPKI DER", hmac(HEADER, HMAC_SHA256, der), SIGNATURE),
        ("RS256 with an HMAC by the PKCS#1 PEM", hmac(HEADER, HMAC_SHA256, &pkcs1), SIGNATURE),
        ("RS256 with an HMAC by the JWK", hmac(HEADER, HMAC_SHA256, &jwk), SIGNATURE),
    ]
}

fn none() -> Vec<Attack> {
    let alg = |alg: &str| unsigned(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    let with_signature = |header: &str| token(&input(header, CLAIMS), ACCOUNT.sign(&RSA_PKCS1_SHA256, "a.b"));
    vec![
        ("none", alg("none"), NONE),
        ("nonE", alg("nonE"), NONE),
        ("noNe", alg("noNe"), NONE),
        ("noNE", alg("noNE"), NONE),
        ("nOne", alg("nOne"), NONE),
        ("nOnE", alg("nOnE"), NONE),
        ("nONe", alg("nONe"), NONE),
        ("nONE", alg("nONE"), NONE),
        ("None", alg("None"), NONE),
        ("NonE", alg("NonE"), NONE),
        ("NoNe", alg("NoNe"), NONE),
        ("NoNE", alg("NoNE"), NONE),
        ("NOne", alg("NOne"), NONE),
        ("NOnE", alg("NOnE"), NONE),
        ("NONe", alg("NONe"), NONE),
        ("NONE", alg("NONE"), NONE),
        ("none with escapes", alg(r"\u006eone"), NONE),
        ("none with a space", alg("none "), ALG),
        ("none with a NUL", alg(r"none\u0000"), ALG),
        ("none in full-width letters", alg("ｎｏｎｅ"), ALG),
        ("none with a zero-width space", alg("no\u{200b}ne"), ALG),
        ("none with a Cyrillic o", alg("nоne"), ALG),
        ("none without typ", unsigned(r#"{"alg":"none"}"#), NONE),
        ("none with a signature of other text", with_signature(r#"{"alg":"none","typ":"JWT"}"#), NONE),
        ("none with the signature of the account", account(r#"{"alg":"none","typ":"JWT"}"#, CLAIMS), NONE),
        ("RS256 without a signature", unsigned(HEADER), SIGNATURE),
    ]
}

fn other() -> Vec<Attack> {
    let alg = |alg: &str| account(format!(r#"{{"alg":{alg},"typ":"JWT"}}"#), CLAIMS);
    // A valid signature of the account's key under the algorithm of the header.
    let signed = |alg: &str, encoding: &'static dyn RsaEncoding| {
        let input = input(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#), CLAIMS);
        token(&input, ACCOUNT.sign(encoding, &input))
    };
    vec![
        ("RS384 by the account's key", signed("RS384", &RSA_PKCS1_SHA384), ALG),
        ("RS512 by the account's key", signed("RS512", &RSA_PKCS1_SHA512), ALG),
        ("PS256 by the account's key", signed("PS256", &RSA_PSS_SHA256), ALG),
        ("PS384 by the account's key", signed("PS384", &RSA_PSS_SHA384), ALG),
        ("PS512 by the account's key", signed("PS512", &RSA_PSS_SHA512), ALG),
        ("RS256 with a SHA-384 signature", signed("RS256", &RSA_PKCS1_SHA384), SIGNATURE),
        ("RS256 with a SHA-512 signature", signed("RS256", &RSA_PKCS1_SHA512), SIGNATURE),
        ("RS256 with a PSS signature", signed("RS256", &RSA_PSS_SHA256), SIGNATURE),
        ("RS256 by the attacker's key", attacker(HEADER), SIGNATURE),
        ("RS1", alg(r#""RS1""#), ALG),
        ("ES256", alg(r#""ES256""#), ALG),
        ("ES256K", alg(r#""ES256K""#), ALG),
        ("EdDSA", alg(r#""EdDSA""#), ALG),
        ("dir", alg(r#""dir""#), ALG),
        ("RSA-OAEP", alg(r#""RSA-OAEP""#), ALG),
        ("PBES2-HS256+A128KW", alg(r#""PBES2-HS256+A128KW""#), ALG),
        ("rs256", alg(r#""rs256""#), ALG),
        ("RS256 with a space", alg(r#""RS256 ""#), ALG),
        ("RS256 with a NUL", alg(r#""RS256\u0000""#), ALG),
        ("RS256 with a Cyrillic S", alg(r#""RЅ256""#), ALG),
        ("RS256 in full-width digits", alg(r#""RS２５６""#), ALG),
        ("RS256 with a combining mark", alg("\"RS256\u{301}\""), ALG),
        ("an empty alg", alg(r#""""#), ALG),
        ("alg as null", alg("null"), ALG),
        ("alg as a number", alg("256"), ALG),
        ("alg as a boolean", alg("true"), ALG),
        ("alg as an array", alg(r#"["RS256"]"#), ALG),
        ("alg as an object", alg(r#"{"RS256":true}"#), ALG),
        ("alg of 45,000 bytes", alg(&format!("{:?}", "A".repeat(45_000))), ALG),
        ("no alg", account(r#"{"typ":"JWT"}"#, CLAIMS), ALG),
        ("ALG", account(r#"{"ALG":"RS256","typ":"JWT"}"#, CLAIMS), ALG),
        ("an empty header", account("{}", CLAIMS), ALG),
        ("no typ", account(r#"{"alg":"RS256"}"#, CLAIMS), TYP),
    ]
}
