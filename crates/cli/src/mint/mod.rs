mod access;
mod page;

use std::{io::Write as _, time::Duration};

use cobrowse_jwt::{
    AgentClaims, AgentToken, DisplayName, EmbedUrl, Inspector, Instance, LicenseKey, Lifetime, Minter, Subject,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    configured::{self, Configured},
    exit::{self, Exit},
    failure::Failure,
    key::KeyArgs,
    output::{self, Stdout},
    printable,
    progress::Progress,
    public_key, times,
};
use access::AccessArgs;
use page::Page;

/// Mint a token for one agent: whoever has it is this agent until it expires
///
/// The token alone goes to stdout, everything else to stderr.
#[derive(clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub(crate) struct Mint {
    #[command(flatten)]
    key: KeyArgs,
    /// The license key of the account
    #[arg(long, env = "COBROWSE_LICENSE_KEY", hide_env_values = true, value_parser = configured::by(|text| LicenseKey::new(text)))]
    license: Configured<LicenseKey>,
    /// Who the agent is, in most accounts by their email address
    #[arg(long, value_parser = |text: &str| Subject::new(text))]
    agent: Subject,
    /// The agent's name as people read it; the customer may see it
    #[arg(long, value_parser = |text: &str| DisplayName::new(text))]
    name: Option<DisplayName>,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    /// Mint only if the key is this one, which stands in the dashboard: a file with PEM or a JWK
    #[arg(long, value_name = "FILE", env = "COBROWSE_PUBLIC_KEY", hide_env_values = true, value_parser = configured::text())]
    expect_public_key: Option<Configured>,
    /// Print JSON: the token, its claims, its expiry and the warnings
    #[arg(long, group = "form")]
    json: bool,
    /// Print the URL of a page of Cobrowse, signed in with the token
    #[arg(long, value_name = "PAGE", group = "form", help = page::HELP)]
    url: Option<Page>,
    /// Print the header of an HTTP request, for `curl --header @-`
    #[arg(long, group = "form")]
    header: bool,
    /// Where Cobrowse runs, for --url: https://cobrowse.io, or the origin of a self-hosted instance
    #[arg(long, value_name = "ORIGIN", env = "COBROWSE_INSTANCE", hide_env_values = true, value_parser = configured::text())]
    instance: Option<Configured>,
}

const EXAMPLES: &str = "\
Examples:
  cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --customer user_id=42
  cobrowse-jwt mint awskms:///alias/cobrowse --license SPGqPIcVnsOEJQ --agent jane@example.com --role agent --json
  cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --url dashboard
  cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --header |
    curl --header @- https://cobrowse.io/api/1/users/me";

impl Mint {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        if self.url.is_none() && self.instance.as_ref().is_some_and(|instance| !instance.is_from_variable) {
            return Err(Failure::usage("--instance is where a page is; say which one by --url"));
        }
        let url = self.url.as_ref().map(|page| page.at(&self.instance()?)).transpose()?;
        let mut claims =
            AgentClaims::new(self.agent.clone(), self.access.access()?)?.with_lifetime(self.lifetime.checked()?);
        if let Some(name) = &self.name {
            claims = claims.with_display_name(name.clone())?;
        }
        for warning in claims.warnings() {
            output::warning(&warning.to_string());
        }

        let registered = self.expect_public_key.as_ref().map(public_key::read).transpose()?;
        let key = self.key.named()?;
        let token = key.block_on(async {
            let mut minter =
                Minter::builder(self.license.value.clone(), key.open(cobrowse_jwt::KeyUriRegistry::new()).await?);
            if let Some(registered) = registered {
                minter = minter.expect_public_key(registered);
            }
            let _progress = Progress::of("signing");
            Ok(minter.build().mint(&claims).await?)
        })?;
        self.print(stdout, &claims, &token, url)?;
        Ok(Exit::Ok)
    }

    /// Where Cobrowse runs. Its variable may be set for other runs, so that it is not looked at for a token alone.
    fn instance(&self) -> Result<Instance, Failure> {
        let Some(named) = &self.instance else { return Ok(Instance::default()) };
        Instance::new(&named.value).map_err(|error| named.wrong(&error.to_string()))
    }

    fn print(
        &self,
        stdout: &mut Stdout,
        claims: &AgentClaims,
        token: &AgentToken,
        url: Option<EmbedUrl>,
    ) -> Result<(), Failure> {
        if let Some(url) = url {
            let url = url.with_token(token).map_err(|error| Failure::new(Exit::Refused, error.to_string()))?;
            writeln!(stdout, "{}", url.expose_secret())?;
        } else if self.header {
            writeln!(stdout, "Authorization: Bearer {}", token.expose_secret())?;
        } else if self.json {
            writeln!(stdout, "{}", printable::json_lines(&json(claims, token)))?;
        } else {
            writeln!(stdout, "{}", token.expose_secret())?;
        }
        Ok(())
    }
}

fn json(claims: &AgentClaims, token: &AgentToken) -> Value {
    let warnings =
        claims.warnings().into_iter().map(|warning| json!({"id": warning.id(), "message": warning.to_string()}));
    json!({
        "token": token.expose_secret(),
        "claims": Inspector::new().inspect(token.expose_secret()).claims(),
        "expires_at": Timestamp::try_from(token.expires_at()).ok().map(|time| time.to_string()),
        "warnings": warnings.collect::<Vec<_>>(),
    })
}

/// How long tokens live.
#[derive(clap::Args)]
pub(crate) struct LifetimeArgs {
    /// How long the token lives: 90s, 15m, 1h30m, 1d
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, default_value = "1h", env = "COBROWSE_LIFETIME", hide_env_values = true, value_parser = configured::by(times::parse_duration))]
    lifetime: Configured<Duration>,
    /// Allow a lifetime over 24 hours, as SCIM provisioning needs it: no such token can be revoked alone
    #[arg(long)]
    allow_long_lived: bool,
}

impl LifetimeArgs {
    pub(crate) fn checked(&self) -> Result<Lifetime, Failure> {
        let lifetime =
            Lifetime::long_lived(self.lifetime.value).map_err(|error| self.lifetime.wrong(&error.to_string()))?;
        if lifetime.is_long_lived() && !self.allow_long_lived {
            return Err(self.lifetime.blamed(Failure::usage(
                "the lifetime is over 24 hours; shorten it, or say --allow-long-lived where SCIM needs it",
            )));
        }
        Ok(lifetime)
    }
}
