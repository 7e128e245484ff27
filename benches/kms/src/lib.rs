//! What the programs of this package share.

mod calls;
mod stub;

pub use calls::Calls;
pub use stub::Stub;
