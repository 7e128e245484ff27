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

fn good() -> Value {
    json!({"iat": NOW, "exp": NOW + 3_600, "aud": "https://cobrowse.io", "iss": "SPGqPIcVnsOEJQ", "sub": "jane@example.com"})
}

#[test]
fn answers_with_what_the_token_says() {
    let bench = Bench::new();
    let mut claims = good();
    claims["displayName"] = json!("Jane Doe");
    claims["role"] = json!(null);
    claims["policy"] = json!({"version": 3, "devices": {}});
    let token = bench.verify_claims(&claims.to_string()).unwrap();
    let policy = Policy::new().devices(crate::Rule::any()).unwrap();
    let expected = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy)).unwrap();
    assert_eq!(token.claims, expected.with_display_name("Jane Doe").unwrap());
    assert_eq!(token.issued_at, UNIX_EPOCH + Duration::from_secs(NOW));
    assert_eq!(token.expires_at, UNIX_EPOCH + Duration::from_secs(NOW + 3_600));
    assert_eq!(token.license_key.as_str(), "SPGqPIcVnsOEJQ");
}

#[test]
fn every_rule_can_pass_and_is_named_once() {
    let bench = Bench::new();
    let inspection = Inspector::from(bench.verifier.clone()).inspect(&bench.sign(HEADER, &good().to_string()));
    assert!(inspection.findings().iter().all(|finding| finding.outcome == Outcome::Passed), "{inspection:?}");
    let mut ids: Vec<_> = inspection.findings().iter().map(|finding| finding.check.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), inspection.findings().len());
}

#[test]
fn refuses_wrong_claims_by_name() {
    let bench = Bench::new();
    for (claim, value, expected) in [
        ("aud", json!("https://cobrowse.io/"), VerifyError::OtherAudience),
        ("aud", json!("https://cobrowse.example.com"), VerifyError::OtherAudience),
        ("aud", json!(["https://cobrowse.io"]), VerifyError::OtherAudience),
        ("iss", json!("trial"), VerifyError::OtherIssuer),
        ("iss", json!("SPG PIc"), VerifyError::Issuer(ClaimsError::InvalidLicenseKey)),
        ("iss", json!(1), VerifyError::NotText("iss")),
        ("sub", json!(""), VerifyError::Subject(ClaimsError::EmptySubject)),
        ("sub", json!(7), VerifyError::NotText("sub")),
        ("displayName", json!(null), VerifyError::NotText("displayName")),
        ("displayName", json!("a\u{0}"), VerifyError::DisplayName(ClaimsError::ControlCharacterInDisplayName)),
        ("role", json!("admin"), VerifyError::Role(ClaimsError::UnknownRole)),
        ("role", json!(null), VerifyError::Role(ClaimsError::NullRoleWithoutPolicy)),
        ("policy", json!("{}"), VerifyError::Policy(PolicyError::NotAnObject)),
        ("policy", json!(null), VerifyError::Policy(PolicyError::NotAnObject)),
        ("policy", json!({"devices": {"user_id": "x"}}), VerifyError::Policy(PolicyError::Version1)),
        (
            "display_name",
            json!("Jane"),
            VerifyError::MisspelledClaim { found: "display_name".into(), meant: "displayName" },
        ),
        ("nbf", json!(NOW), VerifyError::UnknownClaim("nbf".into())),
    ] {
        assert_eq!(bench.verify_with(claim, value.clone()), Err(expected), "{claim}: {value}");
    }
    for claim in ["aud", "iss", "sub", "iat", "exp"] {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(claim);
        let error = bench.verify_claims(&claims.to_string()).unwrap_err();
        assert_eq!(error.to_string(), format!("the claim {claim} is missing; add it"));
    }
}

#[test]
fn dates_are_whole_seconds_on_the_right_side_of_now() {
    let bench = Bench::new();
    for wrong in
        [json!("1700003600"), json!(1_700_003_600.0), json!(1_700_003_600.5), json!(-1), json!(1e300), json!(null)]
    {
        assert_eq!(bench.verify_with("exp", wrong.clone()), Err(VerifyError::NotInteger("exp")), "{wrong}");
        assert_eq!(bench.verify_with("iat", wrong), Err(VerifyError::NotInteger("iat")));
    }
    assert_eq!(bench.verify_with("exp", json!(NOW)), Err(VerifyError::Expired { seconds: 0 }));
    assert_eq!(bench.verify_with("exp", json!(NOW - 7)), Err(VerifyError::Expired { seconds: 7 }));
    assert!(bench.verify_with("exp", json!(NOW + 1)).is_ok());
    assert_eq!(bench.verify_with("iat", json!(NOW + 1)), Err(VerifyError::IssuedInFuture { seconds: 1 }));
    assert_eq!(bench.verify_with("exp", json!(NOW * 1_000)), Err(VerifyError::Milliseconds { claim: "exp" }));
    assert_eq!(bench.verify_with("iat", json!(NOW * 1_000)), Err(VerifyError::Milliseconds { claim: "iat" }));
    assert_eq!(bench.verify_with("exp", json!(u64::MAX)), Err(VerifyError::Milliseconds { claim: "exp" }));
}

#[test]
fn leeway_stretches_both_ends() {
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
fn a_life_over_a_day_must_be_allowed() {
    let mut bench = Bench::new();
    let day = 86_400;
    assert!(bench.verify_with("exp", json!(NOW + day)).is_ok());
    assert_eq!(bench.verify_with("exp", json!(NOW + day + 1)), Err(VerifyError::LongLived { seconds: day + 1 }));
    let tolerant = bench.verifier.clone().leeway(ClockSkew::new(Duration::from_secs(7)).unwrap());
    let strict = std::mem::replace(&mut bench.verifier, tolerant);
    assert!(bench.verify_with("exp", json!(NOW + day + 7)).is_ok());
    assert_eq!(bench.verify_with("exp", json!(NOW + day + 8)), Err(VerifyError::LongLived { seconds: day + 8 }));
    bench.verifier = strict.allow_long_lived();
    assert!(bench.verify_with("exp", json!(NOW + 365 * 86_400)).unwrap().claims.lifetime().is_long_lived());
}

#[test]
fn a_token_that_never_lived_is_refused() {
    let mut bench = Bench::new();
    bench.verifier = bench.verifier.leeway(ClockSkew::new(Duration::from_secs(300)).unwrap());
    let mut claims = good();
    claims["iat"] = json!(NOW + 100);
    claims["exp"] = json!(NOW + 100);
    assert_eq!(bench.verify_claims(&claims.to_string()), Err(VerifyError::ExpiresBeforeIssued));
}

#[test]
fn refuses_other_headers_by_name() {
    let bench = Bench::new();
    let claims = good().to_string();
    for (header, expected) in [
        (r#"{"alg":"none","typ":"JWT"}"#, VerifyError::Unsigned),
        (r#"{"alg":"NoNe","typ":"JWT"}"#, VerifyError::Unsigned),
        (r#"{"alg":"HS256","typ":"JWT"}"#, VerifyError::SharedSecret("HS256".into())),
        (r#"{"alg":"RS512","typ":"JWT"}"#, VerifyError::OtherAlgorithm("RS512".into())),
        (r#"{"alg":"PS256","typ":"JWT"}"#, VerifyError::OtherAlgorithm("PS256".into())),
        (r#"{"alg":"rs256","typ":"JWT"}"#, VerifyError::OtherAlgorithm("rs256".into())),
        (r#"{"alg":["RS256"],"typ":"JWT"}"#, VerifyError::NoAlgorithm),
        (r#"{"typ":"JWT"}"#, VerifyError::NoAlgorithm),
        (r#"{"alg":"RS256"}"#, VerifyError::OtherType),
        (r#"{"alg":"RS256","typ":"at+jwt"}"#, VerifyError::OtherType),
        (r#"{"alg":"RS256","typ":"JWT","crit":["exp"]}"#, VerifyError::Critical),
        (r#"{"alg":"RS256","typ":"JWT","jku":"https://x"}"#, VerifyError::UnknownHeaderMember("jku".into())),
        (r#"{"alg":"RS256","typ":"JWT","kid":7}"#, VerifyError::KeyIdNotText),
        (r#"{"alg":"RS256","alg":"none","typ":"JWT"}"#, VerifyError::RepeatedHeaderMember("alg".into())),
        (r#"["RS256"]"#, VerifyError::HeaderNotObject),
        ("", VerifyError::HeaderNotObject),
    ] {
        assert_eq!(bench.verifier.verify(&bench.sign(header, &claims)), Err(expected), "{header}");
    }
    assert!(bench.verifier.verify(&bench.sign(r#"{"kid":"any","typ":"JWT","alg":"RS256"}"#, &claims)).is_ok());
}

#[test]
fn the_public_key_is_no_shared_secret() {
    use aws_lc_rs::hmac;
    let bench = Bench::new();
    let input =
        [r#"{"alg":"HS256","typ":"JWT"}"#, &good().to_string()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, bench.key.public.to_pem().as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, input.as_bytes())));
    assert_eq!(bench.verifier.verify(&token), Err(VerifyError::SharedSecret("HS256".into())));
}

#[test]
fn repeated_claims_are_refused_at_any_depth() {
    let bench = Bench::new();
    let good = good().to_string();
    let good = good.trim_end_matches('}');
    for (extra, name) in [
        (format!(r#","exp":{}}}"#, NOW + 7_200), "exp"),
        (r#","policy":{"version":3,"devices":{"id":"a"},"devices":{}}}"#.into(), "devices"),
        (r#","policy":{"version":3,"devices":{"custom_data":{"a":"1","\u0061":"2"}}}}"#.into(), "a"),
    ] {
        let refused = bench.verify_claims(&format!("{good}{extra}"));
        assert_eq!(refused, Err(VerifyError::RepeatedClaim(name.into())));
    }
    assert_eq!(bench.verify_claims(&format!("{good}}} ,")), Err(VerifyError::ClaimsNotObject));
    assert_eq!(bench.verify_claims("null"), Err(VerifyError::ClaimsNotObject));
    assert_eq!(bench.verify_claims(&"[".repeat(1_000)), Err(VerifyError::ClaimsNotObject));
}

#[test]
fn the_form_is_exact() {
    let bench = Bench::new();
    let token = bench.sign(HEADER, &good().to_string());
    let parts: Vec<&str> = token.split('.').collect();
    for spaced in [format!("{token}\n"), format!(" {token}"), token.replacen('.', ". ", 1), format!("{token}\u{a0}")] {
        assert_eq!(bench.verifier.verify(&spaced), Err(VerifyError::WhiteSpace));
    }
    for (text, count) in
        [(String::new(), 1), (parts[..2].join("."), 2), (format!("{token}."), 4), (format!("{token}.{token}"), 6)]
    {
        assert_eq!(bench.verifier.verify(&text), Err(VerifyError::WrongParts { parts: count }));
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
        assert_eq!(bench.verifier.verify(&changed), Err(VerifyError::NotBase64Url { part }));
    }
}

#[test]
fn a_long_text_is_not_read() {
    let bench = Bench::new();
    let text = "a".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(bench.verifier.verify(&text), Err(VerifyError::TooLong { bytes: MAX_TOKEN_BYTES + 1 }));
    let inspection = Inspector::new().inspect(&text);
    assert_eq!(inspection.failures().count(), 1);
    assert!(inspection.claims().is_none());
}

#[test]
fn another_key_or_another_content_breaks_the_signature() {
    let (bench, other) = (Bench::new(), Bench::new());
    let token = bench.sign(HEADER, &good().to_string());
    assert_eq!(other.verifier.verify(&token), Err(VerifyError::Signature));
    let mut claims = good();
    claims["sub"] = json!("boss@example.com");
    let forged = URL_SAFE_NO_PAD.encode(claims.to_string());
    let parts: Vec<&str> = token.split('.').collect();
    let spliced = [parts[0], &forged, parts[2]].join(".");
    assert_eq!(bench.verifier.verify(&spliced), Err(VerifyError::Signature));
    assert_eq!(bench.verifier.verify(&format!("{}.{}.", parts[0], parts[1])), Err(VerifyError::Signature));
}

#[test]
fn a_clock_before_1970_accepts_nothing() {
    let mut bench = Bench::new();
    bench.verifier = bench.verifier.clock(|| UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(bench.verify_claims(&good().to_string()), Err(VerifyError::ClockBeforeEpoch));
}

#[test]
fn an_inspection_reads_what_it_can() {
    let bench = Bench::new();
    let token = bench
        .sign(r#"{"alg":"HS256"}"#, r#"{"exp":1700000000000,"aud":"https://cobrowse.io/","policy":{"devices":{}}}"#);
    let inspection = Inspector::new().inspect(&format!(" {token}==\n"));
    assert_eq!(inspection.header().unwrap()["alg"], "HS256");
    assert_eq!(inspection.claims().unwrap()["aud"], "https://cobrowse.io/");
    let rules: Vec<_> = inspection.failures().map(VerifyError::check).collect();
    for rule in [
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
        assert!(rules.contains(&rule), "{rule:?} in {rules:?}");
    }
    for finding in inspection.findings() {
        assert!(!finding.message().is_empty());
        if let Outcome::Failed(error) = &finding.outcome {
            assert_eq!(error.check(), finding.check);
        }
    }
}

#[test]
fn roles_of_both_kinds_are_read() {
    let bench = Bench::new();
    let access = |role: Value| bench.verify_with("role", role).unwrap().claims.access().clone();
    assert_eq!(access(json!("administrator")), Access::Role(Role::Administrator));
    assert_eq!(access(json!("agent")), Access::Role(Role::Agent));
}
