//! A key in a file, which may be replaced.

mod loader;
mod read;
mod source;
mod watch;

pub use source::{PemFile, PemFileBuilder};
