use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use cobrowse_jwt_core::{PublicKey, PublicKeyError};

use super::ConfigError;

/// Reads the public keys in this file: a JWK, or one or more PEM blocks.
pub(super) fn read(setting: &'static str, path: &Path) -> Result<Vec<PublicKey>, ConfigError> {
    let text = read_text(path).map_err(|error| ConfigError::Invalid {
        setting,
        hint: Some("use the path of a file with a public key, as PEM or a JWK"),
        source: error.into(),
    })?;
    parse(&text).map_err(|error| ConfigError::invalid(setting, error))
}

fn parse(text: &str) -> Result<Vec<PublicKey>, PublicKeyError> {
    const END: &str = "-----END PUBLIC KEY-----";
    if text.trim_start().starts_with('{') {
        return Ok(vec![PublicKey::from_jwk(text)?]);
    }
    let blocks: Vec<_> = text.split_inclusive(END).filter(|block| !block.trim().is_empty()).collect();
    if blocks.is_empty() {
        return Err(PublicKeyError::NotPem);
    }
    blocks.into_iter().map(PublicKey::from_pem).collect()
}

/// Reads the whole file or returns an error, because a part of a file can be valid too.
fn read_text(path: &Path) -> io::Result<String> {
    const LIMIT: u64 = 64 * 1024;
    let mut text = String::new();
    let length = File::open(path)?.take(LIMIT + 1).read_to_string(&mut text)?;
    if length as u64 > LIMIT { Err(io::Error::other("file exceeds 64 KiB")) } else { Ok(text) }
}
