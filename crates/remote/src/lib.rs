#![doc = include_str!("../README.md")]

mod service;

pub use service::{KeyService, KeyVersion, ResolvedKey, ServiceSignature};
