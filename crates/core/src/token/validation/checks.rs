//! Every check in the order of [`TokenCheck`]: the form, the header, the signature, and only then the claims.

use super::{
    check::TokenCheck,
    claims::{self, ParsedClaims},
    error::VerifyError,
    form::{self, Decoded},
    header::HeaderChecks,
    outcome::Outcome,
    part::{self, Part},
    signature::signature,
    time::{self, Dates},
};
use crate::{claims::LicenseKey, keys::PublicKey, token::clock::ClockSkew};

/// What a token is checked against. A check without its key is skipped.
#[derive(Default)]
pub(in crate::token) struct ValidationContext<'a> {
    pub(in crate::token) license_key: Option<&'a LicenseKey>,
    pub(in crate::token) public_key: Option<&'a PublicKey>,
    /// Seconds since 1970.
    pub(in crate::token) now: Option<u64>,
    pub(in crate::token) leeway: ClockSkew,
    pub(in crate::token) allow_long_lived: bool,
}

type Check = fn(&ParsedToken<'_>, &ValidationContext<'_>) -> Outcome;

pub(in crate::token) const CHECKS: &[(TokenCheck, Check)] = &[
    (TokenCheck::Size, |token, _| form::size(token.bytes)),
    (TokenCheck::CompactForm, |token, _| Outcome::of(token.form)),
    (TokenCheck::Header, |token, _| part::object(token.header.as_ref(), TokenCheck::Header, "header is")),
    (TokenCheck::Algorithm, |token, _| token.header_check(|header| &header.algorithm)),
    (TokenCheck::Type, |token, _| token.header_check(|header| &header.type_)),
    (TokenCheck::Critical, |token, _| token.header_check(|header| &header.critical)),
    (TokenCheck::HeaderMembers, |token, _| token.header_check(|header| &header.members)),
    (TokenCheck::Signature, |token, context| signature(token.signing_input, token.signature, context.public_key)),
    (TokenCheck::Claims, |token, _| part::object(token.claims.as_ref(), TokenCheck::Claims, "claims are")),
    (TokenCheck::Audience, |token, _| token.claim_check(|claims| &claims.audience)),
    (TokenCheck::Issuer, |token, context| claims::issuer(token.parsed_claims.as_ref(), context.license_key)),
    (TokenCheck::Subject, |token, _| token.claim_check(|claims| &claims.subject)),
    (TokenCheck::DisplayName, |token, _| token.claim_check(|claims| &claims.display_name)),
    (TokenCheck::Seconds, |token, _| time::seconds(token.dates())),
    (TokenCheck::IssuedAt, |token, context| time::issued_at(token.dates(), context.now, context.leeway)),
    (TokenCheck::Expiry, |token, context| time::expiry(token.dates(), context.now, context.leeway)),
    (TokenCheck::Lifetime, |token, context| time::lifetime(token.dates(), context.leeway, context.allow_long_lived)),
    (TokenCheck::Role, |token, _| token.claim_check(|claims| &claims.role)),
    (TokenCheck::Policy, |token, _| token.claim_check(|claims| &claims.policy)),
    (TokenCheck::KnownClaims, |token, _| token.claim_check(|claims| &claims.known)),
];

/// A token as far as it can be parsed; `None` is what cannot be parsed.
pub(in crate::token) struct ParsedToken<'d> {
    bytes: usize,
    form: Option<&'d Result<(), VerifyError>>,
    pub(super) header: Option<Part<'d>>,
    header_checks: Option<HeaderChecks>,
    pub(super) claims: Option<Part<'d>>,
    pub(in crate::token) parsed_claims: Option<ParsedClaims>,
    signing_input: &'d [u8],
    signature: Option<&'d [u8]>,
}

impl<'d> ParsedToken<'d> {
    pub(in crate::token) fn new(decoded: &'d Decoded<'_>) -> Self {
        let header = decoded.header().map(Part::parse);
        let claims = decoded.claims().map(Part::parse);
        Self {
            bytes: decoded.bytes,
            form: decoded.form.as_ref(),
            header_checks: header.as_ref().and_then(|part| part.object.as_ref()).map(HeaderChecks::new),
            parsed_claims: claims.as_ref().and_then(|part| part.object.as_ref()).map(ParsedClaims::new),
            header,
            claims,
            signing_input: decoded.signing_input,
            signature: decoded.signature(),
        }
    }

    fn header_check(&self, check: impl Fn(&HeaderChecks) -> &Result<(), VerifyError>) -> Outcome {
        Outcome::of(self.header_checks.as_ref().map(check))
    }

    fn claim_check<T>(&self, claim: impl Fn(&ParsedClaims) -> &Result<T, VerifyError>) -> Outcome {
        Outcome::of(self.parsed_claims.as_ref().map(claim))
    }

    fn dates(&self) -> Option<Dates<'_>> {
        let claims = self.parsed_claims.as_ref()?;
        Some(Dates { issued_at: &claims.issued_at, expires_at: &claims.expires_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_complete_and_in_order() {
        assert!(CHECKS.iter().map(|(check, _)| check).eq(TokenCheck::ALL));
    }
}
