//! A key source for an HTTP key service: `src/adapter.rs`.
//!
//! Run with `cargo run -p custom-key-service`. It starts the service (`src/server.rs`) on a free port, mints a token with the service's
//! key, and prints the verified claims. The token itself is not printed.

mod adapter;
mod server;
#[cfg(test)]
mod tests;

use std::error::Error;

use adapter::HttpKeyService;
use cobrowse_jwt_core::{Access, AgentClaims, LicenseKey, Minter, Role, Verifier};
use cobrowse_jwt_remote::RemoteKey;
use server::Server;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let service = HttpKeyService::new(server.url(), "cobrowse", Server::PASSWORD);
    let key = RemoteKey::builder(service).max_in_flight(64.try_into()?).build();
    let preflight = key.preflight().await;
    for step in preflight.steps() {
        println!("{:<12} {}", step.name, if step.result.is_ok() { "ok" } else { "failed" });
    }
    preflight.result()?;

    let license_key = LicenseKey::new("trial")?;
    let minter = Minter::new(license_key.clone(), key);
    let claims = AgentClaims::new("jane@example.com", Access::Role(Role::Agent))?;
    let token = minter.mint(&claims).await?;

    let verified = Verifier::new(license_key, minter.check_key().await?).verify(token.expose_secret())?;
    println!("{:?}", verified.claims);
    Ok(())
}
