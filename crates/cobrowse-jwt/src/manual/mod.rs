//! The manual. Its examples compile and run as documentation tests.
//!
//! | page | contents |
//! | --- | --- |
//! | [`key_sources`] | where the private key can be, and what that protects against |
//! | [`first_token`] | the first token with a PEM file, an environment variable and AWS KMS |
//! | [`policies`] | ten policies and their JSON |
//! | [`custom_key_source`] | a key in your own service or device |

#[allow(unused_imports, reason = "the pages link to these items")]
use crate::*;

#[doc = include_str!("key_sources.md")]
pub mod key_sources {}

#[doc = include_str!("first_token.md")]
pub mod first_token {}

#[doc = include_str!("policies.md")]
pub mod policies {}

#[doc = include_str!("custom_key_source.md")]
pub mod custom_key_source {}
