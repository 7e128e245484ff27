//! The compact serialization of a token that is minted (RFC 7515, section 7.1).

use std::mem;

use base64::{Engine as _, encoded_len, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{AUDIENCE, MintError};
use crate::{
    claims::{AgentClaims, LicenseKey, Policy, RoleClaim},
    keys::{PublicKey, SigningInput},
};

/// The header without `kid`.
const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;
const HEADER_BASE64: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";

/// The claims in the order in which they are serialized.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload<'a> {
    iat: u64,
    exp: u64,
    aud: &'static str,
    iss: &'a str,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "RoleClaim::is_absent")]
    role: RoleClaim,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a Policy>,
}

impl<'a> Payload<'a> {
    pub(super) fn new(issuer: &'a LicenseKey, claims: &'a AgentClaims, iat: u64, exp: u64) -> Self {
        Self {
            iat,
            exp,
            aud: AUDIENCE,
            iss: issuer.as_str(),
            sub: claims.subject().as_str(),
            display_name: claims.display_name().map(crate::DisplayName::as_str),
            role: claims.access().role_claim(),
            policy: claims.access().policy(),
        }
    }
}

/// A token without its signature.
pub(super) struct Unsigned(Zeroizing<Vec<u8>>);

impl Unsigned {
    /// Serializes header and payload into a buffer with room for the whole token, because growing it would leave copies in memory.
    pub(super) fn new(payload: &Payload<'_>, key: &PublicKey, include_key_id: bool) -> Result<Self, MintError> {
        let header = include_key_id.then(|| with_kid(key.thumbprint()));
        let payload = {
            // Enough for the claims of most agents.
            let mut json = Vec::with_capacity(512);
            serde_json::to_writer(&mut json, payload).map_err(MintError::Json)?;
            json
        };
        let length = [header.as_deref().unwrap_or(HEADER).len(), payload.len(), key.modulus_len()]
            .into_iter()
            .map(base64_len)
            .fold(2, usize::saturating_add);
        if length > super::MAX_TOKEN_BYTES {
            return Err(MintError::TooLong { bytes: length });
        }
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        match header {
            None => text.extend_from_slice(HEADER_BASE64.as_bytes()),
            Some(header) => push_base64(&mut text, header.as_bytes()),
        }
        text.push(b'.');
        push_base64(&mut text, &payload);
        Ok(Self(text))
    }

    pub(super) fn signing_input(&self) -> SigningInput<'_> {
        SigningInput::new(&self.0)
    }

    pub(super) fn sign(self, signature: &[u8]) -> Zeroizing<String> {
        let Self(mut text) = self;
        text.push(b'.');
        push_base64(&mut text, signature);
        #[expect(clippy::expect_used, reason = "base64url and dots are ASCII")]
        let text = String::from_utf8(mem::take(&mut *text)).expect("ASCII");
        Zeroizing::new(text)
    }
}

/// Encodes in place: `encode_string` would leave a copy in its own buffer.
fn push_base64(text: &mut Vec<u8>, bytes: &[u8]) {
    let start = text.len();
    text.resize(start + base64_len(bytes.len()), 0);
    #[expect(clippy::expect_used, reason = "resized in the line before")]
    URL_SAFE_NO_PAD.encode_slice(bytes, &mut text[start..]).expect("buffer has the encoded length");
}

fn base64_len(bytes: usize) -> usize {
    encoded_len(bytes, false).unwrap_or(usize::MAX)
}

/// Returns the header with `kid`. A thumbprint is base64url, so JSON needs no escapes.
fn with_kid(thumbprint: &str) -> String {
    format!(r#"{},"kid":"{thumbprint}"}}"#, &HEADER[..HEADER.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, keys::testing::TestKey};

    fn unsigned(include_key_id: bool) -> (Unsigned, TestKey) {
        let key = TestKey::generate();
        let issuer = LicenseKey::new("SPGqPIcVnsOEJQ").unwrap();
        let claims = AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap();
        let payload = Payload::new(&issuer, &claims, 1_700_000_000, 1_700_003_600);
        (Unsigned::new(&payload, &key.public, include_key_id).unwrap(), key)
    }

    #[test]
    fn signing_input_is_header_and_claims() {
        let (unsigned, _) = unsigned(false);
        let expected = [
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#),
            URL_SAFE_NO_PAD.encode(
                r#"{"iat":1700000000,"exp":1700003600,"aud":"https://cobrowse.io","iss":"SPGqPIcVnsOEJQ","sub":"jane@example.com"}"#,
            ),
        ];
        assert_eq!(unsigned.signing_input().message(), expected.join(".").as_bytes());
    }

    #[test]
    fn kid_is_the_thumbprint() {
        let (unsigned, key) = unsigned(true);
        let text = std::str::from_utf8(unsigned.signing_input().message()).unwrap();
        let header = URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap()).unwrap();
        let expected = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}"}}"#, key.public.thumbprint());
        assert_eq!(String::from_utf8(header).unwrap(), expected);
    }

    #[test]
    fn sign_does_not_reallocate() {
        for include_key_id in [false, true] {
            let (unsigned, _) = unsigned(include_key_id);
            let (start, capacity) = (unsigned.0.as_ptr(), unsigned.0.capacity());
            let text = unsigned.sign(&[0; 256]);
            assert_eq!((text.as_ptr(), text.len(), text.capacity()), (start, capacity, capacity));
        }
    }
}
