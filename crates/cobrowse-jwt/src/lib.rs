#![cfg_attr(feature = "pem", doc = include_str!("../../../README.md"))]

pub use cobrowse_jwt_core::*;

#[cfg(feature = "pem")]
pub use cobrowse_jwt_pem as pem;
