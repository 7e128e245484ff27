#![doc = include_str!("../README.md")]

mod builder;
mod client;
mod error;
mod key_id;
mod service;

pub use aws_config;
pub use aws_sdk_kms;
pub use cobrowse_jwt_remote::{Preflight, PreflightStep, PreflightStepName};

pub use builder::{AwsKmsKey, AwsKmsKeyBuilder};
