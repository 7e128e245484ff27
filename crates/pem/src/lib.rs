#![doc = include_str!("../README.md")]

mod der;
#[cfg(feature = "encrypted-pem")]
mod encrypted;
mod error;
mod file;
mod key;
#[cfg(feature = "encrypted-pem")]
mod passphrase;
mod printable;
mod text;

pub use error::{PemError, PemErrorKind};
pub use file::{PemFile, PemFileBuilder};
pub use key::{PemKey, RsaKeySize};
#[cfg(feature = "encrypted-pem")]
pub use passphrase::Passphrase;
pub use printable::{printable_path, printable_variable};
