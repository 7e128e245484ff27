//! The protocol of the measuring programs, and the token that all of them mint.

mod claims;
mod clock;
mod keys;
mod serve;

pub use claims::{AUDIENCE, Claims, DISPLAY_NAME, LICENSE_KEY, Policy, Rule, SUBJECT, USER_ID, lifetime_from_now};
pub use clock::Cpu;
pub use keys::{SIZES, private_key, public_key, token};
pub use serve::{Workload, serve};
