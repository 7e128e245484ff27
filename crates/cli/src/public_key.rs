use std::io::Write as _;

use cobrowse_jwt::{Config, PublicKey};

use crate::{
    configured::Configured,
    exit::{self, Exit},
    failure::Failure,
    help::{self, heading},
    key::KeyArgs,
    output::Stdout,
};

/// Print the public key of a private key, to register in the Cobrowse dashboard
///
/// Paste it into the dashboard under Settings > Integrations > JWT SSO.
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct PublicKeyOf {
    #[command(flatten)]
    key: KeyArgs,
    /// Print a JWK (RFC 7517) instead of PEM
    #[arg(long, conflicts_with = "thumbprint", help_heading = heading::OUTPUT)]
    jwk: bool,
    /// Print only the SHA-256 thumbprint (RFC 7638), to compare keys
    #[arg(long, help_heading = heading::OUTPUT)]
    thumbprint: bool,
}

const EXAMPLES: &[&str] = &[
    "cobrowse-jwt public-key key.pem",
    "cobrowse-jwt public-key awskms:///alias/cobrowse > key.pub.pem",
    "cobrowse-jwt public-key env:COBROWSE_PRIVATE_KEY --thumbprint",
];

impl PublicKeyOf {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        let key = self.key.key()?;
        let public_key = key.block_on(key.public_key())?;
        match (self.jwk, self.thumbprint) {
            (true, _) => writeln!(stdout, "{}", public_key.to_jwk())?,
            (_, true) => writeln!(stdout, "{}", public_key.thumbprint())?,
            _ => write!(stdout, "{}", public_key.to_pem())?,
        }
        Ok(Exit::Ok)
    }
}

/// Reads the public keys in a file: a JWK, or one or more PEM blocks.
pub(crate) fn read(file: &Configured) -> Result<Vec<PublicKey>, Failure> {
    Config::read_public_keys(&file.value).map_err(|error| file.with_origin(error.into()))
}
