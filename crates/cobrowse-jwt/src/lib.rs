#![cfg_attr(feature = "pem", doc = include_str!("../../../README.md"))]
#![cfg_attr(not(feature = "pem"), doc = "Cobrowse agent tokens, with a key source of your own.")]

pub use cobrowse_jwt_core::*;

#[cfg(feature = "pem")]
pub use cobrowse_jwt_pem as pem;
