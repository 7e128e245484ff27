//! What the tests share: programs that nobody here wrote, and claims to try them with.

mod claim_sets;
pub mod fault_server;
mod foreign;
mod kms;
mod openssl;
mod web;

pub use claim_sets::{ClaimSet, claim_sets, license_key};
pub use foreign::{Answer, node, node_json, python, python_json};
pub use kms::{Emulator, kms_client, kms_client_in, patient_kms_client};
pub use openssl::{Openssl, PASSPHRASE};
pub use web::{Site, serve, serve_at};
