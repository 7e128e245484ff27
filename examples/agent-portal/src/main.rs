//! Run with `cargo run -p agent-portal`, and open the address that it prints.
//!
//! Without configuration it generates a key in memory and starts a mock of Cobrowse on loopback, so that it works without an
//! account. It prints the variables that configure an account; `config.rs` lists all.

use std::{error::Error, process::ExitCode};

use agent_portal::Config;
use cobrowse_jwt::ErrorReport;

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("{}", ErrorReport::new(&*error));
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (listener, portal, greeting) = Config::from_env()?.start().await?;
    eprintln!("{greeting}");
    axum::serve(listener, portal.router()).await?;
    Ok(())
}
