use super::{check::TokenCheck, error::VerifyError};
use crate::{
    json::{Json, Object},
    text::printable_name,
};

/// The result of each check of the header.
pub(super) struct HeaderChecks {
    pub(super) algorithm: Result<(), VerifyError>,
    pub(super) type_: Result<(), VerifyError>,
    pub(super) critical: Result<(), VerifyError>,
    pub(super) members: Result<(), VerifyError>,
}

impl HeaderChecks {
    pub(super) fn new(header: &Object<'_>) -> Self {
        let unknown = header.names().find(|name| !matches!(*name, "alg" | "typ" | "kid" | "crit"));
        Self {
            algorithm: match header.get("alg").and_then(Json::as_str) {
                Some("RS256") => Ok(()),
                Some(none) if none.eq_ignore_ascii_case("none") => Err(VerifyError::AlgNone),
                other => Err(VerifyError::UnsupportedAlgorithm(other.map(printable_name))),
            },
            type_: match header.get("typ").and_then(Json::as_str) {
                Some("JWT") => Ok(()),
                _ => Err(VerifyError::invalid_header(TokenCheck::Type, "typ is not \"JWT\"")),
            },
            critical: match header.get("crit") {
                None => Ok(()),
                Some(_) => {
                    Err(VerifyError::invalid_header(TokenCheck::Critical, "unsupported critical extensions (crit)"))
                }
            },
            members: match (unknown, header.get("kid")) {
                (Some(name), _) => {
                    let detail = format!("unknown header member {:?}", printable_name(name));
                    Err(VerifyError::invalid_header(TokenCheck::HeaderMembers, detail))
                }
                (None, Some(kid)) if kid.as_str().is_none() => {
                    Err(VerifyError::invalid_header(TokenCheck::HeaderMembers, "kid is not a string"))
                }
                (None, _) => Ok(()),
            },
        }
    }
}
