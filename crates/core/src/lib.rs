#![doc = include_str!("../README.md")]

mod claims;
mod duration;
mod embed;
mod json;
mod keys;
mod text;
mod token;

pub use async_trait::async_trait;

pub use claims::{
    Access, AgentClaims, ClaimsError, ClaimsWarning, DisplayName, LicenseKey, Lifetime, Permission, Policy,
    PolicyBuilder, PolicyError, PolicyVersion, Role, Rule, Subject,
};
pub use embed::{EmbedError, EmbedUrl, EndAction, Instance, PostMessageUrl, TokenResponseBody, TokenUrl, Visibility};
pub use keys::{
    KeyError, KeyErrorKind, KeySource, PublicKey, PublicKeyError, Signature, SigningInput, SigningKey, StaticKey,
};
#[doc(hidden)]
pub use text::is_invisible;
pub use token::{
    AgentToken, Clock, ClockSkew, ClockSkewError, Finding, Inspection, Inspector, MAX_TOKEN_BYTES, MintError, Minter,
    MinterBuilder, Outcome, TokenCheck, VerifiedToken, Verifier, VerifyError,
};

// Crates with types in public signatures.
pub use {http, serde_json};
