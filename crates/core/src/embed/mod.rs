//! How a token reaches the browser.

mod error;
mod hand_over;
mod instance;
mod parameter;
mod url;

pub use error::EmbedError;
pub use hand_over::TokenJson;
pub use instance::Instance;
pub use parameter::{EndAction, Show};
pub use url::{EmbedUrl, PostMessageUrl, TokenUrl};
