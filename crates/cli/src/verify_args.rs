use std::ffi::OsString;

use cobrowse_jwt::{ClockSkew, ClockSkewError, Finding, Inspector, LicenseKey, Outcome, PublicKey, TokenCheck};

use crate::{
    configured::{self, Configured},
    failure::Failure,
    help::{self, heading},
    key::{Key, KeyOptions},
    public_key,
};

/// The arguments of `inspect` and `verify`.
#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    /// Token, URL with a token, or `-` for stdin (default); other users of this machine can read command lines, so prefer stdin
    #[arg(value_name = "TOKEN")]
    pub(crate) token: Option<OsString>,
    /// License key to compare the issuer with
    #[arg(long, env = "COBROWSE_LICENSE_KEY", hide_env_values = true, value_parser = configured::parser(configured::claim::<LicenseKey>), help_heading = heading::CHECKS)]
    pub(crate) license: Option<Configured<LicenseKey>>,
    /// Public key to verify the signature with: a file with PEM or a JWK
    #[arg(long, value_name = "FILE", env = "COBROWSE_PUBLIC_KEY", hide_env_values = true, value_parser = configured::text(), help_heading = heading::CHECKS)]
    public_key: Option<Configured>,
    #[arg(long, value_name = "KEY", help = format!("Key to verify the signature with, instead of --public-key: {}", help::key_forms()), value_parser = configured::text(), help_heading = heading::CHECKS)]
    key: Option<Configured>,
    #[command(flatten)]
    options: KeyOptions,
    /// Tolerated clock skew, up to 5m
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, default_value = "0s", value_parser = parse_leeway, help_heading = heading::CHECKS)]
    pub(crate) leeway: ClockSkew,
    /// Accept a lifetime over 24 hours
    #[arg(long, help_heading = heading::CHECKS)]
    pub(crate) allow_long_lived: bool,
}

impl VerifyArgs {
    /// Returns the public keys to verify with.
    pub(crate) fn public_keys(&self) -> Result<Vec<PublicKey>, Failure> {
        match (&self.key, &self.public_key) {
            (Some(_), Some(public_key)) if !public_key.is_from_variable => {
                Err(Failure::usage("--key and --public-key exclude each other"))
            }
            // A flag overrides a variable.
            (Some(key), _) => {
                let key = Key::new(key, &self.options)?;
                Ok(vec![key.block_on(key.public_key())?])
            }
            (None, Some(file)) => public_key::read(file),
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// Returns the key that verifies the signature of the token, else the first one. During rotation there are two.
pub(crate) fn select_public_key(keys: &[PublicKey], token: &str) -> Option<PublicKey> {
    let verifies = |key: &&PublicKey| {
        let inspection = Inspector::new().public_key((*key).clone()).inspect(token);
        let is_passed =
            |finding: &Finding| finding.check == TokenCheck::Signature && finding.outcome == Outcome::Passed;
        inspection.findings().iter().any(is_passed)
    };
    keys.iter().find(verifies).or(keys.first()).cloned()
}

fn parse_leeway(text: &str) -> Result<ClockSkew, String> {
    text.parse().map_err(|error: ClockSkewError| configured::with_hint(&error, error.hint()))
}
