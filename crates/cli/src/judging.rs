use std::{ffi::OsString, time::Duration};

use cobrowse_jwt::{ClockSkew, LicenseKey, PublicKey};

use crate::{
    configured::{self, Configured},
    failure::Failure,
    key::Key,
    passphrase::PassphraseArgs,
    public_key, times,
};

/// What `inspect` and `verify` judge a token by.
#[derive(clap::Args)]
pub(crate) struct Judging {
    /// The token, a URL that carries it, or `-` for stdin. Better on stdin: other users of the machine see what stands here
    #[arg(value_name = "TOKEN")]
    pub(crate) token: Option<OsString>,
    /// The license key that the issuer is compared with
    #[arg(long, env = "COBROWSE_LICENSE_KEY", hide_env_values = true, value_parser = configured::by(|text| LicenseKey::new(text)))]
    pub(crate) license: Option<Configured<LicenseKey>>,
    /// The public key that the signature is verified with: a file with PEM or a JWK
    #[arg(long, value_name = "FILE", env = "COBROWSE_PUBLIC_KEY", hide_env_values = true, value_parser = configured::text())]
    public_key: Option<Configured>,
    /// The key whose public half verifies the signature, instead of --public-key: a path, file:, env: or awskms:
    #[arg(long, value_name = "KEY", value_parser = configured::text())]
    key: Option<Configured>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// How far the clocks may stand apart, up to 5m
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, default_value = "0s", value_parser = read_leeway)]
    pub(crate) leeway: ClockSkew,
    /// Accept a life of over 24 hours
    #[arg(long)]
    pub(crate) allow_long_lived: bool,
}

impl Judging {
    /// The public key, if any was named.
    pub(crate) fn public_key(&self) -> Result<Option<PublicKey>, Failure> {
        match (&self.key, &self.public_key) {
            (Some(_), Some(public_key)) if !public_key.is_from_variable => {
                Err(Failure::usage("--key and --public-key each name a key to verify with; give one of them"))
            }
            // The variable is for when no flag says otherwise.
            (Some(key), _) => {
                let key = Key::new(key, &self.passphrase)?;
                key.block_on(key.public_key()).map(Some)
            }
            (None, Some(file)) => public_key::read(file).map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn read_leeway(text: &str) -> Result<ClockSkew, String> {
    let leeway: Duration = times::parse_duration(text)?;
    ClockSkew::new(leeway).map_err(|error| error.to_string())
}
