//! What can be read of a text that claims to be a token. Reads as much as it can and notes what was not as it should be.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD},
    },
};
use serde_json::{Map, Value};

use super::VerifyError;
use crate::{
    claims::{ClaimsError, DisplayName, LicenseKey, Policy, RoleClaim, Subject},
    json::{Document, shortened},
    token::{AUDIENCE, MAX_TOKEN_BYTES, clock::MAX_NUMERIC_DATE},
};

/// A `None` stands for what cannot be read at all.
#[derive(Default)]
pub(in crate::token) struct Evidence<'t> {
    pub(super) bytes: usize,
    pub(super) form: Option<Result<(), VerifyError>>,
    pub(super) header: Option<Json>,
    pub(super) read_header: Option<ReadHeader>,
    pub(super) claims: Option<Json>,
    pub(in crate::token) read_claims: Option<ReadClaims>,
    /// What was signed, if there is a signature.
    pub(super) signing_input: &'t [u8],
    pub(super) signature: Option<Vec<u8>>,
}

impl<'t> Evidence<'t> {
    /// Linear in the text's length, in time and in memory; a text over the limit is not read.
    pub(in crate::token) fn read(text: &'t str) -> Self {
        let mut evidence = Self { bytes: text.len(), ..Self::default() };
        if text.len() > MAX_TOKEN_BYTES {
            return evidence;
        }
        let trimmed = text.trim();
        let mut parts = trimmed.split('.');
        let (header, claims, signature) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let count = [claims, signature].iter().flatten().count() + 1 + parts.count();

        let header = Part::decode(header);
        let claims = claims.map(Part::decode);
        let signature = signature.map(Part::decode);
        evidence.form = Some(form(text, count, &header, claims.as_ref(), signature.as_ref()));
        if signature.is_some() && count == 3 {
            evidence.signing_input = trimmed.rsplit_once('.').map_or(&[], |(input, _)| input.as_bytes());
            evidence.signature = signature.and_then(|part| part.bytes);
        }
        evidence.header = header.bytes.as_deref().map(Json::read);
        evidence.claims = claims.and_then(|part| part.bytes).as_deref().map(Json::read);
        evidence.read_header = evidence.header.as_ref().and_then(|json| json.object.as_ref()).map(ReadHeader::of);
        evidence.read_claims = evidence.claims.as_ref().and_then(|json| json.object.as_ref()).map(ReadClaims::of);
        evidence
    }
}

fn form(
    text: &str,
    parts: usize,
    header: &Part,
    claims: Option<&Part>,
    signature: Option<&Part>,
) -> Result<(), VerifyError> {
    if text.contains(char::is_whitespace) {
        return Err(VerifyError::WhiteSpace);
    }
    let (3, Some(claims), Some(signature)) = (parts, claims, signature) else {
        return Err(VerifyError::WrongParts { parts });
    };
    [("header", header), ("claims", claims), ("signature", signature)]
        .into_iter()
        .find(|(_, part)| !part.canonical)
        .map_or(Ok(()), |(part, _)| Err(VerifyError::NotBase64Url { part }))
}

struct Part {
    bytes: Option<Vec<u8>>,
    canonical: bool,
}

impl Part {
    fn decode(text: &str) -> Self {
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &URL_SAFE,
            GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        if let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) {
            return Self { bytes: Some(bytes), canonical: true };
        }
        let url_safe = text.replace('+', "-").replace('/', "_");
        Self { bytes: LENIENT.decode(url_safe).ok(), canonical: false }
    }
}

/// One part as JSON: no object if it is none, and the name of the first member that comes twice.
pub(super) struct Json {
    pub(super) object: Option<Map<String, Value>>,
    pub(super) repeated: Option<String>,
}

impl Json {
    fn read(bytes: &[u8]) -> Self {
        match Document::parse(bytes) {
            Ok(Document { value: Value::Object(object), repeated }) => {
                Self { object: Some(object), repeated: repeated.as_deref().map(shortened) }
            }
            _ => Self { object: None, repeated: None },
        }
    }
}

pub(super) struct ReadHeader {
    pub(super) algorithm: Result<(), VerifyError>,
    pub(super) type_: Result<(), VerifyError>,
    pub(super) critical: Result<(), VerifyError>,
    pub(super) key_id: Result<(), VerifyError>,
}

impl ReadHeader {
    fn of(header: &Map<String, Value>) -> Self {
        let unknown = header.keys().find(|name| !matches!(name.as_str(), "alg" | "typ" | "kid" | "crit"));
        Self {
            algorithm: match header.get("alg").and_then(Value::as_str) {
                None => Err(VerifyError::NoAlgorithm),
                Some("RS256") => Ok(()),
                Some(none) if none.eq_ignore_ascii_case("none") => Err(VerifyError::Unsigned),
                Some(shared @ ("HS256" | "HS384" | "HS512")) => Err(VerifyError::SharedSecret(shared.to_owned())),
                Some(other) => Err(VerifyError::OtherAlgorithm(shortened(other))),
            },
            type_: match header.get("typ").and_then(Value::as_str) {
                Some("JWT") => Ok(()),
                _ => Err(VerifyError::OtherType),
            },
            critical: if header.contains_key("crit") { Err(VerifyError::Critical) } else { Ok(()) },
            key_id: match (unknown, header.get("kid")) {
                (Some(name), _) => Err(VerifyError::UnknownHeaderMember(shortened(name))),
                (None, Some(kid)) if !kid.is_string() => Err(VerifyError::KeyIdNotText),
                (None, _) => Ok(()),
            },
        }
    }
}

const KNOWN: [&str; 8] = ["iat", "exp", "aud", "iss", "sub", "displayName", "role", "policy"];

/// Every claim as the type that holds only right values, or why it is none.
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
    fn of(claims: &Map<String, Value>) -> Self {
        let unknown = claims.keys().find(|name| !KNOWN.contains(&name.as_str()));
        let role = match (RoleClaim::from_json(claims.get("role")), claims.contains_key("policy")) {
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

fn text<'c>(claims: &'c Map<String, Value>, name: &'static str) -> Result<&'c str, VerifyError> {
    let value = claims.get(name).ok_or(VerifyError::Missing(name))?;
    // An audience may be an array by RFC 7519, yet never is one here.
    value.as_str().ok_or(if name == "aud" { VerifyError::OtherAudience } else { VerifyError::NotText(name) })
}

fn date(claims: &Map<String, Value>, name: &'static str) -> Result<u64, VerifyError> {
    match claims.get(name).ok_or(VerifyError::Missing(name))?.as_u64() {
        None => Err(VerifyError::NotInteger(name)),
        Some(date) if date > MAX_NUMERIC_DATE => Err(VerifyError::Milliseconds { claim: name }),
        Some(date) => Ok(date),
    }
}
