use serde_json::{Value, json};

use crate::program::{Ended, Folder, HEADER, LICENSE, OTHER_KEY, encode, good_claims, now, sign, token};

const VERIFY: [&str; 5] = ["verify", "--license", LICENSE, "--public-key", "key.pub.pem"];

fn with(claim: &str, value: Value) -> String {
    let mut claims = good_claims();
    claims[claim] = value;
    token(HEADER, &claims.to_string())
}

#[test]
fn accepts_a_good_token() {
    let folder = Folder::new();
    let good = token(HEADER, &good_claims().to_string());
    assert_eq!(folder.read(&VERIFY, &good).result(), "accepted: \"jane@example.com\"\n");
    let json: Value = serde_json::from_str(&folder.read(&[&VERIFY, &["--json"][..]].concat(), &good).result()).unwrap();
    assert_eq!((&json["accepted"], &json["refused_by"]), (&json!(true), &json!(null)));
    assert_eq!(json["claims"]["sub"], "jane@example.com");
    assert!(json["rules"].as_array().unwrap().iter().all(|rule| rule["outcome"] == "passed"));
    let by_key = ["verify", "--license", LICENSE, "--key", "key.pem"];
    assert_eq!(folder.read(&by_key, &good).result(), "accepted: \"jane@example.com\"\n");
}

#[test]
fn the_exit_code_names_the_class() {
    let folder = Folder::new();
    let (header, claims) = (encode(HEADER), encode(good_claims().to_string()));
    for (exit, rule, token) in [
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
        let ended = folder.read(&VERIFY, &token);
        assert_eq!((ended.exit, ended.stderr.as_str()), (exit, ""), "{rule}: {ended:?}");
        assert!(ended.stdout.starts_with(&format!("refused ({rule}): ")), "{ended:?}");
        let ended = folder.read(&[&VERIFY, &["--json"][..]].concat(), &token);
        let json: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((ended.exit, &json["accepted"], &json["refused_by"]), (exit, &json!(false), &json!(rule)));
    }
}

#[test]
fn a_refusal_says_why_in_one_line() {
    let ended = Folder::new().read(&VERIFY, &with("policy", json!({"devices": {"user_id": "42"}})));
    assert_eq!(ended.stdout.lines().count(), 1);
    assert!(ended.stdout.contains("the policy is wrong") && ended.stdout.contains("deprecated version 1"), "{ended:?}");
}

#[test]
fn without_its_keys_it_accepts_nothing() {
    let folder = Folder::new();
    folder.read(&["verify", "--license", LICENSE], "x").exits(2, "--public-key or --key");
    folder.read(&["verify", "--public-key", "key.pub.pem"], "x").exits(2, "--license");
    let variables = folder
        .command(&["verify"])
        .envs([("COBROWSE_LICENSE_KEY", LICENSE), ("COBROWSE_PUBLIC_KEY", "key.pub.pem")])
        .write_stdin(token(HEADER, &good_claims().to_string()))
        .output()
        .unwrap();
    Ended::of(&variables).result();
}
