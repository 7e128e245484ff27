//! Every check in the order of [`TokenCheck`]: the form first, then the header, the signature, and only then the claims.

use super::{
    check::TokenCheck,
    claims::{self, ReadClaims},
    error::VerifyError,
    form::{self, Decoded},
    header::ReadHeader,
    outcome::Outcome,
    part::{Part, json},
    signature::signature,
    time::{self, Dates},
};
use crate::{claims::LicenseKey, keys::PublicKey, token::clock::ClockSkew};

/// What a token is checked against. Checks whose expectation is missing are skipped.
#[derive(Default)]
pub(in crate::token) struct Expectations<'a> {
    pub(in crate::token) license_key: Option<&'a LicenseKey>,
    pub(in crate::token) public_key: Option<&'a PublicKey>,
    /// Seconds since 1970.
    pub(in crate::token) now: Option<u64>,
    pub(in crate::token) leeway: ClockSkew,
    pub(in crate::token) long_lived: bool,
}

type Check = fn(&ReadToken<'_>, &Expectations<'_>) -> Outcome;

pub(in crate::token) const TABLE: &[(TokenCheck, Check)] = &[
    (TokenCheck::Size, |token, _| form::size(token.bytes)),
    (TokenCheck::CompactForm, |token, _| Outcome::of(token.form)),
    (TokenCheck::Header, |token, _| {
        json(token.header.as_ref(), VerifyError::HeaderNotObject, VerifyError::RepeatedHeaderMember)
    }),
    (TokenCheck::Algorithm, |token, _| Outcome::of(token.read_header.as_ref().map(|header| &header.algorithm))),
    (TokenCheck::Type, |token, _| Outcome::of(token.read_header.as_ref().map(|header| &header.type_))),
    (TokenCheck::Critical, |token, _| Outcome::of(token.read_header.as_ref().map(|header| &header.critical))),
    (TokenCheck::HeaderMembers, |token, _| Outcome::of(token.read_header.as_ref().map(|header| &header.key_id))),
    (TokenCheck::Signature, |token, expected| signature(token.signing_input, token.signature, expected.public_key)),
    (TokenCheck::Claims, |token, _| {
        json(token.claims.as_ref(), VerifyError::ClaimsNotObject, VerifyError::RepeatedClaim)
    }),
    (TokenCheck::Audience, |token, _| Outcome::of(token.read_claims.as_ref().map(|claims| &claims.audience))),
    (TokenCheck::Issuer, |token, expected| claims::issuer(token.read_claims.as_ref(), expected.license_key)),
    (TokenCheck::Subject, |token, _| Outcome::of(token.read_claims.as_ref().map(|claims| &claims.subject))),
    (TokenCheck::DisplayName, |token, _| Outcome::of(token.read_claims.as_ref().map(|claims| &claims.display_name))),
    (TokenCheck::Seconds, |token, _| time::seconds(token.dates())),
    (TokenCheck::IssuedAt, |token, expected| time::issued_at(token.dates(), expected.now, expected.leeway)),
    (TokenCheck::Expiry, |token, expected| time::expiry(token.dates(), expected.now, expected.leeway)),
    (TokenCheck::Lifetime, |token, expected| time::lifetime(token.dates(), expected.leeway, expected.long_lived)),
    (TokenCheck::Role, |token, _| Outcome::of(token.read_claims.as_ref().map(|claims| &claims.role))),
    (TokenCheck::Policy, |token, _| Outcome::of(token.read_claims.as_ref().map(|claims| &claims.policy))),
    (TokenCheck::KnownClaims, |token, _| Outcome::of(token.read_claims.as_ref().map(|claims| &claims.known))),
];

/// A token as far as it can be read; `None` is what cannot be read.
pub(in crate::token) struct ReadToken<'d> {
    bytes: usize,
    form: Option<&'d Result<(), VerifyError>>,
    pub(super) header: Option<Part<'d>>,
    read_header: Option<ReadHeader>,
    pub(super) claims: Option<Part<'d>>,
    pub(in crate::token) read_claims: Option<ReadClaims>,
    signing_input: &'d [u8],
    signature: Option<&'d [u8]>,
}

impl<'d> ReadToken<'d> {
    pub(in crate::token) fn new(decoded: &'d Decoded<'_>) -> Self {
        let header = decoded.header.as_deref().map(Part::read);
        let claims = decoded.claims.as_deref().map(Part::read);
        Self {
            bytes: decoded.bytes,
            form: decoded.form.as_ref(),
            read_header: header.as_ref().and_then(|part| part.object.as_ref()).map(ReadHeader::of),
            read_claims: claims.as_ref().and_then(|part| part.object.as_ref()).map(ReadClaims::of),
            header,
            claims,
            signing_input: decoded.signing_input,
            signature: decoded.signature.as_deref(),
        }
    }

    fn dates(&self) -> Option<Dates<'_>> {
        let claims = self.read_claims.as_ref()?;
        Some(Dates { issued_at: &claims.issued_at, expires_at: &claims.expires_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_every_check_in_order() {
        assert!(TABLE.iter().map(|(check, _)| check).eq(TokenCheck::ALL));
    }
}
