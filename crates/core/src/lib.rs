#![doc = include_str!("../README.md")]

mod claims;
mod embed;
mod json;
mod keys;
mod token;

pub use async_trait::async_trait;

pub use claims::{
    Access, AgentClaims, ClaimsError, DisplayName, LicenseKey, Lifetime, Permission, Policy, PolicyError,
    PolicyVersion, Role, Rule, Subject, Warning,
};
pub use embed::{EmbedError, EmbedUrl, EndAction, Instance, PostMessageUrl, Show, TokenJson, TokenUrl};
pub use keys::{
    FixedKey, KeyError, KeyErrorKind, KeySource, PublicKey, PublicKeyError, Signature, SigningInput, SigningKey,
};
pub use token::{
    AgentToken, Clock, ClockSkew, ClockSkewError, Finding, Inspection, Inspector, MAX_TOKEN_BYTES, MintError, Minter,
    MinterBuilder, Outcome, TokenRule, VerifiedToken, Verifier, VerifyError,
};
