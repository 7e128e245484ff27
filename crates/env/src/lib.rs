#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod key;
mod value;

pub use error::{EnvError, EnvErrorKind};
pub use key::{EnvKey, EnvKeyBuilder};

#[cfg(feature = "encrypted-pem")]
pub use cobrowse_jwt_pem::Passphrase;
pub use cobrowse_jwt_pem::{PemError, PemErrorKind};
