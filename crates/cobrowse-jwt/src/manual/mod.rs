//! The manual. Its examples compile and run as documentation tests.
//!
//! | page | contents |
//! | --- | --- |
//! | [`key_sources`] | where to store the private key, and what each choice protects against |
//! | [`first_token`] | the first token with a PEM file, an environment variable, AWS KMS, Vault and PKCS#11 |
//! | [`policies`] | ten policies and their JSON |
//! | [`embedding`] | the iframe, by `postMessage` or redirect |
//! | [`rotation`] | replacing the registered key, and going back |
//! | [`capacity`] | tokens per second, quota and price of AWS KMS, reusing a token |
//! | [`testing_your_code`] | unit tests with a test account, and simulated failures |
//! | [`custom_key_source`] | writing a source for a key in your own service or device |
//! | [`migration`] | from `jsonwebtoken`, Node and Python |
//! | [`troubleshooting`] | error messages, with cause and remedy |

#[allow(unused_imports, reason = "the pages link to these items")]
use crate::*;

#[doc = include_str!("key_sources.md")]
pub mod key_sources {}

#[doc = include_str!("first_token.md")]
pub mod first_token {}

#[doc = include_str!("policies.md")]
pub mod policies {}

#[doc = include_str!("embedding.md")]
pub mod embedding {}

#[doc = include_str!("rotation.md")]
pub mod rotation {}

#[doc = include_str!("capacity.md")]
pub mod capacity {}

#[doc = include_str!("testing_your_code.md")]
pub mod testing_your_code {}

#[doc = include_str!("custom_key_source.md")]
pub mod custom_key_source {}

#[doc = include_str!("migration.md")]
pub mod migration {}

#[doc = include_str!("troubleshooting.md")]
pub mod troubleshooting {}
