//! What a token must be: one table of rules, read leniently by [`Inspection`] and strictly by [`Verifier`](super::Verifier).

mod error;
mod evidence;
mod inspection;
mod rules;

pub use error::VerifyError;
pub use inspection::{Finding, Inspection, Outcome};
pub use rules::TokenCheck;

pub(super) use evidence::{Decoded, Evidence, ReadClaims};
pub(super) use rules::{Expectations, TABLE};
