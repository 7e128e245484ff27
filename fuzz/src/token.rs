use crate::{account, errors};

/// The tokens in `seeds/token` that are valid.
const VALID: [&str; 3] = [
    include_str!("../seeds/token/valid"),
    include_str!("../seeds/token/valid-kid"),
    include_str!("../seeds/token/valid-policy"),
];

/// Input: a text. Property: only tokens that the key has signed are accepted.
pub fn token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match account::verifier().verify(text) {
        Ok(_) => assert!(VALID.contains(&text), "forged token"),
        Err(error) => errors::check(&error),
    }
}
