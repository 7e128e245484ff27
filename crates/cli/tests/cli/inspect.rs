use serde_json::json;

use crate::program::{Directory, HEADER, KEY, LICENSE, OTHER_KEY, Output, good_claims, now, token};

#[test]
fn inspect_explains_the_claims() {
    let directory = Directory::new();
    let mut claims = good_claims();
    claims["displayName"] = json!("Zoë 🦀");
    claims["role"] = json!(null);
    claims["policy"] = json!({
        "version": 3, "devices": {"custom_data": {"user_id": "42"}, "permissions": ["read", "update"]}, "push": {},
    });
    let text = directory.read(&["inspect", "--verbose"], &token(HEADER, &claims.to_string())).result();
    for line in [
        "  alg           \"RS256\"",
        "  agent         \"jane@example.com\"",
        "  name          \"Zoë 🦀\"",
        "  license key   \"SPGqPIcVnsOEJQ\"",
        "  lifetime      61 minutes",
        "  access        only what the policy grants",
        "  policy        version 3",
        "    devices     custom_data \"user_id\" = \"42\"; permissions \"read\", \"update\"",
        "    push        all",
        "  ?       signature       no public key given",
        "  ok      aud             The audience (`aud`) is exactly `https://cobrowse.io`.",
        "  warn    devices-without-session  the policy grants devices, but no session can be started on them",
        "                          hint: grant devices, sessions and push together",
        "18 checks passed, 2 skipped.",
    ] {
        assert!(text.lines().any(|text| text == line), "{line:?} in {text}");
    }
}

#[test]
fn times_are_local_and_relative() {
    let directory = Directory::new();
    let claims = json!({"iat": 1_700_000_000, "exp": now() + 1_800_u64});
    let mut command = directory.command(&["inspect"]);
    let output = command.env("TZ", "IST-5:30").write_stdin(token(HEADER, &claims.to_string())).output().unwrap();
    let shown = Output::of(&output).stdout;
    assert!(shown.contains("issued        2023-11-15 03:43:20 +05:30, "), "{shown}");
    assert!(shown.contains(" years ago") || shown.contains(" days ago"), "{shown}");
    assert!(shown.contains(", in 30 minutes") || shown.contains(", in 29 minutes"), "{shown}");

    let milliseconds = json!({"iat": 1_700_000_000_000_u64, "exp": 9_007_199_254_740_991_u64});
    let shown = directory.read(&["inspect"], &token(HEADER, &milliseconds.to_string())).stdout;
    assert!(shown.contains("1700000000000 in milliseconds: 2023-11-14 22:13:20 +00:00, "), "{shown}");
    assert!(shown.contains("9007199254740991 (out of range)"), "{shown}");
}

#[test]
fn token_is_extracted_from_url_header_and_argument() {
    let directory = Directory::new();
    let token = token(HEADER, &good_claims().to_string());
    let with_key = ["inspect", "--public-key", "key.pub.pem", "--license", LICENSE];
    let url = format!("https://cobrowse.io/dashboard?filter_user_id=42&token={token}&end_action=none");
    for (text, stripped) in [
        (url.as_str(), "Token extracted from a URL."),
        (&format!("Authorization: Bearer {token}"), "Token extracted from a header."),
        (&format!("cobrowse.io/dashboard?token={token}"), "Token extracted from a URL."),
        (&format!("\u{feff}\"{token}\"\n\n"), "Token extracted from a byte order mark, white space and quotes."),
        (&token, ""),
        (&format!("{token}\n"), ""),
        (&format!("{token}\r\n"), ""),
    ] {
        let shown = directory.read(&with_key, text).result();
        assert!(shown.starts_with(stripped) && shown.ends_with("All checks passed.\n"), "{shown}");
    }
    directory.run(&[&with_key, &[token.as_str()][..]].concat()).result();
    directory.read(&[&with_key, &["-"][..]].concat(), &token).result();
    directory.read(&["inspect"], "https://cobrowse.io/dashboard").exits(2, "URL has no parameter `token`");
    directory.read(&["inspect"], "\n").exits(2, "token is empty");
    directory.read(&["inspect"], "https://x/?token=a&token=b").exits(2, "more than one parameter `token`");
    let verify = ["verify", "--public-key", "key.pub.pem", "--license", LICENSE];
    let noted = directory.read(&verify, &format!("'{token}'")).exits(0, "");
    assert_eq!(noted.stderr, "Token extracted from quotes.\n");
}

#[test]
fn oversized_or_binary_input_is_a_usage_error() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let directory = Directory::new();
    directory.read(&["inspect"], &"a".repeat(3_000_000)).exits(2, "stdin is over 1 MiB");
    let limit = directory.read(&["inspect"], &"a".repeat(1024 * 1024));
    assert!(limit.exit == 1 && limit.stdout.contains("FAILED  size"), "{limit:?}");
    let bytes = directory.command(&["inspect"]).write_stdin(vec![b'a', 0xff]).output().unwrap();
    Output::of(&bytes).exits(2, "stdin is not UTF-8");
    let argument = directory.command(&["inspect"]).arg(OsStr::from_bytes(&[b'a', 0xff])).output().unwrap();
    Output::of(&argument).exits(2, "the argument is not UTF-8");
}

#[test]
fn checks_skipped_for_one_reason_share_a_line() {
    let shown = Directory::empty().read(&["inspect"], "a.b.c.d").exits(1, "").stdout;
    assert_eq!(shown.matches("an earlier check failed").count(), 1, "{shown}");
    let line = shown.lines().find(|line| line.starts_with("  ?")).unwrap();
    assert!(line.starts_with("  ?       header, alg, typ, crit, header-members, claims, aud, iss, "), "{shown}");
    assert!(shown.ends_with("1 of 20 checks failed, 18 skipped.\n"), "{shown}");
}

#[test]
fn private_key_verifies_the_signature() {
    let directory = Directory::new();
    let token = token(HEADER, &good_claims().to_string());
    let shown = directory.read(&["inspect", "--key", "key.pem", "-v"], &token).result();
    assert!(shown.contains("ok      signature"), "{shown}");
    directory.read(&["inspect", "--key", "nothing.pem"], &token).exits(4, "no such file");
    assert_eq!(directory.run(&["public-key", "key.pem"]).result(), KEY.public_key().to_pem());
}

#[test]
fn leeway_and_long_lifetime_are_options() {
    let directory = Directory::new();
    let mut claims = good_claims();
    claims["exp"] = json!(now() - 20);
    let expired = token(HEADER, &claims.to_string());
    assert_eq!(directory.read(&["inspect"], &expired).exit, 1);
    directory.read(&["inspect", "--leeway", "2m"], &expired).result();
    directory.read(&["inspect", "--leeway", "6m"], &expired).exits(2, "clock skew exceeds 5 minutes");
    claims["exp"] = json!(now() + 7 * 86_400);
    let long = token(HEADER, &claims.to_string());
    assert_eq!(directory.read(&["inspect"], &long).exit, 1);
    directory.read(&["inspect", "--allow-long-lived"], &long).result();
}

#[test]
fn terminal_escapes_in_a_token_are_escaped() {
    const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\u{2028}\r\u{8}";
    let directory = Directory::new();
    let name = json!(HOSTILE).to_string();
    let header = format!(r#"{{"alg":{name},"typ":{name},"kid":{name},{name}:1}}"#);
    let policy = format!(
        r#"{{"version":{name},{name}:{{}},"devices":{{{name}:{name},"custom_data":{{{name}:{name}}},"permissions":[{name}]}}}}"#
    );
    let hostile = format!(
        r#"{{"sub":{name},"displayName":{name},"iss":{name},"aud":{name},"iat":{name},"exp":{name},"role":{name},"policy":{policy},{name}:{name}}}"#
    );
    for args in [&["inspect"][..], &["verify", "--json", "--license", LICENSE, "--public-key", "key.pub.pem"]] {
        for token in
            [token(&header, &hostile), token(HEADER, &hostile), format!("{HOSTILE}.{HOSTILE}"), HOSTILE.repeat(9)]
        {
            let output = directory.read(args, &token);
            let shown = format!("{}{}", output.stdout, output.stderr);
            let bad =
                shown.chars().find(|&char| char.is_control() && char != '\n' || "\u{202e}\u{2028}".contains(char));
            assert_eq!(bad, None, "{args:?} {shown:?}");
        }
    }
}

#[test]
fn malformed_input_does_not_panic() {
    let directory = Directory::new();
    let deep =
        format!("{}.{}.x", crate::program::encode("[".repeat(40_000)), crate::program::encode("{\"a\":".repeat(9_000)));
    let edge = token(HEADER, r#"{"iat":-9223372036854775808,"exp":9223372036854775807}"#);
    let huge = token(HEADER, r#"{"iat":18446744073709551615,"exp":1e308,"policy":[],"role":{}}"#);
    for text in ["..", ".", "....", "é.é.é", "http://[", "https://x?token=", "Bearer ", "\u{feff}", &deep, &edge, &huge]
    {
        let output = directory.read(&["inspect"], text);
        assert!([1, 2].contains(&output.exit), "{text:.40}: {output:?}");
    }
    let bytes = directory.command(&["inspect"]).write_stdin(vec![0xff, 0xfe, 0, b'.']).output().unwrap();
    assert_eq!(Output::of(&bytes).exit, 2);
}

#[test]
fn failures_come_first_and_passed_checks_are_verbose() {
    let directory = Directory::new();
    let mut claims = good_claims();
    claims["exp"] = json!(now() - 20);
    let expired = token(HEADER, &claims.to_string());
    let shown = directory.read(&["inspect"], &expired).stdout;
    assert!(shown.starts_with("Checks\n  FAILED  exp "), "{shown}");
    assert!(!shown.contains("  ok "), "{shown}");
    let verbose = directory.read(&["inspect", "-v"], &expired).stdout;
    assert!(verbose.starts_with("Checks\n  FAILED  exp ") && verbose.contains("  ok      aud "), "{verbose}");
}

#[test]
fn file_name_in_place_of_a_token_is_named() {
    let directory = Directory::new();
    directory.write("token.jwt", &token(HEADER, &good_claims().to_string()), 0o600);
    for args in [&["inspect", "token.jwt"][..], &["verify", "token.jwt", "--license", LICENSE, "--key", "key.pem"]] {
        let output = directory.run(args).exits(2, "expected a token, found the name of a file (token.jwt)");
        assert!(output.stderr.contains("hint: pass the file on stdin: `< token.jwt`"), "{output:?}");
    }
}

#[test]
fn wrong_key_shows_its_thumbprint_and_the_kid() {
    let directory = Directory::new();
    directory.write("other.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let kid = KEY.public_key().thumbprint();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": kid}).to_string();
    let token = token(&header, &good_claims().to_string());
    for args in
        [&["inspect", "--public-key", "other.pem"][..], &["verify", "--license", LICENSE, "--public-key", "other.pem"]]
    {
        let shown = directory.read(args, &token).stdout;
        let keys = format!("checked with the key {}, token has the kid \"{kid}\"", OTHER_KEY.public_key().thumbprint());
        assert!(shown.contains(&keys), "{shown}");
    }
}
