//! Code that the programs of this package share.

mod null_key;
mod raw;
mod token;
mod verifying;

pub use null_key::NullKey;
pub use raw::RawKey;
pub use token::{claims, claims_with_conditions, clock, license_key, mint, minter};
pub use verifying::Verifying;
