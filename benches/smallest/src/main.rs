//! `bench-smallest KEY_FILE`: mints a token and prints it.

use cobrowse_jwt::{Access, AgentClaims, LicenseKey, Minter, Role, pem::PemFile};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: bench-smallest KEY_FILE")?;
    let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, PemFile::open_blocking(path)?);
    let claims = AgentClaims::new("jane@example.com", Access::Role(Role::Agent))?;
    println!("{}", pollster::block_on(minter.mint(&claims))?.expose_secret());
    Ok(())
}
