//! What a token says: who the agent is, for how long, and what they may see.

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
pub use error::{ClaimsError, PolicyError};
pub use license_key::LicenseKey;
pub use lifetime::Lifetime;
pub use names::{DisplayName, Subject};
pub use policy::{Permission, Policy, PolicyVersion, Rule};
pub use warning::ClaimsWarning;

pub(crate) use access::RoleClaim;
