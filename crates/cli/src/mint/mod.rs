mod access;
mod page;

use std::{io::Write as _, time::UNIX_EPOCH};

use cobrowse_jwt::{AgentClaims, AgentToken, DisplayName, EmbedUrl, Inspector, Instance, Subject};
use serde_json::{Value, json};

use crate::{
    config_args::ConfigArgs,
    configured::{self, Configured},
    exit::{self, Exit},
    failure::Failure,
    help::{self, heading},
    output::{self, Stdout},
    printable,
    progress::Progress,
};
use access::AccessArgs;
use page::Page;

/// Mint a token for one agent; anyone with it can act as the agent until it expires
///
/// Writes only the token to stdout, and everything else to stderr.
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct Mint {
    #[command(flatten)]
    config: ConfigArgs,
    /// Agent to sign in, in most accounts an email address
    #[arg(long, value_parser = configured::claim::<Subject>, help_heading = heading::TOKEN)]
    agent: Subject,
    /// Display name of the agent, which the customer can see
    #[arg(long, value_parser = configured::claim::<DisplayName>, help_heading = heading::TOKEN)]
    name: Option<DisplayName>,
    #[command(flatten)]
    access: AccessArgs,
    /// Print JSON: the token, its claims, `expires_at` in seconds since 1970, and the warnings
    #[arg(long, group = "form", help_heading = heading::OUTPUT)]
    json: bool,
    #[arg(long, value_name = "PAGE", group = "form", help = page::HELP, long_help = page::LONG_HELP, help_heading = heading::OUTPUT)]
    url: Option<Page>,
    /// Print an HTTP header, for `curl --header @-`
    #[arg(long, group = "form", help_heading = heading::OUTPUT)]
    header: bool,
    /// Origin of the Cobrowse instance for --url; default: https://cobrowse.io
    #[arg(long, value_name = "ORIGIN", env = "COBROWSE_INSTANCE", hide_env_values = true, value_parser = configured::text(), help_heading = heading::OUTPUT)]
    instance: Option<Configured>,
}

const EXAMPLES: &[&str] = &[
    "cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --customer user_id=42",
    "cobrowse-jwt mint awskms:///alias/cobrowse --license SPGqPIcVnsOEJQ --agent jane@example.com --role agent --json",
    "cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --url dashboard",
    "cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --header |\n    curl --header @- https://cobrowse.io/api/1/users/me",
];

impl Mint {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        if self.url.is_none() && self.instance.as_ref().is_some_and(|instance| !instance.is_from_variable) {
            return Err(Failure::usage("--instance needs --url"));
        }
        let url = self.url.as_ref().map(|page| page.url(&self.instance()?)).transpose()?;
        let (config, key) = (self.config.config()?, self.config.key()?);
        let mut claims =
            AgentClaims::new(self.agent.clone(), self.access.access()?)?.with_lifetime(config.default_lifetime());
        if let Some(name) = &self.name {
            claims = claims.with_display_name(name.clone())?;
        }
        for warning in claims.warnings() {
            output::warning(&warning.to_string(), Some(warning.hint()));
        }
        let token = key.block_on(async {
            let minter = config.minter_builder(key.open(key.registry()).await?).build();
            let _progress = Progress::new("signing");
            minter.mint(&claims).await.map_err(|error| Failure::minting(error, config.public_keys()))
        })?;
        self.print(stdout, &claims, &token, url)?;
        Ok(Exit::Ok)
    }

    /// Parses the instance only for `--url`: the variable can be set for other commands.
    fn instance(&self) -> Result<Instance, Failure> {
        let Some(instance) = &self.instance else { return Ok(Instance::default()) };
        Instance::new(&instance.value).map_err(|error| instance.usage_error(&error.to_string()).with_hint(error.hint()))
    }

    fn print(
        &self,
        stdout: &mut Stdout,
        claims: &AgentClaims,
        token: &AgentToken,
        url: Option<EmbedUrl>,
    ) -> Result<(), Failure> {
        if let Some(url) = url {
            let url = url
                .with_token(token)
                .map_err(|error| Failure::new(Exit::Refused, error.to_string()).with_hint(error.hint()))?;
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

/// `expires_at` is in seconds since 1970, as in [`Instance::token_response`].
fn json(claims: &AgentClaims, token: &AgentToken) -> Value {
    json!({
        "token": token.expose_secret(),
        "claims": Inspector::new().inspect(token.expose_secret()).claims(),
        "expires_at": token.expires_at().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        "warnings": claims.warnings().into_iter().map(printable::warning).collect::<Vec<_>>(),
    })
}
