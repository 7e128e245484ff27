use super::{error::VerifyError, outcome::Outcome};
use crate::json::{Document, Json, Object, shortened};

/// One part as JSON: no object if it is none, and the name of the first member that comes twice.
pub(super) struct Part<'d> {
    pub(super) object: Option<Object<'d>>,
    pub(super) repeated: Option<String>,
}

impl<'d> Part<'d> {
    pub(super) fn read(bytes: &'d [u8]) -> Self {
        match Document::parse(bytes) {
            Ok(Document { value: Json::Object(object), repeated }) => {
                Self { object: Some(object), repeated: repeated.as_deref().map(shortened) }
            }
            _ => Self { object: None, repeated: None },
        }
    }
}

pub(super) fn json(part: Option<&Part<'_>>, unreadable: VerifyError, repeated: fn(String) -> VerifyError) -> Outcome {
    match part {
        Some(Part { object: None, .. }) => Outcome::Failed(unreadable),
        Some(Part { repeated: Some(name), .. }) => Outcome::Failed(repeated(name.clone())),
        Some(_) => Outcome::Passed,
        None => Outcome::UNREADABLE,
    }
}
