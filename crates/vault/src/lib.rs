#![doc = include_str!("../README.md")]

mod address;
mod auth;
mod builder;
mod client;
mod error;
mod events;
mod secret;
mod service;
mod session;

pub use cobrowse_jwt_remote::{Preflight, PreflightStep, PreflightStepName};

pub use auth::VaultAuth;
pub use builder::{VaultKey, VaultKeyBuilder};
pub use secret::Secret;
