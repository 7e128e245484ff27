//! Fuzz targets. Each accepts any bytes and panics if the SDK violates the property that its documentation states.

mod account;
mod agreement;
mod claims;
mod embed_url;
mod encrypted_pem;
mod errors;
mod key_uri;
mod kms_response;
mod pem;
mod pkcs11_uri;
mod policy;
mod token;
mod vault_response;

pub use agreement::agreement;
pub use claims::claims;
pub use embed_url::embed_url;
pub use encrypted_pem::encrypted_pem;
pub use key_uri::key_uri;
pub use kms_response::kms_response;
pub use pem::pem;
pub use pkcs11_uri::pkcs11_uri;
pub use policy::policy;
pub use token::token;
pub use vault_response::vault_response;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its program and of its folder in `seeds`.
    pub name: &'static str,
    /// Runs one input.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident)*) => {
        /// Every target.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: $name }),*];
    };
}

targets! { agreement claims embed_url encrypted_pem key_uri kms_response pem pkcs11_uri policy token vault_response }
