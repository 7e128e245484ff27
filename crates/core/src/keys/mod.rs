//! Key sources, signing keys and public keys.

mod error;
mod public_key;
mod signature;
mod source;
#[cfg(test)]
pub(crate) mod testing;

pub use error::{KeyError, KeyErrorKind};
pub use public_key::{PublicKey, PublicKeyError};
pub use signature::{Signature, SigningInput};
pub use source::{KeySource, SigningKey, StaticKey};
