#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod error_report;
mod key_uri;
// Only for documentation and its tests. The examples need these features.
#[cfg(all(
    any(doc, doctest),
    feature = "aws-kms",
    feature = "env",
    feature = "pkcs11",
    feature = "testing",
    feature = "vault"
))]
pub mod manual;
#[cfg(feature = "testing")]
pub mod testing;

pub use cobrowse_jwt_core::*;

pub use config::{Config, ConfigBuilder, ConfigError};
pub use error_report::ErrorReport;
pub use key_uri::{KeyLocation, KeyUri, KeyUriError, KeyUriRegistry, KeyUriScheme};

#[cfg(feature = "aws-kms")]
pub use cobrowse_jwt_aws_kms as aws_kms;
#[cfg(feature = "env")]
pub use cobrowse_jwt_env as env;
#[cfg(feature = "pem")]
pub use cobrowse_jwt_pem as pem;
#[cfg(feature = "pkcs11")]
pub use cobrowse_jwt_pkcs11 as pkcs11;
#[cfg(feature = "vault")]
pub use cobrowse_jwt_vault as vault;
