//! What the tests share: programs that nobody here wrote, and claims to try them with.

mod claim_sets;
mod foreign;
mod openssl;

pub use claim_sets::{ClaimSet, claim_sets, license_key};
pub use foreign::{Answer, node, python, python_json};
pub use openssl::{Openssl, PASSPHRASE};
