//! Minting, verification and inspection of tokens.

mod agent_token;
mod clock;
mod compact;
mod events;
mod inspector;
mod mint_error;
mod minter;
mod validation;
mod verifier;

pub use agent_token::AgentToken;
pub use clock::{Clock, ClockSkew, ClockSkewError};
pub use inspector::Inspector;
pub use mint_error::MintError;
pub use minter::{Minter, MinterBuilder};
pub use validation::{Finding, Inspection, Outcome, TokenCheck, VerifyError};
pub use verifier::{VerifiedToken, Verifier};

/// The maximum length of a token that is minted or verified, in bytes. A token with a 2048-bit key and a typical policy has about 820.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The claim `aud` of every token, also for self-hosted instances.
pub(crate) const AUDIENCE: &str = "https://cobrowse.io";
