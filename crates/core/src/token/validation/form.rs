//! The compact serialization (RFC 7515, section 7.1): size, parts, base64url.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD},
    },
};

use super::{check::TokenCheck, error::VerifyError, outcome::Outcome};
use crate::token::MAX_TOKEN_BYTES;

/// The decoded parts of a text; `None` is what cannot be decoded.
pub(in crate::token) struct Decoded<'t> {
    pub(super) bytes: usize,
    pub(super) form: Option<Result<(), VerifyError>>,
    pub(super) header: Option<Vec<u8>>,
    pub(super) claims: Option<Vec<u8>>,
    /// Empty without a signature.
    pub(super) signing_input: &'t [u8],
    pub(super) signature: Option<Vec<u8>>,
}

impl<'t> Decoded<'t> {
    /// Takes time and memory linear in the length of the text. A text over the limit is not decoded.
    pub(in crate::token) fn new(text: &'t str) -> Self {
        if text.len() > MAX_TOKEN_BYTES {
            let (header, claims, signature) = (None, None, None);
            return Self { bytes: text.len(), form: None, header, claims, signing_input: &[], signature };
        }
        let trimmed = text.trim();
        let mut parts = trimmed.split('.');
        let (header, claims, signature) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let count = [claims, signature].iter().flatten().count() + 1 + parts.count();

        let header = Encoded::decode(header);
        let claims = claims.map(Encoded::decode);
        let signature = signature.map(Encoded::decode);
        let form = form(text, trimmed, count, &header, claims.as_ref(), signature.as_ref());
        let signing_input =
            trimmed.rsplit_once('.').filter(|_| count == 3).map_or(&[][..], |(input, _)| input.as_bytes());
        Self {
            bytes: text.len(),
            form: Some(form),
            header: header.bytes,
            claims: claims.and_then(|part| part.bytes),
            signing_input,
            signature: signature.filter(|_| count == 3).and_then(|part| part.bytes),
        }
    }
}

pub(super) fn size(bytes: usize) -> Outcome {
    match bytes {
        0..=MAX_TOKEN_BYTES => Outcome::Passed,
        bytes => Outcome::Failed(VerifyError::malformed(
            TokenCheck::Size,
            format!("token has {bytes} bytes, over the limit of 65,536"),
        )),
    }
}

fn form(
    text: &str,
    trimmed: &str,
    parts: usize,
    header: &Encoded,
    claims: Option<&Encoded>,
    signature: Option<&Encoded>,
) -> Result<(), VerifyError> {
    let invalid_part = [("header", Some(header)), ("claims", claims), ("signature", signature)]
        .into_iter()
        .find(|(_, part)| part.is_some_and(|part| !part.canonical));
    if parts == 3 && invalid_part.is_none() && text.len() == trimmed.len() {
        return Ok(());
    }
    let detail = match invalid_part {
        _ if text.contains(char::is_whitespace) => "token contains whitespace".to_owned(),
        Some((part, _)) if parts == 3 => format!("{part} segment is not canonical, unpadded base64url"),
        _ => format!("expected 3 dot-separated parts, found {parts}"),
    };
    Err(VerifyError::malformed(TokenCheck::CompactForm, detail))
}

struct Encoded {
    bytes: Option<Vec<u8>>,
    canonical: bool,
}

impl Encoded {
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
