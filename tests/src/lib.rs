//! What the tests share: programs that nobody here wrote, and claims to try them with.

mod claim_sets;
pub mod fault_server;
mod foreign;
mod kms;
mod openssl;

pub use claim_sets::{ClaimSet, claim_sets, license_key};
pub use foreign::{Answer, node, python, python_json};
pub use kms::{Emulator, kms_client, kms_client_in};
pub use openssl::{Openssl, PASSPHRASE};
