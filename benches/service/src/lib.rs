//! Code shared by the programs that measure key services.

mod calls;
mod stub;

pub use calls::{BareCall, Calls};
pub use stub::{Signer, Stub};
