//! How a token reaches the browser.

mod error;
mod instance;
mod url;

pub use error::EmbedError;
pub use instance::Instance;
pub use url::{EmbedUrl, TokenUrl};
