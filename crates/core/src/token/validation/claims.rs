use super::{error::VerifyError, outcome::Outcome, time::date};
use crate::{
    claims::{ClaimsError, DisplayName, LicenseKey, Policy, RoleClaim, Subject},
    json::{Object, shortened},
    token::AUDIENCE,
};

const KNOWN: [&str; 8] = ["iat", "exp", "aud", "iss", "sub", "displayName", "role", "policy"];

/// Every claim as the type that contains valid values only, or its error.
pub(in crate::token) struct ReadClaims {
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

impl ReadClaims {
    pub(super) fn of(claims: &Object<'_>) -> Self {
        let unknown = claims.names().find(|name| !KNOWN.contains(name));
        let role = match (RoleClaim::from_json(claims.get("role")), claims.get("policy").is_some()) {
            (Ok(RoleClaim::Null), false) => Err(ClaimsError::NullRoleWithoutPolicy),
            (role, _) => role,
        };
        Self {
            audience: text(claims, "aud")
                .and_then(|aud| if aud == AUDIENCE { Ok(()) } else { Err(VerifyError::OtherAudience) }),
            issuer: text(claims, "iss").and_then(|iss| LicenseKey::new(iss).map_err(VerifyError::Issuer)),
            subject: text(claims, "sub").and_then(|sub| Subject::new(sub).map_err(VerifyError::Subject)),
            display_name: match text(claims, "displayName") {
                Err(VerifyError::Missing(_)) => Ok(None),
                name => name.and_then(|name| DisplayName::new(name).map_err(VerifyError::DisplayName)).map(Some),
            },
            issued_at: date(claims, "iat"),
            expires_at: date(claims, "exp"),
            role: role.map_err(VerifyError::Role),
            policy: claims.get("policy").map(Policy::from_json).transpose().map_err(VerifyError::Policy),
            known: unknown.map_or(Ok(()), |name| Err(unknown_claim(name))),
        }
    }
}

fn unknown_claim(name: &str) -> VerifyError {
    let found = shortened(name);
    let letters = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    match KNOWN.into_iter().find(|known| letters(known) == letters(name)) {
        Some(meant) => VerifyError::MisspelledClaim { found, meant },
        None => VerifyError::UnknownClaim(found),
    }
}

fn text<'c>(claims: &'c Object<'_>, name: &'static str) -> Result<&'c str, VerifyError> {
    let value = claims.get(name).ok_or(VerifyError::Missing(name))?;
    // An audience may be an array by RFC 7519, yet never is one here.
    value.as_str().ok_or(if name == "aud" { VerifyError::OtherAudience } else { VerifyError::NotText(name) })
}

pub(super) fn issuer(claims: Option<&ReadClaims>, expected: Option<&LicenseKey>) -> Outcome {
    let issuer = claims.map(|claims| &claims.issuer);
    match (issuer, expected) {
        (Some(Ok(issuer)), Some(expected)) if issuer != expected => Outcome::Failed(VerifyError::OtherIssuer),
        (Some(Ok(_)), None) => Outcome::Skipped("give the license key to have the issuer compared with it"),
        _ => Outcome::of(issuer),
    }
}
