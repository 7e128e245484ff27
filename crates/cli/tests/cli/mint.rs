use cobrowse_jwt::{Access, AgentClaims, Permission, Policy, Role, Rule};
use serde_json::{Value, json};

use crate::program::{Ended, Folder, KEY, LICENSE, OTHER_KEY, accepted, now};

const MINT: [&str; 6] = ["mint", "key.pem", "--license", LICENSE, "--agent", "jane@example.com"];

fn mint(folder: &Folder, words: &[&str]) -> Ended {
    folder.run(&[&MINT, words].concat())
}

/// What the token says, once the library's own verifier has accepted it.
fn claims(words: &[&str]) -> AgentClaims {
    accepted(&mint(&Folder::new(), words).result(), KEY.public_key()).claims
}

#[test]
fn the_token_alone_stands_on_stdout() {
    let token = mint(&Folder::new(), &[]).result();
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
fn a_customer_restricts_devices_and_sessions_with_push_and_role_null() {
    let rule = Rule::custom_data("user_id", "42").with_custom_data("region", "eu=west");
    let policy = Policy::builder().devices(rule.clone()).sessions(rule).push(Rule::any()).build().unwrap();
    let minted = claims(&["--customer", "user_id=42", "--customer", "region=eu=west"]);
    assert_eq!(minted.access(), &Access::PolicyOnly(policy));
    let json = mint(&Folder::new(), &["--customer", "user_id=42", "--json"]).result();
    assert!(json.contains("\"role\": null"), "{json}");
}

#[test]
fn a_customer_that_names_nobody_is_wrong_usage() {
    let folder = Folder::new();
    for (words, named) in [
        (&["--customer", "user_id="][..], "custom_data \"user_id\" is empty"),
        (&["--customer", "=42"], "custom_data key is empty"),
        (&["--customer", "user_id"], "write KEY=VALUE"),
        (&["--customer", ""], "write KEY=VALUE"),
        (&["--customer", "a=1", "--customer", "a=2"], "custom_data \"a\" is set twice"),
        (&["--customer", "a=1", "--role", "agent"], "cannot be used with"),
        (&["--customer", "a=1", "--policy", r#"{"version":3}"#], "cannot be used with"),
    ] {
        assert_eq!(mint(&folder, words).exits(2, named).stdout, "");
    }
}

#[test]
fn roles_and_policies_are_combined_as_written() {
    let policy = || Policy::builder().features(Rule::permissions([Permission::Read])).build().unwrap();
    let json = r#"{"version":3,"features":{"permissions":["read"]}}"#;
    assert_eq!(claims(&["--role", "agent"]).access(), &Access::Role(Role::Agent));
    assert_eq!(claims(&["--role", "default"]).access(), &Access::AccountDefault);
    assert_eq!(claims(&["--policy", json]).access(), &Access::PolicyOnly(policy()));
    assert_eq!(claims(&["--policy", json, "--role", "null"]).access(), &Access::PolicyOnly(policy()));

    let folder = Folder::new();
    folder.write("policy.json", json, 0o644);
    for (role, access, warning) in [
        ("administrator", Access::RoleWithPolicy(Role::Administrator, policy()), "an administrator with a policy"),
        ("agent", Access::RoleWithPolicy(Role::Agent, policy()), "is not deny-by-default"),
        ("default", Access::DefaultWithPolicy(policy()), "is not documented"),
    ] {
        let ended = mint(&folder, &["--policy", "policy.json", "--role", role]).exits(0, warning);
        assert!(ended.stderr.starts_with("warning: "), "{ended:?}");
        assert_eq!(accepted(&ended.stdout, KEY.public_key()).claims.access(), &access);
    }
}

#[test]
fn wrong_access_is_wrong_usage() {
    let folder = Folder::new();
    for (words, named) in [
        (&["--role", "admin"][..], "[possible values: administrator, agent, null, default]"),
        (&["--role", "null"], "the role is null but there is no policy"),
        (&["--policy", r#"{"devices":{"user_id":"42"}}"#], "the deprecated version 1"),
        (&["--policy", r#"{"version":3,"devices":{"custom_data":{}}}"#], "so it would grant everything"),
        (&["--policy", r#"{"version":3,"devices":{},"devices":{}}"#], "\"devices\" comes twice"),
        (&["--policy", "nothing.json"], "this is no JSON, so it is taken for a path: the file cannot be read"),
        (&["--agent", "a\nb"], ""),
        (&["--name", " "], "the display name is empty"),
    ] {
        mint(&folder, words).exits(2, named);
    }
}

#[test]
fn a_life_of_over_a_day_is_asked_for() {
    let folder = Folder::new();
    mint(&folder, &["--lifetime", "1d"]).result();
    mint(&folder, &["--lifetime", "25h"]).exits(2, "say --allow-long-lived where SCIM needs it");
    let ended =
        mint(&folder, &["--lifetime", "365d", "--allow-long-lived"]).exits(0, "warning: the token lives over a day");
    assert_eq!(accepted(&ended.stdout, KEY.public_key()).claims.lifetime().unwrap().as_secs(), 365 * 86_400);
    for wrong in ["0s", "900ms", "15", "1 month", "-5m"] {
        mint(&folder, &[&format!("--lifetime={wrong}")]).exits(2, "lifetime");
        let two_words = mint(&folder, &["--lifetime", wrong]).exits(2, "lifetime");
        assert!(!two_words.stderr.contains("unexpected argument"), "{two_words:?}");
    }
}

#[test]
fn json_holds_token_claims_and_expiry() {
    let words = ["mint", "key.pem", "--license", LICENSE, "--agent", "jane", "--json"];
    let ended = Folder::new().run(&words).exits(0, "warning: the subject has no `@`");
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    let verified = accepted(json["token"].as_str().unwrap(), KEY.public_key());
    let exp = json["claims"]["exp"].as_u64().unwrap();
    assert_eq!(verified.expires_at, std::time::UNIX_EPOCH + std::time::Duration::from_secs(exp));
    assert_eq!((&json["claims"]["sub"], &json["claims"]["aud"]), (&json!("jane"), &json!("https://cobrowse.io")));
    assert!(exp.abs_diff(now() + 3_600) < 60);
    assert!(json["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(json["warnings"][0]["id"], "subject-not-email");
}

#[test]
fn a_url_and_a_header_carry_the_token() {
    let folder = Folder::new();
    let url = mint(&folder, &["--url", "dashboard"]).result();
    accepted(url.strip_prefix("https://cobrowse.io/dashboard?token=").unwrap(), KEY.public_key());
    let url = mint(&folder, &["--url", "dashboard", "--instance", "https://support.example.com"]).result();
    accepted(url.strip_prefix("https://support.example.com/dashboard?token=").unwrap(), KEY.public_key());
    let header = mint(&folder, &["--header"]).result();
    accepted(header.strip_prefix("Authorization: Bearer ").unwrap(), KEY.public_key());
    for page in ["code", "connect", "connect/device/de1ce", "session/5ee1", "session/5ee1/recording"] {
        let url = mint(&folder, &["--url", page]).result();
        accepted(url.strip_prefix(&format!("https://cobrowse.io/{page}?token=")).unwrap(), KEY.public_key());
    }
    for page in ["session/", "session/..", "connect/device/"] {
        mint(&folder, &["--url", page]).exits(2, "id is empty, a dot segment");
    }
    mint(&folder, &["--url", "dashbord"])
        .exits(2, "there is no such page; write dashboard, code, connect, connect/device/ID");
    mint(&folder, &["--url", "dashboard/1"]).exits(2, "there is no such page");
    mint(&folder, &["--url", "dashboard", "--json"]).exits(2, "cannot be used with");
    mint(&folder, &["--url", "code", "--instance", "http://support.example.com"]).exits(2, "instance is not https");
}

#[test]
fn another_key_than_the_dashboards_mints_nothing() {
    let folder = Folder::new();
    mint(&folder, &["--expect-public-key", "key.pub.pem"]).result();
    folder.write("registered.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let ended = mint(&folder, &["--expect-public-key", "registered.pem"]).exits(1, "is not a registered key");
    assert_eq!(ended.stdout, "");
    folder.write("jwk.json", &KEY.public_key().to_jwk(), 0o644);
    mint(&folder, &["--expect-public-key", "jwk.json"]).result();
    mint(&folder, &["--expect-public-key", "key.pem"]).exits(2, "expected a public key, found a private key");
    mint(&folder, &["--expect-public-key", "nothing.pem"]).exits(2, "the file cannot be read");
}

#[test]
fn variables_configure_it_and_flags_win() {
    let folder = Folder::new();
    let mut command = folder.command(&["mint", "--agent", "jane@example.com"]);
    command.env("COBROWSE_KEY", "key.pem").env("COBROWSE_LICENSE_KEY", LICENSE).env("COBROWSE_LIFETIME", "5m");
    let token = Ended::of(&command.output().unwrap()).result();
    assert_eq!(accepted(&token, KEY.public_key()).claims.lifetime().unwrap().as_secs(), 300);

    let mut command = folder.command(&[&MINT, &["--lifetime", "7m"][..]].concat());
    command.env("COBROWSE_KEY", "nothing.pem").env("COBROWSE_LICENSE_KEY", "trial").env("COBROWSE_LIFETIME", "5m");
    let token = Ended::of(&command.output().unwrap()).result();
    assert_eq!(accepted(&token, KEY.public_key()).claims.lifetime().unwrap().as_secs(), 420);
}
