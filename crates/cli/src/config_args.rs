use cobrowse_jwt::{Config, ConfigBuilder, LicenseKey, Lifetime};

use crate::{
    configured::{self, Configured},
    failure::Failure,
    help::heading,
    key::{Key, KeyArgs},
    public_key,
};

/// The arguments of a [`Config`]. Each has a variable of [`Config::from_env`].
#[derive(clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Public key registered in the Cobrowse dashboard: a file with PEM or a JWK; another key is refused
    #[arg(long, value_name = "FILE", env = "COBROWSE_PUBLIC_KEY", hide_env_values = true, value_parser = configured::text(), help_heading = heading::KEY)]
    expect_public_key: Option<Configured>,
    /// License key of the account
    #[arg(long, env = "COBROWSE_LICENSE_KEY", hide_env_values = true, value_parser = configured::parser(configured::claim::<LicenseKey>), help_heading = heading::TOKEN)]
    license: Configured<LicenseKey>,
    /// Lifetime of the token: 90s, 15m, 8h, 1d
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, default_value = "1h", env = "COBROWSE_LIFETIME", hide_env_values = true, value_parser = configured::parser(parse_lifetime), help_heading = heading::TOKEN)]
    lifetime: Configured<Lifetime>,
    /// Allow a lifetime over 24 hours, for SCIM provisioning; such a token cannot be revoked individually
    #[arg(long, help_heading = heading::TOKEN)]
    allow_long_lived: bool,
}

impl ConfigArgs {
    pub(crate) fn key(&self) -> Result<Key<'_>, Failure> {
        self.key.key()
    }

    /// Returns the configuration. [`Key::open`] opens its key, so that it can prompt for the passphrase.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let builder = Config::builder(self.license.value.clone(), self.key()?.uri).default_lifetime(self.lifetime()?);
        let registered = self.expect_public_key.as_ref().map(public_key::read).transpose()?.unwrap_or_default();
        Ok(registered.into_iter().fold(builder, ConfigBuilder::public_key).build()?)
    }

    fn lifetime(&self) -> Result<Lifetime, Failure> {
        let lifetime = self.lifetime.value;
        if lifetime.is_long_lived() && !self.allow_long_lived {
            let failure = self.lifetime.usage_error("lifetime exceeds 24 hours");
            return Err(failure.with_hint("use --allow-long-lived for SCIM provisioning"));
        }
        Ok(lifetime)
    }
}

/// Parses a lifetime of any length. [`ConfigArgs::lifetime`] applies the limit of 24 hours, which `--allow-long-lived` lifts.
fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    Lifetime::parse_long_lived(text).map_err(|error| configured::with_hint(&error, error.hint()))
}
