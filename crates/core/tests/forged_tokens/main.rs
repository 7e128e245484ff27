//! Attacks on [`Verifier`]: a table of forged tokens with the error of each, and mutations of valid tokens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod algorithm;
mod claims;
mod expected;
mod forge;
mod form;
mod header;
mod mutations;
mod policy;
mod signature;

use std::collections::HashSet;

use forge::{CLAIMS, HEADER, account, verifier};

/// A name, a token and its expected error, as in [`expected`].
type Attack = (&'static str, String, &'static str);

fn attacks() -> Vec<Attack> {
    [
        algorithm::attacks(),
        header::attacks(),
        form::attacks(),
        signature::attacks(),
        claims::attacks(),
        policy::attacks(),
    ]
    .concat()
}

#[test]
fn verify_of_forged_token_returns_the_expected_error() {
    let verifier = verifier();
    let mut wrong = Vec::new();
    for (name, token, expected) in attacks() {
        let found = match verifier.verify(&token) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => format!("{} {}", error.id(), error.check().id()),
        };
        if found != expected {
            wrong.push(format!("{name}: {found}, expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn table_has_150_attacks_with_unique_names_and_tokens() {
    let attacks = attacks();
    assert!(attacks.len() >= 150, "{} attacks", attacks.len());
    let names: HashSet<_> = attacks.iter().map(|(name, ..)| name).collect();
    let tokens: HashSet<_> = attacks.iter().map(|(_, token, _)| token).collect();
    let mut seen = HashSet::new();
    let repeated: Vec<_> = attacks.iter().filter(|(_, token, _)| !seen.insert(token)).map(|(name, ..)| name).collect();
    assert_eq!((names.len(), tokens.len()), (attacks.len(), attacks.len()), "{repeated:?}");
}

/// Without this, a mistake in the helpers would make every attack fail.
#[test]
fn verify_of_token_without_attack_returns_its_claims() {
    let verified = verifier().verify(&account(HEADER, CLAIMS)).unwrap();
    assert_eq!(verified.claims.subject().as_str(), "jane@example.com");
}
