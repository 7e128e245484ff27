//! The claims of a token: identity, access and lifetime.

mod access;
mod agent;
mod error;
mod license_key;
mod lifetime;
mod names;
mod policy;
mod text;
mod warning;

pub use access::{Access, Role};
pub use agent::AgentClaims;
pub use error::ClaimsError;
pub use license_key::LicenseKey;
pub use lifetime::Lifetime;
pub use names::{DisplayName, Subject};
pub use policy::{Permission, Policy, PolicyBuilder, PolicyError, PolicyVersion, Rule};
pub use warning::ClaimsWarning;

pub(crate) use access::RoleClaim;
