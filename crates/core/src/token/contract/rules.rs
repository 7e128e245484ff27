use super::{Evidence, Outcome, VerifyError, evidence::Part};
use crate::{
    claims::{LicenseKey, Lifetime},
    keys::{PublicKey, SigningInput},
    token::{ClockSkew, MAX_TOKEN_BYTES},
};

/// What a rule is judged by, besides the token itself. What is missing makes its rules not checkable.
#[derive(Default)]
pub(in crate::token) struct Expectations<'a> {
    pub(in crate::token) license_key: Option<&'a LicenseKey>,
    pub(in crate::token) public_key: Option<&'a PublicKey>,
    /// Seconds since 1970.
    pub(in crate::token) now: Option<u64>,
    pub(in crate::token) leeway: ClockSkew,
    pub(in crate::token) long_lived: bool,
}

type Judge = fn(&Evidence<'_>, &Expectations<'_>) -> Outcome;

macro_rules! rules {
    ($(#[doc = $doc:literal] $name:ident $id:literal $judge:path;)+) => {
        /// A rule that every token keeps, in the order in which [`Verifier`](crate::Verifier) asks them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum TokenCheck {
            $(#[doc = $doc] $name,)+
        }

        impl TokenCheck {
            /// A stable name in kebab case, for programs and documentation.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// What the rule asks for, as a sentence.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)+ }
            }
        }

        /// Every rule with its judge: the form first, then the header, the signature, and only then what the claims say.
        pub(in crate::token) const TABLE: &[(TokenCheck, Judge)] = &[$((TokenCheck::$name, $judge),)+];
    };
}

rules! {
    /// The token has at most 65,536 bytes.
    Size "size" size;
    /// The token is three parts of base64url, without padding, white space or spare bits (RFC 7515, section 7.1).
    CompactForm "compact-form" compact_form;
    /// The header is one JSON object in which no member comes twice.
    Header "header" header;
    /// The algorithm (`alg`) is RS256.
    Algorithm "alg" algorithm;
    /// The type (`typ`) is JWT.
    Type "typ" type_;
    /// The header asks for no extension (`crit`).
    Critical "crit" critical;
    /// The header has no members but `alg`, `typ` and a textual `kid`.
    HeaderMembers "header-members" header_members;
    /// The signature verifies under the public key.
    Signature "signature" signature;
    /// The claims are one JSON object in which no member comes twice at any depth.
    Claims "claims" claims;
    /// The audience (`aud`) is exactly `https://cobrowse.io`.
    Audience "aud" audience;
    /// The issuer (`iss`) is the license key.
    Issuer "iss" issuer;
    /// The subject (`sub`) names the agent.
    Subject "sub" subject;
    /// The display name (`displayName`) is absent or readable text.
    DisplayName "display-name" display_name;
    /// Dates are in seconds, not in milliseconds.
    Seconds "seconds" seconds;
    /// The time of issue (`iat`) is a whole number and not in the future.
    IssuedAt "iat" issued_at;
    /// The expiry (`exp`) is a whole number and in the future.
    Expiry "exp" expiry;
    /// The token lives at most 24 hours from `iat` to `exp`, unless long-lived ones are allowed.
    Lifetime "lifetime" lifetime;
    /// The role (`role`) is absent, `null` beside a policy, `administrator` or `agent`.
    Role "role" role;
    /// The policy (`policy`) is absent or of version 2 or 3, and no part of it is empty by accident.
    Policy "policy" policy;
    /// There are no claims but the documented ones.
    KnownClaims "known-claims" known_claims;
}

/// Makes an [`Outcome`] of a part of the evidence: `None` means that an earlier rule's failure hides it.
fn judged<T>(part: Option<&Result<T, VerifyError>>) -> Outcome {
    match part {
        Some(Ok(_)) => Outcome::Passed,
        Some(Err(error)) => Outcome::Failed(error.clone()),
        None => Outcome::Skipped("the part of the token that would tell cannot be read; mend what failed before it"),
    }
}

fn size(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    match evidence.bytes {
        0..=MAX_TOKEN_BYTES => Outcome::Passed,
        bytes => Outcome::Failed(VerifyError::TooLong { bytes }),
    }
}

fn compact_form(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.form)
}

fn header(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    json(evidence.header.as_ref(), VerifyError::HeaderNotObject, VerifyError::RepeatedHeaderMember)
}

fn claims(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    json(evidence.claims.as_ref(), VerifyError::ClaimsNotObject, VerifyError::RepeatedClaim)
}

fn json(part: Option<&Part<'_>>, unreadable: VerifyError, repeated: fn(String) -> VerifyError) -> Outcome {
    match part {
        Some(Part { object: None, .. }) => Outcome::Failed(unreadable),
        Some(Part { repeated: Some(name), .. }) => Outcome::Failed(repeated(name.clone())),
        Some(_) => Outcome::Passed,
        None => judged::<()>(None),
    }
}

fn algorithm(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_header.as_ref().map(|header| &header.algorithm))
}

fn type_(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_header.as_ref().map(|header| &header.type_))
}

fn critical(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_header.as_ref().map(|header| &header.critical))
}

fn header_members(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_header.as_ref().map(|header| &header.key_id))
}

fn signature(evidence: &Evidence<'_>, expected: &Expectations<'_>) -> Outcome {
    match (expected.public_key, evidence.signature) {
        (None, _) => Outcome::Skipped("give the public key to have the signature checked"),
        (_, None) => judged::<()>(None),
        (Some(key), Some(signature)) => {
            if key.verify(&SigningInput::new(evidence.signing_input), signature) {
                Outcome::Passed
            } else {
                Outcome::Failed(VerifyError::Signature)
            }
        }
    }
}

fn audience(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_claims.as_ref().map(|claims| &claims.audience))
}

fn issuer(evidence: &Evidence<'_>, expected: &Expectations<'_>) -> Outcome {
    let issuer = evidence.read_claims.as_ref().map(|claims| &claims.issuer);
    match (issuer, expected.license_key) {
        (Some(Ok(issuer)), Some(expected)) if issuer != expected => Outcome::Failed(VerifyError::OtherIssuer),
        (Some(Ok(_)), None) => Outcome::Skipped("give the license key to have the issuer compared with it"),
        _ => judged(issuer),
    }
}

fn subject(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_claims.as_ref().map(|claims| &claims.subject))
}

fn display_name(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_claims.as_ref().map(|claims| &claims.display_name))
}

const IN_MILLISECONDS: Outcome = Outcome::Skipped("the date is in milliseconds; mend that first");

fn seconds(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    let Some(claims) = &evidence.read_claims else { return judged::<()>(None) };
    match [&claims.issued_at, &claims.expires_at] {
        [Err(error @ VerifyError::Milliseconds { .. }), _] | [_, Err(error @ VerifyError::Milliseconds { .. })] => {
            Outcome::Failed(error.clone())
        }
        [Ok(_), Ok(_)] => Outcome::Passed,
        _ => Outcome::Skipped("a date is missing or is no whole number; mend `iat` and `exp` first"),
    }
}

fn issued_at(evidence: &Evidence<'_>, expected: &Expectations<'_>) -> Outcome {
    let issued_at = evidence.read_claims.as_ref().map(|claims| &claims.issued_at);
    match (issued_at, expected.now) {
        (Some(Err(VerifyError::Milliseconds { .. })), _) => IN_MILLISECONDS,
        (Some(Ok(_)), None) => Outcome::Skipped("this machine's clock shows a time before 1970; set it"),
        (Some(Ok(iat)), Some(now)) if *iat > now + expected.leeway.as_secs() => {
            Outcome::Failed(VerifyError::IssuedInFuture { seconds: iat - now })
        }
        _ => judged(issued_at),
    }
}

fn expiry(evidence: &Evidence<'_>, expected: &Expectations<'_>) -> Outcome {
    let expires_at = evidence.read_claims.as_ref().map(|claims| &claims.expires_at);
    match (expires_at, expected.now) {
        (Some(Err(VerifyError::Milliseconds { .. })), _) => IN_MILLISECONDS,
        (Some(Ok(_)), None) => Outcome::Failed(VerifyError::ClockBeforeEpoch),
        (Some(Ok(exp)), Some(now)) if exp + expected.leeway.as_secs() <= now => {
            Outcome::Failed(VerifyError::Expired { seconds: now - exp })
        }
        _ => judged(expires_at),
    }
}

fn lifetime(evidence: &Evidence<'_>, expected: &Expectations<'_>) -> Outcome {
    // A minter whose clock is behind dates `iat` back, which stretches the life by as much.
    let longest = Lifetime::MAX.as_secs() + expected.leeway.as_secs();
    match evidence.read_claims.as_ref().map(|claims| (&claims.issued_at, &claims.expires_at)) {
        Some((Ok(iat), Ok(exp))) if exp <= iat => Outcome::Failed(VerifyError::ExpiresBeforeIssued),
        Some((Ok(iat), Ok(exp))) if exp - iat > longest && !expected.long_lived => {
            Outcome::Failed(VerifyError::LongLived { seconds: exp - iat })
        }
        Some((Ok(_), Ok(_))) => Outcome::Passed,
        Some(_) => Outcome::Skipped("a date is missing or is no whole number of seconds; mend `iat` and `exp` first"),
        None => judged::<()>(None),
    }
}

fn role(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_claims.as_ref().map(|claims| &claims.role))
}

fn policy(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_claims.as_ref().map(|claims| &claims.policy))
}

fn known_claims(evidence: &Evidence<'_>, _: &Expectations<'_>) -> Outcome {
    judged(evidence.read_claims.as_ref().map(|claims| &claims.known))
}
