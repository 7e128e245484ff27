use super::error::VerifyError;
use crate::json::{Json, Object, shortened};

/// Each check of the header.
pub(super) struct ReadHeader {
    pub(super) algorithm: Result<(), VerifyError>,
    pub(super) type_: Result<(), VerifyError>,
    pub(super) critical: Result<(), VerifyError>,
    pub(super) key_id: Result<(), VerifyError>,
}

impl ReadHeader {
    pub(super) fn of(header: &Object<'_>) -> Self {
        let unknown = header.names().find(|name| !matches!(*name, "alg" | "typ" | "kid" | "crit"));
        Self {
            algorithm: match header.get("alg").and_then(Json::as_str) {
                None => Err(VerifyError::NoAlgorithm),
                Some("RS256") => Ok(()),
                Some(none) if none.eq_ignore_ascii_case("none") => Err(VerifyError::Unsigned),
                Some(shared @ ("HS256" | "HS384" | "HS512")) => Err(VerifyError::SharedSecret(shared.to_owned())),
                Some(other) => Err(VerifyError::OtherAlgorithm(shortened(other))),
            },
            type_: match header.get("typ").and_then(Json::as_str) {
                Some("JWT") => Ok(()),
                _ => Err(VerifyError::OtherType),
            },
            critical: if header.get("crit").is_some() { Err(VerifyError::Critical) } else { Ok(()) },
            key_id: match (unknown, header.get("kid")) {
                (Some(name), _) => Err(VerifyError::UnknownHeaderMember(shortened(name))),
                (None, Some(kid)) if kid.as_str().is_none() => Err(VerifyError::KeyIdNotText),
                (None, _) => Ok(()),
            },
        }
    }
}
