use super::{check::TokenCheck, error::VerifyError, outcome::Outcome};
use crate::{
    json::{Document, Json, Object},
    text::printable_name,
};

/// A decoded part: its JSON object, if it is one, and the name of the first duplicate member.
pub(super) struct Part<'d> {
    pub(super) object: Option<Object<'d>>,
    pub(super) duplicate: Option<String>,
}

impl<'d> Part<'d> {
    pub(super) fn parse(bytes: &'d [u8]) -> Self {
        match Document::parse(bytes) {
            Ok(Document { value: Json::Object(object), duplicate }) => {
                Self { object: Some(object), duplicate: duplicate.as_deref().map(printable_name) }
            }
            _ => Self { object: None, duplicate: None },
        }
    }
}

/// Checks that the part is an object without duplicate members. `subject` begins the message: `header is`, `claims are`.
pub(super) fn object(part: Option<&Part<'_>>, check: TokenCheck, subject: &str) -> Outcome {
    let detail = match part {
        Some(Part { object: None, .. }) => format!("{subject} not a JSON object"),
        Some(Part { duplicate: Some(name), .. }) => format!("duplicate {} member {name:?}", check.id()),
        Some(_) => return Outcome::Passed,
        None => return Outcome::BLOCKED,
    };
    Outcome::Failed(VerifyError::malformed(check, detail))
}
