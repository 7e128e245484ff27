//! A token signed by a key that never leaves AWS KMS.
//!
//! Run with `COBROWSE_LICENSE_KEY=... cargo run -p kms-token -- alias/cobrowse`. Credentials and Region come from the AWS SDK's
//! standard chain. Prints the preflight and the public key to stderr, and the token alone to stdout.

use std::{env, error::Error, iter, process::ExitCode};

use cobrowse_jwt::{Access, AgentClaims, LicenseKey, Minter, Policy, Rule, aws_kms::AwsKmsKey};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        eprintln!("  because: {cause}");
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let license_key = LicenseKey::new(env::var("COBROWSE_LICENSE_KEY").unwrap_or_else(|_| "trial".into()))?;
    let key_id = env::args().nth(1).ok_or("name the key: its id, ARN or alias, such as alias/cobrowse")?;

    let key = AwsKmsKey::from_env(key_id).await?;
    let preflight = key.preflight().await;
    for step in preflight.steps() {
        let result = if step.result.is_ok() { "ok" } else { "FAILED" };
        eprintln!("{:<12} {:>5} ms  {result}", step.name, step.elapsed.as_millis());
    }
    preflight.result()?;

    let minter = Minter::new(license_key, key);
    eprintln!("\npaste into the Cobrowse dashboard, Settings > Integrations > JWT SSO:");
    eprintln!("{}", minter.check_key().await?.to_pem());

    let customer = Rule::custom_data("user_id", "42");
    let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
    let claims = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy))?;
    println!("{}", minter.mint(&claims).await?.expose_secret());
    Ok(())
}
