//! The checks of a token, one file per stage. [`Inspector`](super::Inspector) reports all of them, [`Verifier`](super::Verifier) stops at the
//! first failure.

mod check;
mod checks;
mod claims;
mod error;
mod form;
mod header;
mod inspection;
mod outcome;
mod part;
mod signature;
mod time;

pub use check::TokenCheck;
pub use error::VerifyError;
pub use inspection::Inspection;
pub use outcome::{Finding, Outcome};

pub(super) use checks::{CHECKS, ParsedToken, ValidationContext};
pub(super) use claims::{ParsedClaims, invalid};
pub(super) use form::Decoded;
