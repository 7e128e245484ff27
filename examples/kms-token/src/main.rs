//! Mints a token with a key in AWS KMS.
//!
//! Run with `COBROWSE_LICENSE_KEY=... COBROWSE_KEY=awskms:///alias/cobrowse cargo run -p kms-token`. Credentials and Region come from the
//! standard configuration of the AWS SDK. Prints the preflight and the public key to stderr, and the token to stdout.

use std::{error::Error, process::ExitCode};

use cobrowse_jwt::{Access, AgentClaims, Config, ErrorReport, Policy, Rule};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("{}", ErrorReport::new(&*error));
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = Config::from_env()?;
    let key = config.key_registry().await?.aws_kms_builder(config.key()).await?.build()?;
    let preflight = key.preflight().await;
    for step in preflight.steps() {
        let result = if step.result.is_ok() { "ok" } else { "failed" };
        eprintln!("{:<12} {:>5} ms  {result}", step.name, step.elapsed.as_millis());
    }
    preflight.result()?;

    let minter = config.minter_builder(key).build();
    eprintln!("\npaste into the Cobrowse dashboard, Settings > Integrations > JWT SSO:");
    eprintln!("{}", minter.check_key().await?.to_pem());

    let customer = Rule::custom_data("user_id", "42");
    let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
    let claims = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy))?;
    println!("{}", minter.mint(&claims).await?.expose_secret());
    Ok(())
}
