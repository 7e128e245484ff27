//! Tests of the program, with file modes, a shell and variables of Unix.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_tokens;
mod configuration;
mod doctor;
mod encrypted_keys;
mod generated;
mod inspect;
mod keygen;
mod kms;
mod mint;
mod node;
mod pkcs11;
mod program;
mod public_key;
mod readme;
mod secrets;
mod streams;
mod terminal;
mod usage;
mod vault;
mod verify;
