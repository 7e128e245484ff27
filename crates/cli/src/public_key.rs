use std::{
    fs::File,
    io::{Read as _, Write as _},
};

use cobrowse_jwt::PublicKey;
use zeroize::Zeroizing;

use crate::{
    exit::{self, Exit},
    failure::Failure,
    key::KeyArgs,
    output::Stdout,
};

/// Print the public half of a key: what the Cobrowse dashboard takes, under Settings > Integrations > JWT SSO
#[derive(clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub(crate) struct PublicKeyOf {
    #[command(flatten)]
    key: KeyArgs,
    /// As a JWK (RFC 7517) instead of PEM
    #[arg(long, conflicts_with = "thumbprint")]
    jwk: bool,
    /// Its SHA-256 thumbprint alone (RFC 7638), by which two keys are compared
    #[arg(long)]
    thumbprint: bool,
}

const EXAMPLES: &str = "\
Examples:
  cobrowse-jwt public-key key.pem
  cobrowse-jwt public-key awskms:///alias/cobrowse > key.pub.pem
  cobrowse-jwt public-key env:COBROWSE_PRIVATE_KEY --thumbprint";

impl PublicKeyOf {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        let key = self.key.named();
        let public_key = key.block_on(key.public_key())?;
        match (self.jwk, self.thumbprint) {
            (true, _) => writeln!(stdout, "{}", public_key.to_jwk())?,
            (_, true) => writeln!(stdout, "{}", public_key.thumbprint())?,
            _ => write!(stdout, "{}", public_key.to_pem())?,
        }
        Ok(Exit::Ok)
    }
}

/// Reads a public key from a file: the value of the flags that name one.
pub(crate) fn from_file(path: &str) -> Result<PublicKey, String> {
    const LIMIT: u64 = 64 * 1024;
    let mut text = Zeroizing::new(String::new());
    let read = File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text));
    read.map_err(|error| format!("the file cannot be read ({}); correct the path", error.kind()))?;
    let is_jwk = text.trim_start().starts_with('{');
    let read = if is_jwk { PublicKey::from_jwk(&text) } else { PublicKey::from_pem(&text) };
    read.map_err(|error| error.to_string())
}
