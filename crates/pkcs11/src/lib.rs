#![doc = include_str!("../README.md")]

mod builder;
mod connection;
mod error;
mod module;
mod names;
mod pin;
mod pool;
mod service;
mod uri;

pub use cobrowse_jwt_remote::{Preflight, PreflightStep, PreflightStepName};

pub use builder::{Pkcs11Key, Pkcs11KeyBuilder};
pub use connection::KeyProtection;
pub use pin::Pin;
