//! The checks of a token, one file per stage. [`Inspector`](super::Inspector) reports all of them, [`Verifier`](super::Verifier) stops at the
//! first failure.

mod check;
mod claims;
mod error;
mod form;
mod header;
mod inspection;
mod outcome;
mod part;
mod signature;
mod table;
mod time;

pub use check::TokenCheck;
pub use error::VerifyError;
pub use inspection::Inspection;
pub use outcome::{Finding, Outcome};

pub(super) use claims::ReadClaims;
pub(super) use form::Decoded;
pub(super) use table::{Expectations, ReadToken, TABLE};
