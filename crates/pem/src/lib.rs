#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod der;
#[cfg(feature = "encrypted-pem")]
mod encrypted;
mod error;
mod file;
mod key;
mod kind;
#[cfg(feature = "encrypted-pem")]
mod passphrase;
mod printable;
mod problem;
mod text;
mod thread;

pub use error::PemError;
#[doc(hidden)]
pub use file::key_file_directories;
pub use file::{PemFile, PemFileBuilder};
pub use key::{PemKey, RsaKeySize};
pub use kind::PemErrorKind;
#[cfg(feature = "encrypted-pem")]
pub use passphrase::Passphrase;
pub use printable::{printable_path, printable_variable};
#[doc(hidden)]
pub use thread::run_blocking;

pub use zeroize;
