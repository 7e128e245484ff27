#![doc = include_str!("../README.md")]

mod cache;
mod events;
mod key;
mod lookup;
mod preflight;
mod redaction;
mod runtime;
mod service;
mod source;

pub use preflight::{Preflight, PreflightStep, PreflightStepName};
pub use redaction::redact;
pub use runtime::require_runtime;
pub use service::{KeyService, KeyVersion, ResolvedKey, ServiceSignature};
pub use source::{RemoteKey, RemoteKeyBuilder};
