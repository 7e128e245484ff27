//! Delivery of a token to the browser.

mod error;
mod instance;
mod parameter;
mod responses;
mod url;

pub use error::EmbedError;
pub use instance::Instance;
pub use parameter::{EndAction, Visibility};
pub use responses::TokenResponseBody;
pub use url::{EmbedUrl, PostMessageUrl, TokenUrl};
