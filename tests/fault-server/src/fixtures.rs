use cobrowse_jwt_core::{Access, AgentClaims, LicenseKey};

/// Returns a license key.
#[must_use]
pub fn license_key() -> LicenseKey {
    LicenseKey::new("SPGqPIcVnsOEJQ").unwrap()
}

/// Returns the claims of an agent.
#[must_use]
pub fn claims() -> AgentClaims {
    AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap()
}
