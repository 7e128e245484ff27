//! Third-party programs, emulators and claims for the tests.

mod claim_sets;
mod foreign;
mod key_file;
mod kms;
mod openbao;
mod openssl;
mod pasted_secrets;
mod reexec;
mod softhsm;
mod web;

pub use claim_sets::{ClaimSet, claim_sets};
pub use cobrowse_jwt_fault_server::{claims, license_key};
pub use foreign::{Answer, node, node_json, python, python_json};
pub use key_file::write_private_key;
pub use kms::{Emulator, kms_client, kms_client_in};
pub use openbao::{HttpsServer, OpenBao, OwnServer};
pub use openssl::{Openssl, PASSPHRASE};
pub use pasted_secrets::pasted_secrets;
pub use reexec::reexec;
pub use softhsm::SoftHsm;
pub use web::{RecordedRequest, Recorder, bind, bind_at, serve, serve_at};

/// The examples of the repository's README, which compile as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
