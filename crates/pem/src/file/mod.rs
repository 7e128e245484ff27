//! A key in a file, which may be replaced.

mod source;

mod events;
mod loader;
mod permissions;
mod read;
mod watch;

pub use permissions::key_file_directories;
pub use source::{PemFile, PemFileBuilder};
