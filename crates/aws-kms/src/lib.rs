#![doc = include_str!("../README.md")]

mod entropy;
mod error;
mod key;
mod lookup;
mod preflight;
mod settings;
mod source;

pub use aws_config;
pub use aws_sdk_kms;

pub use preflight::{Preflight, PreflightStep};
pub use source::{AwsKmsKey, AwsKmsKeyBuilder};
