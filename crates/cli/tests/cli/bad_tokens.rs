//! Tokens with one fault each: `inspect` names the failed checks and no others.

use serde_json::{Value, json};

use crate::program::{Directory, HEADER, KEY, OTHER_KEY, encode, good_claims, now, sign, token};

/// A token, the checks that it fails, and a part of the message.
struct Bad {
    name: &'static str,
    token: String,
    fails: &'static [&'static str],
    message: &'static str,
}

fn bad(name: &'static str, token: String, fails: &'static [&'static str], message: &'static str) -> Bad {
    Bad { name, token, fails, message }
}

/// Returns a valid token with one claim replaced or removed.
fn with(claim: &str, value: Option<Value>) -> String {
    let mut claims = good_claims();
    let members = claims.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(claim.to_owned(), value),
        None => members.remove(claim),
    };
    token(HEADER, &claims.to_string())
}

fn with_header(header: &str) -> String {
    token(header, &good_claims().to_string())
}

fn with_policy(policy: Value) -> String {
    let mut claims = good_claims();
    claims["role"] = Value::Null;
    claims["policy"] = policy;
    token(HEADER, &claims.to_string())
}

fn good() -> String {
    with_header(HEADER)
}

fn malformed() -> Vec<Bad> {
    let (input, signature) =
        good().rsplit_once('.').map(|(input, signature)| (input.to_owned(), signature.to_owned())).unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    let with_signs = json!({"displayName": "???>>>~~~"}).to_string();
    vec![
        bad(
            "a license key",
            "SPGqPIcVnsOEJQ".to_owned(),
            &["compact-form", "header"],
            "expected 3 dot-separated parts, found 1",
        ),
        bad("no signature", input.clone(), &["compact-form"], "expected 3 dot-separated parts, found 2"),
        bad(
            "an encrypted token",
            format!("{input}.x.{signature}"),
            &["compact-form"],
            "expected 3 dot-separated parts, found 4",
        ),
        bad(
            "a line break",
            format!("{header}.\n{claims}.{signature}"),
            &["compact-form", "signature"],
            "token contains whitespace",
        ),
        bad(
            "a space",
            format!("{header}.{claims} .{signature}"),
            &["compact-form", "signature"],
            "token contains whitespace",
        ),
        bad(
            "a quote",
            format!("\"{}", good()),
            &["compact-form", "signature"],
            "header segment is not canonical, unpadded base64url",
        ),
        bad(
            "padding",
            sign(&format!("{}==.{claims}", encode(HEADER.replace("\"}", "\" }"))), &KEY),
            &["compact-form"],
            "header segment is not canonical, unpadded base64url",
        ),
        bad(
            "another alphabet",
            sign(&format!("{header}.{}", encode(with_signs).replace('-', "+").replace('_', "/")), &KEY),
            &["compact-form", "aud", "iss", "sub", "iat", "exp"],
            "claims segment is not canonical, unpadded base64url",
        ),
        bad("too long", with("displayName", Some(json!("x".repeat(70_000)))), &["size"], "over the limit of 65,536"),
        bad("no JSON in the header", with_header("RS256"), &["header"], "header is not a JSON object"),
        bad("an array for claims", token(HEADER, "[1]"), &["claims"], "claims are not a JSON object"),
    ]
}

fn bad_headers() -> Vec<Bad> {
    let unsigned = format!("{}.{}.", encode(r#"{"alg":"none","typ":"JWT"}"#), encode(good_claims().to_string()));
    let other_vendor = {
        let header = encode(r#"{"alg":"HS256","typ":"JWT","kid":"app_5f3"}"#);
        format!("{header}.{}.{}", encode(r#"{"scope":"user","external_id":"7"}"#), encode([7; 32]))
    };
    vec![
        bad(
            "an algorithm twice",
            with_header(r#"{"alg":"RS256","alg":"RS256","typ":"JWT"}"#),
            &["header"],
            "duplicate header member \"alg\"",
        ),
        bad("not signed", unsigned, &["alg", "signature"], "unsigned token (alg \"none\")"),
        bad(
            "another vendor",
            other_vendor,
            &["alg", "signature", "aud", "iss", "sub", "iat", "exp", "known-claims"],
            "symmetric algorithm HS256; expected RS256",
        ),
        bad(
            "ES256",
            with_header(r#"{"alg":"ES256","typ":"JWT"}"#),
            &["alg"],
            "unsupported algorithm \"ES256\"; expected RS256",
        ),
        bad("lower case", with_header(r#"{"alg":"rs256","typ":"JWT"}"#), &["alg"], "unsupported algorithm \"rs256\""),
        bad("no algorithm", with_header(r#"{"typ":"JWT"}"#), &["alg"], "missing algorithm; expected RS256"),
        bad("no type", with_header(r#"{"alg":"RS256"}"#), &["typ"], "typ is not \"JWT\""),
        bad("an access token", with_header(r#"{"alg":"RS256","typ":"at+jwt"}"#), &["typ"], "typ is not \"JWT\""),
        bad(
            "an extension",
            with_header(r#"{"alg":"RS256","typ":"JWT","crit":["exp"]}"#),
            &["crit"],
            "unsupported critical extensions (crit)",
        ),
        bad(
            "a key's address",
            with_header(r#"{"alg":"RS256","typ":"JWT","jku":"x"}"#),
            &["header-members"],
            "unknown header member \"jku\"",
        ),
        bad(
            "a number for a key id",
            with_header(r#"{"alg":"RS256","typ":"JWT","kid":7}"#),
            &["header-members"],
            "kid is not a string",
        ),
    ]
}

fn bad_signatures() -> Vec<Bad> {
    let (header, claims) = (encode(HEADER), encode(good_claims().to_string()));
    let (_, signature) =
        good().rsplit_once('.').map(|(input, signature)| (input.to_owned(), signature.to_owned())).unwrap();
    let altered = encode(json!({"sub": "boss@example.com"}).as_object().map_or(String::new(), |boss| {
        let mut claims = good_claims();
        claims["sub"] = boss["sub"].clone();
        claims.to_string()
    }));
    vec![
        bad("another key", sign(&format!("{header}.{claims}"), &OTHER_KEY), &["signature"], "invalid signature"),
        bad("altered", format!("{header}.{altered}.{signature}"), &["signature"], "invalid signature"),
        bad(
            "cut off",
            {
                let good = good();
                good[..good.len() - 10].to_owned()
            },
            &["signature"],
            "invalid signature",
        ),
    ]
}

fn bad_claims() -> Vec<Bad> {
    let twice = good_claims().to_string().replacen('{', r#"{"sub":"boss@example.com","#, 1);
    vec![
        bad("a claim twice", token(HEADER, &twice), &["claims"], "duplicate claims member \"sub\""),
        bad(
            "a slash after the audience",
            with("aud", Some(json!("https://cobrowse.io/"))),
            &["aud"],
            "aud is not \"https://cobrowse.io\"",
        ),
        bad(
            "a self-hosted audience",
            with("aud", Some(json!("https://support.example.com"))),
            &["aud"],
            "aud is not \"https://cobrowse.io\"",
        ),
        bad(
            "a list of audiences",
            with("aud", Some(json!(["https://cobrowse.io"]))),
            &["aud"],
            "aud is not \"https://cobrowse.io\"",
        ),
        bad("no audience", with("aud", None), &["aud"], "missing claim aud"),
        bad("another account", with("iss", Some(json!("trial"))), &["iss"], "iss is not the expected license key"),
        bad("a URL for an issuer", with("iss", Some(json!("https://idp.example.com"))), &["iss"], "invalid iss"),
        bad("no issuer", with("iss", None), &["iss"], "missing claim iss"),
        bad("an empty agent", with("sub", Some(json!(" "))), &["sub"], "invalid sub"),
        bad("a number for an agent", with("sub", Some(json!(42))), &["sub"], "sub is not a string"),
        bad("no agent", with("sub", None), &["sub"], "missing claim sub"),
        bad(
            "a control in the name",
            with("displayName", Some(json!("Jane\u{1b}[2J"))),
            &["display-name"],
            "control character",
        ),
        bad(
            "another spelling",
            with("display_name", Some(json!("Jane"))),
            &["known-claims"],
            "unknown claim \"display_name\"; expected \"displayName\"",
        ),
        bad("a claim too many", with("nbf", Some(json!(now()))), &["known-claims"], "unknown claim \"nbf\""),
    ]
}

fn bad_times() -> Vec<Bad> {
    let in_milliseconds = |claims: &[&str]| {
        let mut all = good_claims();
        for claim in claims {
            all[claim] = json!(all[claim].as_u64().unwrap() * 1_000);
        }
        token(HEADER, &all.to_string())
    };
    vec![
        bad("an expiry in milliseconds", in_milliseconds(&["exp"]), &["seconds"], "exp is in milliseconds"),
        bad("both in milliseconds", in_milliseconds(&["iat", "exp"]), &["seconds"], "iat is in milliseconds"),
        bad(
            "text for an expiry",
            with("exp", Some(json!((now() + 60).to_string()))),
            &["exp"],
            "exp is not an integer",
        ),
        bad("a fraction", with("iat", Some(json!(1.5))), &["iat"], "iat is not an integer"),
        bad("expired", with("exp", Some(json!(now() - 30))), &["exp"], "token expired "),
        bad("not issued yet", with("iat", Some(json!(now() + 600))), &["iat"], "s in the future"),
        bad("no expiry", with("exp", None), &["exp"], "missing claim exp"),
        bad("no time of issue", with("iat", None), &["iat"], "missing claim iat"),
        bad("expiry in 2099", with("exp", Some(json!(4_102_444_799_u64))), &["lifetime"], "exceeds 24 hours"),
        bad("expired at issue", with("exp", Some(json!(now() - 90))), &["exp", "lifetime"], "exp is not after iat"),
    ]
}

fn bad_access() -> Vec<Bad> {
    vec![
        bad(
            "an unknown role",
            with("role", Some(json!("admin"))),
            &["role"],
            "invalid role: unknown role hint: use \"administrator\", \"agent\" or null",
        ),
        bad("null alone", with("role", Some(json!(null))), &["role"], "role is null without a policy"),
        bad(
            "version 1",
            with_policy(json!({"devices": {"user_id": "42"}})),
            &["policy"],
            "policy version 1 is not supported",
        ),
        bad("text for a version", with_policy(json!({"version": "3"})), &["policy"], "unknown policy version"),
        bad("text for a policy", with_policy(json!("{\"version\":3}")), &["policy"], "policy is not a JSON object"),
        bad(
            "a policy that does not restrict",
            with_policy(json!({"version": 3, "devices": {"custom_data": {}}})),
            &["policy"],
            "custom_data is empty",
        ),
        bad(
            "camel case",
            with_policy(json!({"version": 3, "devices": {"customData": {"a": "b"}}})),
            &["policy"],
            "unknown field in the rule for \"devices\"",
        ),
        bad(
            "a number to compare",
            with_policy(json!({"version": 3, "devices": {"custom_data": {"a": 42}}})),
            &["policy"],
            "wrong JSON type in the rule for \"devices\"",
        ),
        bad(
            "an empty value to compare",
            with_policy(json!({"version": 3, "devices": {"custom_data": {"a": ""}}})),
            &["policy"],
            "\"a\" is empty",
        ),
        bad(
            "an unknown permission",
            with_policy(json!({"version": 3, "devices": {"permissions": ["write"]}})),
            &["policy"],
            "unknown permission",
        ),
        bad(
            "permissions in version 2",
            with_policy(json!({"version": 2, "devices": {"permissions": ["read"]}})),
            &["policy"],
            "policy version 2 does not support permissions",
        ),
    ]
}

fn table() -> Vec<Bad> {
    [malformed(), bad_headers(), bad_signatures(), bad_claims(), bad_times(), bad_access()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn inspect_of_bad_token_names_the_failed_checks() {
    let directory = Directory::new();
    let table = table();
    assert!(table.len() >= 40, "{}", table.len());
    for Bad { name, token, fails, message } in table {
        let output = directory.read(&["inspect", "--license", "SPGqPIcVnsOEJQ", "--public-key", "key.pub.pem"], &token);
        assert_eq!((output.exit, output.stderr.as_str()), (1, ""), "{name}: {output:?}");
        let failed: Vec<_> = output
            .stdout
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("FAILED"))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(failed, fails, "{name}: {}", output.stdout);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(message), "{name}: {message:?} in {}", output.stdout);
    }
}

#[test]
fn inspect_of_valid_token_passes_all_checks() {
    let output =
        Directory::new().read(&["inspect", "--license", "SPGqPIcVnsOEJQ", "--public-key", "key.pub.pem"], &good());
    assert!(output.result().ends_with("\nAll checks passed.\n"));
}

#[test]
fn inspect_of_policy_beside_a_role_warns() {
    let directory = Directory::new();
    let policy = json!({"version": 3, "devices": {"custom_data": {"user_id": "42"}}, "sessions": {}, "push": {}});
    for (role, warning) in [
        (Some(json!("administrator")), "administrator-with-policy"),
        (Some(json!("agent")), "agent-with-policy"),
        (None, "default-role-with-policy"),
    ] {
        let mut claims = good_claims();
        claims["policy"] = policy.clone();
        if let Some(role) = role {
            claims["role"] = role;
        }
        let text = directory.read(&["inspect"], &token(HEADER, &claims.to_string())).result();
        let line = text.lines().find(|line| line.starts_with("  warn")).unwrap_or_default();
        assert!(line.contains(warning) && text.contains("hint: write \"role\": null"), "{text}");
    }
}
