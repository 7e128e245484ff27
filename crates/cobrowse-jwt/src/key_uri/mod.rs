//! Key URIs: one string names a key, in configuration and on the command line.

mod error;
mod registry;
#[cfg(test)]
mod tests;
mod uri;

pub use error::KeyUriError;
pub use registry::{KeyUriRegistry, KeyUriScheme};
pub use uri::{KeyLocation, KeyUri};
