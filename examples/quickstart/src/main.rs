//! Mints and verifies a token, without a Cobrowse account.
//!
//! Run with `cargo run -p quickstart`. It generates a key in memory. With `COBROWSE_LICENSE_KEY` and `COBROWSE_KEY` set, it uses that
//! account and key.

mod report;

use std::{error::Error, io, process::ExitCode};

use cobrowse_jwt::{
    Access, AgentClaims, Config, ConfigError, EmbedUrl, ErrorReport, Inspector, Instance, LicenseKey, Minter, Policy,
    Rule, Verifier,
    pem::{PemKey, RsaKeySize},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("{}", ErrorReport::new(&*error));
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Setup { license_key, instance, minter, origin } = Setup::from_env().await?;

    // This agent may see the devices and sessions of one customer.
    let customer = Rule::custom_data("user_id", "42");
    let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
    let claims = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy))?.with_display_name("Jane Doe")?;

    let public_key = minter.check_key().await?;
    let token = minter.mint(&claims).await?;

    let verifier = Verifier::new(license_key, public_key.clone());
    let accepted = verifier.verify(token.expose_secret())?;
    let url = EmbedUrl::dashboard(&instance).with_token(&token)?;

    let report = report::Report {
        origin,
        inspection: Inspector::from(verifier).inspect(token.expose_secret()),
        accepted,
        token: token.expose_secret(),
        url: url.expose_secret(),
        public_key: public_key.to_pem(),
    };
    match report::write(&report, &mut io::stdout().lock()) {
        // The reader has closed the pipe, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

struct Setup {
    license_key: LicenseKey,
    instance: Instance,
    minter: Minter,
    /// Describes the key.
    origin: &'static str,
}

impl Setup {
    async fn from_env() -> Result<Self, Box<dyn Error>> {
        match Config::from_env() {
            Ok(config) => Ok(Self {
                license_key: config.license_key().clone(),
                instance: config.instance().clone(),
                minter: config.minter().await?,
                origin: "the key of COBROWSE_KEY",
            }),
            Err(ConfigError::NotConfigured) => {
                let license_key = LicenseKey::new("trial")?;
                let key = PemKey::generate(RsaKeySize::Rsa2048)?;
                Ok(Self {
                    license_key: license_key.clone(),
                    instance: Instance::default(),
                    minter: Minter::new(license_key, key),
                    origin: "a new key, which is not stored, for the demo account `trial`; Cobrowse will refuse the token",
                })
            }
            Err(error) => Err(error.into()),
        }
    }
}
