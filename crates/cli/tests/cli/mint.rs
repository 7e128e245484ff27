use cobrowse_jwt::{Access, AgentClaims, Permission, Policy, Role, Rule};
use serde_json::{Value, json};

use crate::program::{Directory, KEY, LICENSE, OTHER_KEY, Output, accepted, now};

const MINT: [&str; 6] = ["mint", "key.pem", "--license", LICENSE, "--agent", "jane@example.com"];

fn mint(directory: &Directory, args: &[&str]) -> Output {
    directory.run(&[&MINT, args].concat())
}

/// Mints a token, verifies it and returns its claims.
fn claims(args: &[&str]) -> AgentClaims {
    accepted(&mint(&Directory::new(), args).result(), KEY.public_key()).claims
}

#[test]
fn mint_writes_only_the_token_to_stdout() {
    let token = mint(&Directory::new(), &[]).result();
    assert_eq!(token.lines().count(), 1);
    let accepted = accepted(&token, KEY.public_key());
    assert_eq!(accepted.claims.subject().as_str(), "jane@example.com");
    assert_eq!(accepted.claims.lifetime().unwrap().as_secs(), 3_600);
    assert_eq!(accepted.claims.access(), &Access::AccountDefault);
    let named = claims(&["--name", "Jane Doe", "--lifetime", "15m"]);
    assert_eq!(named.display_name().unwrap().as_str(), "Jane Doe");
    assert_eq!(named.lifetime().unwrap().as_secs(), 900);
}

#[test]
fn customer_restricts_devices_and_sessions() {
    let rule = Rule::custom_data("user_id", "42").with_custom_data("region", "eu=west");
    let policy = Policy::builder().devices(rule.clone()).sessions(rule).push(Rule::any()).build().unwrap();
    let minted = claims(&["--customer", "user_id=42", "--customer", "region=eu=west"]);
    assert_eq!(minted.access(), &Access::PolicyOnly(policy));
    let json = mint(&Directory::new(), &["--customer", "user_id=42", "--json"]).result();
    assert!(json.contains("\"role\": null"), "{json}");
}

#[test]
fn invalid_customer_is_a_usage_error() {
    let directory = Directory::new();
    for (args, message) in [
        (&["--customer", "user_id="][..], "expected KEY=VALUE with a key and a value"),
        (&["--customer", "=42"], "expected KEY=VALUE with a key and a value"),
        (&["--customer", "user_id"], "expected KEY=VALUE"),
        (&["--customer", ""], "expected KEY=VALUE"),
        (&["--customer", "a=1", "--customer", "a=2"], "custom_data \"a\" is set twice"),
        (&["--customer", "a=1", "--role", "agent"], "cannot be used with"),
        (&["--customer", "a=1", "--policy", r#"{"version":3}"#], "cannot be used with"),
    ] {
        assert_eq!(mint(&directory, args).exits(2, message).stdout, "");
    }
}

#[test]
fn role_and_policy_are_combined() {
    let policy = || Policy::builder().features(Rule::permissions([Permission::Read])).build().unwrap();
    let json = r#"{"version":3,"features":{"permissions":["read"]}}"#;
    assert_eq!(claims(&["--role", "agent"]).access(), &Access::Role(Role::Agent));
    assert_eq!(claims(&["--role", "default"]).access(), &Access::AccountDefault);
    assert_eq!(claims(&["--policy", json]).access(), &Access::PolicyOnly(policy()));
    assert_eq!(claims(&["--policy", json, "--role", "null"]).access(), &Access::PolicyOnly(policy()));

    let directory = Directory::new();
    directory.write("policy.json", json, 0o644);
    for (role, access, warning) in [
        (
            "administrator",
            Access::RoleWithPolicy(Role::Administrator, policy()),
            "an administrator can do everything that the policy does not mention",
        ),
        ("agent", Access::RoleWithPolicy(Role::Agent, policy()), "an agent can do everything that the role allows"),
        ("default", Access::DefaultWithPolicy(policy()), "is not documented"),
    ] {
        let output = mint(&directory, &["--policy", "policy.json", "--role", role]).exits(0, warning);
        assert!(output.stderr.starts_with("warning: "), "{output:?}");
        assert_eq!(accepted(&output.stdout, KEY.public_key()).claims.access(), &access);
    }
}

#[test]
fn invalid_access_is_a_usage_error() {
    let directory = Directory::new();
    for (args, message) in [
        (&["--role", "admin"][..], "[possible values: administrator, agent, null, default]"),
        (&["--role", "null"], "role is null without a policy"),
        (&["--policy", r#"{"devices":{"user_id":"42"}}"#], "policy version 1 is not supported"),
        (&["--policy", r#"{"version":3,"devices":{"custom_data":{}}}"#], "custom_data is empty"),
        (&["--policy", r#"{"version":3,"devices":{},"devices":{}}"#], "duplicate"),
        (&["--policy", "nothing.json"], "neither JSON nor a readable file (entity not found)"),
        (&["--agent", "a\nb"], ""),
        (&["--name", " "], "display name is empty"),
    ] {
        mint(&directory, args).exits(2, message);
    }
}

#[test]
fn lifetime_over_a_day_needs_a_flag() {
    let directory = Directory::new();
    mint(&directory, &["--lifetime", "1d"]).result();
    mint(&directory, &["--lifetime", "25h"]).exits(2, "use --allow-long-lived for SCIM provisioning");
    let output =
        mint(&directory, &["--lifetime", "365d", "--allow-long-lived"]).exits(0, "warning: lifetime exceeds 24 hours");
    assert_eq!(accepted(&output.stdout, KEY.public_key()).claims.lifetime().unwrap().as_secs(), 365 * 86_400);
    for wrong in ["0s", "900ms", "15", "1 month", "-5m"] {
        mint(&directory, &[&format!("--lifetime={wrong}")]).exits(2, "lifetime");
        let separate = mint(&directory, &["--lifetime", wrong]).exits(2, "lifetime");
        assert!(!separate.stderr.contains("unexpected argument"), "{separate:?}");
    }
}

#[test]
fn json_has_token_claims_and_expiry() {
    let args = ["mint", "key.pem", "--license", LICENSE, "--agent", "jane", "--json"];
    let output = Directory::new().run(&args).exits(0, "warning: subject has no @");
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let verified = accepted(json["token"].as_str().unwrap(), KEY.public_key());
    let exp = json["claims"]["exp"].as_u64().unwrap();
    assert_eq!(verified.expires_at, std::time::UNIX_EPOCH + std::time::Duration::from_secs(exp));
    assert_eq!((&json["claims"]["sub"], &json["claims"]["aud"]), (&json!("jane"), &json!("https://cobrowse.io")));
    assert!(exp.abs_diff(now() + 3_600) < 60);
    assert_eq!(json["expires_at"], json["claims"]["exp"], "seconds, as in the token response");
    assert_eq!(json["warnings"][0]["id"], "subject-not-email");
}

#[test]
fn url_and_header_contain_the_token() {
    let directory = Directory::new();
    let url = mint(&directory, &["--url", "dashboard"]).result();
    accepted(url.strip_prefix("https://cobrowse.io/dashboard?token=").unwrap(), KEY.public_key());
    let url = mint(&directory, &["--url", "dashboard", "--instance", "https://support.example.com"]).result();
    accepted(url.strip_prefix("https://support.example.com/dashboard?token=").unwrap(), KEY.public_key());
    let header = mint(&directory, &["--header"]).result();
    accepted(header.strip_prefix("Authorization: Bearer ").unwrap(), KEY.public_key());
    for page in ["code", "connect", "connect/device/de1ce", "session/5ee1", "session/5ee1/recording"] {
        let url = mint(&directory, &["--url", page]).result();
        accepted(url.strip_prefix(&format!("https://cobrowse.io/{page}?token=")).unwrap(), KEY.public_key());
    }
    for page in ["session/", "session/..", "connect/device/"] {
        mint(&directory, &["--url", page]).exits(2, "id is empty, a dot segment");
    }
    mint(&directory, &["--url", "dashbord"]).exits(2, "unknown page");
    mint(&directory, &["--url", "dashboard/1"]).exits(2, "unknown page");
    mint(&directory, &["--url", "dashboard", "--json"]).exits(2, "cannot be used with");
    mint(&directory, &["--url", "code", "--instance", "http://support.example.com"])
        .exits(2, "instance URL does not use https");
}

#[test]
fn mint_with_unregistered_key_is_refused() {
    let directory = Directory::new();
    mint(&directory, &["--expect-public-key", "key.pub.pem"]).result();
    directory.write("registered.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let output =
        mint(&directory, &["--expect-public-key", "registered.pem"]).exits(1, "is not registered (registered: ");
    assert_eq!(output.stdout, "");
    for key in [&KEY, &OTHER_KEY] {
        assert!(output.stderr.contains(key.public_key().thumbprint()), "{output:?}");
    }
    assert!(output.stderr.contains("hint: if you did not replace this key, find out who did"), "{output:?}");
    directory.write("jwk.json", &KEY.public_key().to_jwk(), 0o644);
    mint(&directory, &["--expect-public-key", "jwk.json"]).result();
    mint(&directory, &["--expect-public-key", "key.pem"]).exits(2, "expected a public key, found a private key");
    mint(&directory, &["--expect-public-key", "nothing.pem"]).exits(2, "failed to read the file");
}

#[test]
fn flags_override_variables() {
    let directory = Directory::new();
    let mut command = directory.command(&["mint", "--agent", "jane@example.com"]);
    command.env("COBROWSE_KEY", "key.pem").env("COBROWSE_LICENSE_KEY", LICENSE).env("COBROWSE_LIFETIME", "5m");
    let token = Output::of(&command.output().unwrap()).result();
    assert_eq!(accepted(&token, KEY.public_key()).claims.lifetime().unwrap().as_secs(), 300);

    let mut command = directory.command(&[&MINT, &["--lifetime", "7m"][..]].concat());
    command.env("COBROWSE_KEY", "nothing.pem").env("COBROWSE_LICENSE_KEY", "trial").env("COBROWSE_LIFETIME", "5m");
    let token = Output::of(&command.output().unwrap()).result();
    assert_eq!(accepted(&token, KEY.public_key()).claims.lifetime().unwrap().as_secs(), 420);
}
