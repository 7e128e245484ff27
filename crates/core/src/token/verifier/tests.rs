use std::{borrow::Cow, error::Error as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::{
    Policy, PolicyError, Role, SigningInput, TokenCheck, claims::ClaimsError, keys::testing::TestKey,
    token::MAX_TOKEN_BYTES,
};

const NOW: u64 = 1_700_000_000;
const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

struct Bench {
    key: TestKey,
    verifier: Verifier,
}

impl Bench {
    fn new() -> Self {
        let key = TestKey::generate();
        let license_key = LicenseKey::new("SPGqPIcVnsOEJQ").unwrap();
        let verifier = Verifier::new(license_key, key.public.clone())
            .clock(|| UNIX_EPOCH + Duration::from_secs(NOW) + Duration::from_millis(999));
        Self { key, verifier }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign_now(&SigningInput::new(input.as_bytes()));
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn verify_claims(&self, claims: &str) -> Result<VerifiedToken, VerifyError> {
        self.verifier.verify(&self.sign(HEADER, claims))
    }

    /// Verifies good claims in which one was replaced, or removed by `null`.
    fn verify_with(&self, claim: &str, value: Value) -> Result<VerifiedToken, VerifyError> {
        let mut claims = good();
        claims[claim] = value;
        self.verify_claims(&claims.to_string())
    }
}

fn malformed(check: TokenCheck, detail: impl Into<Cow<'static, str>>) -> VerifyError {
    VerifyError::Malformed { check, detail: detail.into() }
}

fn header(check: TokenCheck, detail: &'static str) -> VerifyError {
    VerifyError::InvalidHeader { check, detail: detail.into() }
}

fn unsupported(algorithm: &str) -> VerifyError {
    VerifyError::UnsupportedAlgorithm(Some(algorithm.into()))
}

fn not_a_string(claim: &'static str) -> VerifyError {
    VerifyError::WrongClaimType { claim, expected: "a string" }
}

fn not_an_integer(claim: &'static str) -> VerifyError {
    VerifyError::WrongClaimType { claim, expected: "an integer" }
}

fn good() -> Value {
    json!({"iat": NOW, "exp": NOW + 3_600, "aud": "https://cobrowse.io", "iss": "SPGqPIcVnsOEJQ", "sub": "jane@example.com"})
}

#[test]
fn verify_of_valid_token_returns_its_contents() {
    let bench = Bench::new();
    let mut claims = good();
    claims["displayName"] = json!("Jane Doe");
    claims["role"] = json!(null);
    claims["policy"] = json!({"version": 3, "devices": {}});
    let token = bench.verify_claims(&claims.to_string()).unwrap();
    let policy = Policy::builder().devices(crate::Rule::any()).build().unwrap();
    let expected = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy)).unwrap();
    let expected = expected.with_display_name("Jane Doe").unwrap().with_lifetime(Lifetime::default());
    assert_eq!(token.claims, expected);
    assert_eq!(token.issued_at, UNIX_EPOCH + Duration::from_secs(NOW));
    assert_eq!(token.expires_at, UNIX_EPOCH + Duration::from_secs(NOW + 3_600));
    assert_eq!(token.license_key.as_str(), "SPGqPIcVnsOEJQ");
}

#[test]
fn inspect_of_valid_token_passes_every_check() {
    let bench = Bench::new();
    let inspection = Inspector::from(bench.verifier.clone()).inspect(&bench.sign(HEADER, &good().to_string()));
    assert!(inspection.findings().iter().all(|finding| finding.outcome == Outcome::Passed), "{inspection:?}");
    let mut ids: Vec<_> = inspection.findings().iter().map(|finding| finding.check.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), inspection.findings().len());
}

#[test]
fn verify_with_invalid_claim_returns_its_error() {
    let bench = Bench::new();
    for (claim, value, expected) in [
        ("aud", json!("https://cobrowse.io/"), VerifyError::AudienceMismatch),
        ("aud", json!("https://cobrowse.example.com"), VerifyError::AudienceMismatch),
        ("aud", json!(["https://cobrowse.io"]), VerifyError::AudienceMismatch),
        ("iss", json!("trial"), VerifyError::IssuerMismatch),
        ("iss", json!("SPG PIc"), invalid("iss")(ClaimsError::InvalidLicenseKey)),
        ("iss", json!(1), not_a_string("iss")),
        ("sub", json!(""), invalid("sub")(ClaimsError::EmptySubject)),
        ("sub", json!(7), not_a_string("sub")),
        ("displayName", json!(null), not_a_string("displayName")),
        ("displayName", json!("a\u{0}"), invalid("displayName")(ClaimsError::ControlCharacterInDisplayName)),
        ("role", json!("admin"), invalid("role")(ClaimsError::UnknownRole)),
        ("role", json!(null), invalid("role")(ClaimsError::NullRoleWithoutPolicy)),
        ("policy", json!("{}"), VerifyError::InvalidPolicy(PolicyError::NotAnObject)),
        ("policy", json!(null), VerifyError::InvalidPolicy(PolicyError::NotAnObject)),
        ("policy", json!({"devices": {"user_id": "x"}}), VerifyError::InvalidPolicy(PolicyError::DeprecatedVersion)),
        (
            "display_name",
            json!("Jane"),
            VerifyError::UnknownClaim { found: "display_name".into(), expected: Some("displayName") },
        ),
        ("nbf", json!(NOW), VerifyError::UnknownClaim { found: "nbf".into(), expected: None }),
    ] {
        assert_eq!(bench.verify_with(claim, value.clone()), Err(expected), "{claim}: {value}");
    }
    for claim in ["aud", "iss", "sub", "iat", "exp"] {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(claim);
        assert_eq!(bench.verify_claims(&claims.to_string()), Err(VerifyError::MissingClaim(claim)));
    }
}

#[test]
fn verify_with_invalid_date_returns_its_error() {
    let bench = Bench::new();
    for wrong in
        [json!("1700003600"), json!(1_700_003_600.0), json!(1_700_003_600.5), json!(-1), json!(1e300), json!(null)]
    {
        assert_eq!(bench.verify_with("exp", wrong.clone()), Err(not_an_integer("exp")), "{wrong}");
        assert_eq!(bench.verify_with("iat", wrong), Err(not_an_integer("iat")));
    }
    assert_eq!(bench.verify_with("exp", json!(NOW)), Err(VerifyError::Expired { seconds: 0 }));
    assert_eq!(bench.verify_with("exp", json!(NOW - 7)), Err(VerifyError::Expired { seconds: 7 }));
    assert!(bench.verify_with("exp", json!(NOW + 1)).is_ok());
    assert_eq!(bench.verify_with("iat", json!(NOW + 1)), Err(VerifyError::IssuedInFuture { seconds: 1 }));
    assert_eq!(
        bench.verify_with("exp", json!(NOW * 1_000)),
        Err(VerifyError::TimestampInMilliseconds { claim: "exp" })
    );
    assert_eq!(
        bench.verify_with("iat", json!(NOW * 1_000)),
        Err(VerifyError::TimestampInMilliseconds { claim: "iat" })
    );
    assert_eq!(bench.verify_with("exp", json!(u64::MAX)), Err(VerifyError::TimestampInMilliseconds { claim: "exp" }));
}

#[test]
fn leeway_applies_to_iat_and_exp() {
    let mut bench = Bench::new();
    bench.verifier = bench.verifier.leeway(ClockSkew::new(Duration::from_secs(10)).unwrap());
    assert!(bench.verify_with("iat", json!(NOW + 10)).is_ok());
    assert_eq!(bench.verify_with("iat", json!(NOW + 11)), Err(VerifyError::IssuedInFuture { seconds: 11 }));
    let expiring = |exp: u64| {
        bench.verify_claims(
            &json!({"iat": NOW - 60, "exp": exp, "aud": "https://cobrowse.io", "iss": "SPGqPIcVnsOEJQ", "sub": "j@x"})
                .to_string(),
        )
    };
    assert!(expiring(NOW - 9).is_ok());
    assert_eq!(expiring(NOW - 10), Err(VerifyError::Expired { seconds: 10 }));
    assert_eq!(expiring(NOW - 60), Err(VerifyError::Expired { seconds: 60 }));
}

#[test]
fn lifetime_over_a_day_passes_only_if_allowed() {
    let mut bench = Bench::new();
    let day = 86_400;
    assert!(bench.verify_with("exp", json!(NOW + day)).is_ok());
    assert_eq!(bench.verify_with("exp", json!(NOW + day + 1)), Err(VerifyError::LifetimeTooLong { seconds: day + 1 }));
    let tolerant = bench.verifier.clone().leeway(ClockSkew::new(Duration::from_secs(7)).unwrap());
    let strict = std::mem::replace(&mut bench.verifier, tolerant);
    assert!(bench.verify_with("exp", json!(NOW + day + 7)).is_ok());
    assert_eq!(bench.verify_with("exp", json!(NOW + day + 8)), Err(VerifyError::LifetimeTooLong { seconds: day + 8 }));
    bench.verifier = strict.allow_long_lived(true);
    assert!(bench.verify_with("exp", json!(NOW + 365 * 86_400)).unwrap().claims.lifetime().unwrap().is_long_lived());
}

#[test]
fn verify_with_exp_not_after_iat_returns_error() {
    let mut bench = Bench::new();
    bench.verifier = bench.verifier.leeway(ClockSkew::new(Duration::from_secs(300)).unwrap());
    let mut claims = good();
    claims["iat"] = json!(NOW + 100);
    claims["exp"] = json!(NOW + 100);
    assert_eq!(bench.verify_claims(&claims.to_string()), Err(VerifyError::ExpiresBeforeIssued));
}

#[test]
fn verify_with_other_header_returns_its_error() {
    let bench = Bench::new();
    let claims = good().to_string();
    for (header, expected) in [
        (r#"{"alg":"none","typ":"JWT"}"#, VerifyError::AlgNone),
        (r#"{"alg":"NoNe","typ":"JWT"}"#, VerifyError::AlgNone),
        (r#"{"alg":"HS256","typ":"JWT"}"#, unsupported("HS256")),
        (r#"{"alg":"RS512","typ":"JWT"}"#, unsupported("RS512")),
        (r#"{"alg":"PS256","typ":"JWT"}"#, unsupported("PS256")),
        (r#"{"alg":"rs256","typ":"JWT"}"#, unsupported("rs256")),
        (r#"{"alg":["RS256"],"typ":"JWT"}"#, VerifyError::UnsupportedAlgorithm(None)),
        (r#"{"typ":"JWT"}"#, VerifyError::UnsupportedAlgorithm(None)),
        (r#"{"alg":"RS256"}"#, header(TokenCheck::Type, "typ is not \"JWT\"")),
        (r#"{"alg":"RS256","typ":"at+jwt"}"#, header(TokenCheck::Type, "typ is not \"JWT\"")),
        (
            r#"{"alg":"RS256","typ":"JWT","crit":["exp"]}"#,
            header(TokenCheck::Critical, "unsupported critical extensions (crit)"),
        ),
        (
            r#"{"alg":"RS256","typ":"JWT","jku":"https://x"}"#,
            header(TokenCheck::HeaderMembers, "unknown header member \"jku\""),
        ),
        (r#"{"alg":"RS256","typ":"JWT","kid":7}"#, header(TokenCheck::HeaderMembers, "kid is not a string")),
        (
            r#"{"alg":"RS256","alg":"none","typ":"JWT"}"#,
            malformed(TokenCheck::Header, "duplicate header member \"alg\""),
        ),
        (r#"["RS256"]"#, malformed(TokenCheck::Header, "header is not a JSON object")),
        ("", malformed(TokenCheck::Header, "header is not a JSON object")),
    ] {
        assert_eq!(bench.verifier.verify(&bench.sign(header, &claims)), Err(expected), "{header}");
    }
    assert!(bench.verifier.verify(&bench.sign(r#"{"kid":"any","typ":"JWT","alg":"RS256"}"#, &claims)).is_ok());
}

#[test]
fn verify_of_hmac_with_the_public_key_returns_error() {
    use aws_lc_rs::hmac;
    let bench = Bench::new();
    let input =
        [r#"{"alg":"HS256","typ":"JWT"}"#, &good().to_string()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, bench.key.public.to_pem().as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, input.as_bytes())));
    assert_eq!(bench.verifier.verify(&token), Err(unsupported("HS256")));
}

#[test]
fn verify_with_duplicate_claim_returns_error_at_any_depth() {
    let bench = Bench::new();
    let good = good().to_string();
    let good = good.trim_end_matches('}');
    for (extra, name) in [
        (format!(r#","exp":{}}}"#, NOW + 7_200), "exp"),
        (r#","policy":{"version":3,"devices":{"id":"a"},"devices":{}}}"#.into(), "devices"),
        (r#","policy":{"version":3,"devices":{"custom_data":{"a":"1","\u0061":"2"}}}}"#.into(), "a"),
    ] {
        let refused = bench.verify_claims(&format!("{good}{extra}"));
        assert_eq!(refused, Err(malformed(TokenCheck::Claims, format!("duplicate claims member {name:?}"))));
    }
    assert_eq!(
        bench.verify_claims(&format!("{good}}} ,")),
        Err(malformed(TokenCheck::Claims, "claims are not a JSON object"))
    );
    assert_eq!(bench.verify_claims("null"), Err(malformed(TokenCheck::Claims, "claims are not a JSON object")));
    assert_eq!(
        bench.verify_claims(&"[".repeat(1_000)),
        Err(malformed(TokenCheck::Claims, "claims are not a JSON object"))
    );
}

#[test]
fn verify_of_other_form_returns_error() {
    let bench = Bench::new();
    let token = bench.sign(HEADER, &good().to_string());
    let parts: Vec<&str> = token.split('.').collect();
    for spaced in [format!("{token}\n"), format!(" {token}"), token.replacen('.', ". ", 1), format!("{token}\u{a0}")] {
        assert_eq!(
            bench.verifier.verify(&spaced),
            Err(malformed(TokenCheck::CompactForm, "token contains whitespace"))
        );
    }
    for (text, count) in
        [(String::new(), 1), (parts[..2].join("."), 2), (format!("{token}."), 4), (format!("{token}.{token}"), 6)]
    {
        let detail = format!("expected 3 dot-separated parts, found {count}");
        assert_eq!(bench.verifier.verify(&text), Err(malformed(TokenCheck::CompactForm, detail)));
    }
    // 256 bytes leave two characters of which the last carries four bits that decode to nothing.
    let last = token.chars().last().unwrap();
    let spare = char::from(u8::try_from(u32::from(last)).unwrap() + 1);
    for (changed, part) in [
        (format!("{token}=="), "signature"),
        (format!("{}{spare}", &token[..token.len() - 1]), "signature"),
        (format!("{}=.{}.{}", parts[0], parts[1], parts[2]), "header"),
        (format!("{}.*{}.{}", parts[0], parts[1], parts[2]), "claims"),
        (format!("{}.é.{}", parts[0], parts[2]), "claims"),
    ] {
        let detail = format!("{part} segment is not canonical, unpadded base64url");
        assert_eq!(bench.verifier.verify(&changed), Err(malformed(TokenCheck::CompactForm, detail)));
    }
}

#[test]
fn verify_with_part_that_is_not_utf_8_returns_error() {
    let bench = Bench::new();
    let claims = good().to_string().replace("jane", "Zoë").chars().map(|char| char as u8).collect::<Vec<_>>();
    for (header, claims, part) in [
        (HEADER.as_bytes(), claims.as_slice(), malformed(TokenCheck::Claims, "claims are not a JSON object")),
        (
            b"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"\xeb\"}",
            good().to_string().as_bytes(),
            malformed(TokenCheck::Header, "header is not a JSON object"),
        ),
    ] {
        let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = URL_SAFE_NO_PAD.encode(bench.key.sign_now(&SigningInput::new(input.as_bytes())));
        assert_eq!(bench.verifier.verify(&format!("{input}.{signature}")), Err(part));
    }
}

#[test]
fn text_over_the_limit_is_not_decoded() {
    let bench = Bench::new();
    let text = "a".repeat(MAX_TOKEN_BYTES + 1);
    let error = malformed(TokenCheck::Size, "token has 65537 bytes, over the limit of 65,536");
    assert_eq!(bench.verifier.verify(&text), Err(error));
    let inspection = Inspector::new().inspect(&text);
    assert_eq!(inspection.failures().count(), 1);
    assert!(inspection.claims().is_none());
}

#[test]
fn verify_with_other_key_or_claims_returns_invalid_signature() {
    let (bench, other) = (Bench::new(), Bench::new());
    let token = bench.sign(HEADER, &good().to_string());
    assert_eq!(other.verifier.verify(&token), Err(VerifyError::InvalidSignature));
    let mut claims = good();
    claims["sub"] = json!("boss@example.com");
    let forged = URL_SAFE_NO_PAD.encode(claims.to_string());
    let parts: Vec<&str> = token.split('.').collect();
    let spliced = [parts[0], &forged, parts[2]].join(".");
    assert_eq!(bench.verifier.verify(&spliced), Err(VerifyError::InvalidSignature));
    assert_eq!(bench.verifier.verify(&format!("{}.{}.", parts[0], parts[1])), Err(VerifyError::InvalidSignature));
}

#[test]
fn verify_with_clock_before_1970_returns_error() {
    let mut bench = Bench::new();
    bench.verifier = bench.verifier.clock(|| UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(bench.verify_claims(&good().to_string()), Err(VerifyError::ClockBeforeEpoch));
}

#[test]
fn inspect_of_broken_token_decodes_what_it_can() {
    let bench = Bench::new();
    let token = bench
        .sign(r#"{"alg":"HS256"}"#, r#"{"exp":1700000000000,"aud":"https://cobrowse.io/","policy":{"devices":{}}}"#);
    let inspection = Inspector::new().inspect(&format!(" {token}==\n"));
    assert_eq!(inspection.header().unwrap()["alg"], "HS256");
    assert_eq!(inspection.claims().unwrap()["aud"], "https://cobrowse.io/");
    let failed: Vec<_> = inspection.failures().map(VerifyError::check).collect();
    for check in [
        TokenCheck::CompactForm,
        TokenCheck::Algorithm,
        TokenCheck::Type,
        TokenCheck::Audience,
        TokenCheck::Issuer,
        TokenCheck::Subject,
        TokenCheck::Seconds,
        TokenCheck::IssuedAt,
        TokenCheck::Policy,
    ] {
        assert!(failed.contains(&check), "{check:?} in {failed:?}");
    }
    for finding in inspection.findings() {
        assert!(!finding.message().is_empty());
        if let Outcome::Failed(error) = &finding.outcome {
            assert_eq!(error.check(), finding.check);
        }
    }
}

#[test]
fn verify_with_role_returns_it() {
    let bench = Bench::new();
    let access = |role: Value| bench.verify_with("role", role).unwrap().claims.access().clone();
    assert_eq!(access(json!("administrator")), Access::Role(Role::Administrator));
    assert_eq!(access(json!("agent")), Access::Role(Role::Agent));
}

#[test]
fn ids_are_unique_and_messages_are_short_without_advice() {
    let claims = ClaimsError::EmptySubject;
    let errors = [
        malformed(TokenCheck::Header, "header is not a JSON object"),
        VerifyError::AlgNone,
        VerifyError::UnsupportedAlgorithm(None),
        header(TokenCheck::Type, "typ is not \"JWT\""),
        VerifyError::InvalidSignature,
        VerifyError::MissingClaim("iat"),
        not_an_integer("exp"),
        invalid("sub")(claims.clone()),
        VerifyError::InvalidPolicy(PolicyError::NotAnObject),
        VerifyError::AudienceMismatch,
        VerifyError::IssuerMismatch,
        VerifyError::TimestampInMilliseconds { claim: "exp" },
        VerifyError::IssuedInFuture { seconds: 7 },
        VerifyError::Expired { seconds: 7 },
        VerifyError::ExpiresBeforeIssued,
        VerifyError::LifetimeTooLong { seconds: 90_000 },
        VerifyError::UnknownClaim { found: "display_name".into(), expected: Some("displayName") },
        VerifyError::ClockBeforeEpoch,
    ];
    let mut ids: Vec<_> = errors.iter().map(VerifyError::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), errors.len());
    for error in &errors {
        let message = error.to_string();
        assert!(message.len() <= 60 && !message.ends_with('.') && message.starts_with(char::is_lowercase), "{message}");
        assert!(error.hint().is_some_and(|hint| !message.contains(hint)), "{message}");
        assert_eq!(error.is_transient(), matches!(error, VerifyError::IssuedInFuture { .. }), "{message}");
    }
    assert_eq!(unsupported("HS256").to_string(), "symmetric algorithm HS256; expected RS256");
    assert_eq!(unsupported("ES256").to_string(), "unsupported algorithm \"ES256\"; expected RS256");
    assert_eq!(errors[16].to_string(), "unknown claim \"display_name\"; expected \"displayName\"");
    assert_eq!(errors[7].source().unwrap().to_string(), claims.to_string());
}
