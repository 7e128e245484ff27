use serde_json::{Value, json};

use crate::program::{Directory, HEADER, LICENSE, OTHER_KEY, Output, encode, good_claims, now, sign, token};

const VERIFY: [&str; 5] = ["verify", "--license", LICENSE, "--public-key", "key.pub.pem"];

fn with(claim: &str, value: Value) -> String {
    let mut claims = good_claims();
    claims[claim] = value;
    token(HEADER, &claims.to_string())
}

#[test]
fn valid_token_is_accepted() {
    let directory = Directory::new();
    let good = token(HEADER, &good_claims().to_string());
    assert_eq!(directory.read(&VERIFY, &good).result(), "accepted: \"jane@example.com\"\n");
    let json: Value =
        serde_json::from_str(&directory.read(&[&VERIFY, &["--json"][..]].concat(), &good).result()).unwrap();
    assert_eq!((&json["accepted"], &json["refused_by"]), (&json!(true), &json!(null)));
    assert_eq!(json["claims"]["sub"], "jane@example.com");
    assert!(json["checks"].as_array().unwrap().iter().all(|check| check["outcome"] == "passed"));
    let by_key = ["verify", "--license", LICENSE, "--key", "key.pem"];
    assert_eq!(directory.read(&by_key, &good).result(), "accepted: \"jane@example.com\"\n");
}

#[test]
fn exit_code_of_a_refusal_names_the_class() {
    let directory = Directory::new();
    let (header, claims) = (encode(HEADER), encode(good_claims().to_string()));
    for (exit, check, token) in [
        (10, "compact-form", "no token".to_owned()),
        (10, "claims", token(HEADER, "7")),
        (11, "alg", token(r#"{"alg":"RS512","typ":"JWT"}"#, &good_claims().to_string())),
        (11, "header-members", token(r#"{"alg":"RS256","typ":"JWT","x5u":""}"#, &good_claims().to_string())),
        (12, "signature", sign(&format!("{header}.{claims}"), &OTHER_KEY)),
        (13, "iss", with("iss", json!("trial"))),
        (13, "aud", with("aud", json!("https://cobrowse.io/"))),
        (14, "exp", with("exp", json!(now() - 5))),
        (14, "seconds", with("exp", json!(now() * 1_000))),
        (14, "lifetime", with("exp", json!(now() + 90_000))),
        (15, "sub", with("sub", json!(""))),
        (16, "role", with("role", json!("admin"))),
        (16, "policy", with("policy", json!({}))),
        (17, "known-claims", with("jti", json!("7"))),
    ] {
        let output = directory.read(&VERIFY, &token);
        assert_eq!((output.exit, output.stderr.as_str()), (exit, ""), "{check}: {output:?}");
        assert!(output.stdout.starts_with(&format!("refused ({check}): ")), "{output:?}");
        let output = directory.read(&[&VERIFY, &["--json"][..]].concat(), &token);
        let json: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!((output.exit, &json["accepted"], &json["refused_by"]), (exit, &json!(false), &json!(check)));
    }
}

#[test]
fn refusal_is_one_line() {
    let output = Directory::new().read(&VERIFY, &with("policy", json!({"devices": {"user_id": "42"}})));
    assert_eq!(output.stdout.lines().count(), 1);
    assert!(
        output.stdout.contains("invalid policy") && output.stdout.contains("policy version 1 is not supported"),
        "{output:?}"
    );
}

#[test]
fn verify_without_keys_is_a_usage_error() {
    let directory = Directory::new();
    directory.read(&["verify", "--license", LICENSE], "x").exits(2, "--public-key or --key");
    directory.read(&["verify", "--public-key", "key.pub.pem"], "x").exits(2, "--license");
    let variables = directory
        .command(&["verify"])
        .envs([("COBROWSE_LICENSE_KEY", LICENSE), ("COBROWSE_PUBLIC_KEY", "key.pub.pem")])
        .write_stdin(token(HEADER, &good_claims().to_string()))
        .output()
        .unwrap();
    Output::of(&variables).result();
}
