//! The files with a private key of pyca/cryptography and of OpenSSL, each with its expected outcome.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cobrowse_jwt::pem::{Passphrase, PemKey};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    path: String,
    /// `rsa-` and the size of the key in bits, or the id of the error.
    expected: String,
    passphrase: Option<String>,
    text: Option<String>,
    base64: Option<String>,
}

#[test]
fn load_of_pyca_file_has_the_expected_outcome() {
    assert_eq!(load_all(include_str!("../vectors/pyca-pem.json")), (7, 105));
}

#[test]
fn load_of_openssl_file_has_the_expected_outcome() {
    assert_eq!(load_all(include_str!("../vectors/openssl-pem.json")), (67, 91));
}

/// Returns how many keys were loaded and how many were refused.
fn load_all(vectors: &str) -> (usize, usize) {
    let files: Vec<File> = serde_json::from_str(vectors).unwrap();
    let mut loaded = 0;
    let mut wrong = Vec::new();
    for file in &files {
        let outcome = load(file);
        loaded += usize::from(outcome.starts_with("rsa-"));
        if outcome != file.expected {
            wrong.push(format!("{}: {outcome}, expected {}", file.path, file.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    (loaded, files.len() - loaded)
}

fn load(file: &File) -> String {
    let text = match (&file.text, &file.base64) {
        (Some(text), None) => text.clone().into_bytes(),
        (None, Some(base64)) => STANDARD.decode(base64).unwrap(),
        _ => panic!("{} has no text, or two", file.path),
    };
    let loaded = match &file.passphrase {
        Some(passphrase) => PemKey::from_encrypted_pem(text, &Passphrase::new(passphrase.as_str())),
        None => PemKey::from_pem(text),
    };
    loaded.map_or_else(|error| error.id().to_owned(), |key| format!("rsa-{}", key.public_key().bits()))
}
