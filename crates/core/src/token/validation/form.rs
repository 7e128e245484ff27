//! The compact serialization (RFC 7515, section 7.1): size, segments, base64url.

use std::ops::Range;

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

/// The decoded segments of a text. A segment that cannot be decoded is missing.
#[derive(Default)]
pub(in crate::token) struct Decoded<'t> {
    pub(super) bytes: usize,
    pub(super) form: Option<Result<(), VerifyError>>,
    /// Empty without a signature.
    pub(super) signing_input: &'t [u8],
    /// All segments, so that one allocation is enough.
    buffer: Vec<u8>,
    header: Option<Range<usize>>,
    claims: Option<Range<usize>>,
    signature: Option<Range<usize>>,
}

impl<'t> Decoded<'t> {
    /// Takes time and memory linear in the length of the text. A text over the limit is not decoded.
    pub(in crate::token) fn new(text: &'t str) -> Self {
        if text.len() > MAX_TOKEN_BYTES {
            return Self { bytes: text.len(), ..Self::default() };
        }
        let trimmed = text.trim();
        // The third segment contains any further dots, which are not base64url.
        let mut segments = trimmed.splitn(3, '.');
        let mut buffer = Vec::with_capacity(trimmed.len());
        let header = segments.next().map(|text| Segment::decode(text, &mut buffer));
        let claims = segments.next().map(|text| Segment::decode(text, &mut buffer));
        let signature = segments.next();
        let input_length = signature.map_or(0, |signature| trimmed.len() - signature.len() - 1);
        let signature = signature.map(|text| Segment::decode(text, &mut buffer));

        let segments = [("header", &header), ("claims", &claims), ("signature", &signature)];
        let is_canonical = |(_, segment): &(_, &Option<Segment>)| segment.as_ref().is_some_and(|it| it.is_canonical);
        let form = if text.len() == trimmed.len() && segments.iter().all(is_canonical) {
            Ok(())
        } else {
            let invalid = segments.iter().find(|segment| !is_canonical(segment)).map_or("token", |(name, _)| name);
            Err(VerifyError::malformed(TokenCheck::CompactForm, problem(text, trimmed, invalid)))
        };
        Self {
            bytes: text.len(),
            form: Some(form),
            signing_input: &trimmed.as_bytes()[..input_length],
            buffer,
            header: header.and_then(|segment| segment.place),
            claims: claims.and_then(|segment| segment.place),
            signature: signature.and_then(|segment| segment.place),
        }
    }

    pub(super) fn header(&self) -> Option<&[u8]> {
        self.header.clone().map(|place| &self.buffer[place])
    }

    pub(super) fn claims(&self) -> Option<&[u8]> {
        self.claims.clone().map(|place| &self.buffer[place])
    }

    pub(super) fn signature(&self) -> Option<&[u8]> {
        self.signature.clone().map(|place| &self.buffer[place])
    }
}

pub(super) fn size(bytes: usize) -> Outcome {
    match bytes {
        0..=MAX_TOKEN_BYTES => Outcome::Passed,
        bytes => {
            let detail = format!("token has {bytes} bytes, over the limit of 65,536");
            Outcome::Failed(VerifyError::malformed(TokenCheck::Size, detail))
        }
    }
}

/// Returns the message for a text that is not three segments of canonical base64url.
fn problem(text: &str, trimmed: &str, invalid_segment: &str) -> String {
    let count = trimmed.split('.').count();
    if text.contains(char::is_whitespace) {
        "token contains whitespace".to_owned()
    } else if count == 3 {
        format!("{invalid_segment} segment is not canonical, unpadded base64url")
    } else {
        format!("expected 3 dot-separated parts, found {count}")
    }
}

struct Segment {
    /// Its bytes in the buffer.
    place: Option<Range<usize>>,
    is_canonical: bool,
}

impl Segment {
    /// Decodes padding, other alphabets and non-zero trailing bits too, so that an inspection can show what the token contains.
    fn decode(text: &str, buffer: &mut Vec<u8>) -> Self {
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &URL_SAFE,
            GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let start = buffer.len();
        if URL_SAFE_NO_PAD.decode_vec(text, buffer).is_ok() {
            return Self { place: Some(start..buffer.len()), is_canonical: true };
        }
        buffer.truncate(start);
        let url_safe = text.replace('+', "-").replace('/', "_");
        let is_decoded = LENIENT.decode_vec(url_safe, buffer).is_ok();
        let end = if is_decoded { buffer.len() } else { start };
        buffer.truncate(end);
        Self { place: is_decoded.then_some(start..end), is_canonical: false }
    }
}
