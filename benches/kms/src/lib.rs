//! Code shared by the programs of this package.

mod calls;
mod stub;

pub use calls::Calls;
pub use stub::Stub;
