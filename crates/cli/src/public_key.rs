use std::io::Write as _;

use cobrowse_jwt::PublicKey;

use crate::{
    configured::Configured,
    exit::{self, Exit},
    failure::Failure,
    key::KeyArgs,
    output::Stdout,
    text_file,
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
        let key = self.key.named()?;
        let public_key = key.block_on(key.public_key())?;
        match (self.jwk, self.thumbprint) {
            (true, _) => writeln!(stdout, "{}", public_key.to_jwk())?,
            (_, true) => writeln!(stdout, "{}", public_key.thumbprint())?,
            _ => write!(stdout, "{}", public_key.to_pem())?,
        }
        Ok(Exit::Ok)
    }
}

/// Reads the public key in the file that was named: PEM or a JWK.
pub(crate) fn read(file: &Configured) -> Result<PublicKey, Failure> {
    let text = text_file::read(file.value.as_ref()).map_err(|sentence| file.wrong(&sentence))?;
    let is_jwk = text.trim_start().starts_with('{');
    let read = if is_jwk { PublicKey::from_jwk(&text) } else { PublicKey::from_pem(&text) };
    read.map_err(|error| file.wrong(&error.to_string()))
}
