use super::{error::VerifyError, outcome::Outcome, time::date};
use crate::{
    claims::{ClaimsError, DisplayName, LicenseKey, Policy, RoleClaim, Subject},
    json::Object,
    text::printable_name,
    token::AUDIENCE,
};

const KNOWN: [&str; 8] = ["iat", "exp", "aud", "iss", "sub", "displayName", "role", "policy"];

/// Each claim as a type whose values are valid, or its error.
pub(in crate::token) struct ParsedClaims {
    pub(super) audience: Result<(), VerifyError>,
    pub(in crate::token) issuer: Result<LicenseKey, VerifyError>,
    pub(in crate::token) subject: Result<Subject, VerifyError>,
    pub(in crate::token) display_name: Result<Option<DisplayName>, VerifyError>,
    pub(in crate::token) issued_at: Result<u64, VerifyError>,
    pub(in crate::token) expires_at: Result<u64, VerifyError>,
    pub(in crate::token) role: Result<RoleClaim, VerifyError>,
    pub(in crate::token) policy: Result<Option<Policy>, VerifyError>,
    pub(super) known: Result<(), VerifyError>,
}

impl ParsedClaims {
    pub(super) fn new(claims: &Object<'_>) -> Self {
        let unknown = claims.names().find(|name| !KNOWN.contains(name));
        let role = match (RoleClaim::from_json(claims.get("role")), claims.get("policy").is_some()) {
            (Ok(RoleClaim::Null), false) => Err(ClaimsError::NullRoleWithoutPolicy),
            (role, _) => role,
        };
        Self {
            audience: text(claims, "aud")
                .and_then(|aud| if aud == AUDIENCE { Ok(()) } else { Err(VerifyError::AudienceMismatch) }),
            issuer: text(claims, "iss").and_then(|iss| LicenseKey::new(iss).map_err(invalid("iss"))),
            subject: text(claims, "sub").and_then(|sub| Subject::new(sub).map_err(invalid("sub"))),
            display_name: match text(claims, "displayName") {
                Err(VerifyError::MissingClaim(_)) => Ok(None),
                name => name.and_then(|name| DisplayName::new(name).map_err(invalid("displayName"))).map(Some),
            },
            issued_at: date(claims, "iat"),
            expires_at: date(claims, "exp"),
            role: role.map_err(invalid("role")),
            policy: claims.get("policy").map(Policy::from_json).transpose().map_err(VerifyError::InvalidPolicy),
            known: unknown.map_or(Ok(()), |name| Err(unknown_claim(name))),
        }
    }
}

fn unknown_claim(name: &str) -> VerifyError {
    let found = printable_name(name);
    let letters = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    VerifyError::UnknownClaim { found, expected: KNOWN.into_iter().find(|known| letters(known) == letters(name)) }
}

pub(in crate::token) fn invalid(claim: &'static str) -> impl Fn(ClaimsError) -> VerifyError {
    move |source| VerifyError::InvalidClaim { claim, source }
}

fn text<'c>(claims: &'c Object<'_>, name: &'static str) -> Result<&'c str, VerifyError> {
    let value = claims.get(name).ok_or(VerifyError::MissingClaim(name))?;
    // RFC 7519 allows an array of audiences; Cobrowse does not.
    value.as_str().ok_or(if name == "aud" {
        VerifyError::AudienceMismatch
    } else {
        VerifyError::WrongClaimType { claim: name, expected: "a string" }
    })
}

pub(super) fn issuer(claims: Option<&ParsedClaims>, expected: Option<&LicenseKey>) -> Outcome {
    let issuer = claims.map(|claims| &claims.issuer);
    match (issuer, expected) {
        (Some(Ok(issuer)), Some(expected)) if issuer != expected => Outcome::Failed(VerifyError::IssuerMismatch),
        (Some(Ok(_)), None) => Outcome::Skipped("no license key given"),
        _ => Outcome::of(issuer),
    }
}
