use serde_json::json;

use crate::program::{Ended, Folder, HEADER, KEY, LICENSE, good_claims, now, token};

#[test]
fn says_what_a_token_says() {
    let folder = Folder::new();
    let mut claims = good_claims();
    claims["displayName"] = json!("Zoë 🦀");
    claims["role"] = json!(null);
    claims["policy"] = json!({
        "version": 3, "devices": {"custom_data": {"user_id": "42"}, "permissions": ["read", "update"]}, "push": {},
    });
    let said = folder.read(&["inspect"], &token(HEADER, &claims.to_string())).result();
    for line in [
        "  alg           \"RS256\"",
        "  agent         \"jane@example.com\"",
        "  shown as      \"Zoë 🦀\"",
        "  license key   \"SPGqPIcVnsOEJQ\"",
        "  lives         61 minutes",
        "  access        what the policy grants, and nothing else",
        "  policy        version 3",
        "    devices     with custom_data \"user_id\" = \"42\"; only to \"read\", \"update\"",
        "    push        all of them",
        "  ?       signature       no public key given",
        "  ok      aud             The audience (`aud`) is exactly `https://cobrowse.io`.",
        "  warn    devices-without-session  the policy grants devices but not both sessions and push, so no session can be started on them; add the missing rules",
        "The token breaks no rule; 2 rules could not be judged.",
    ] {
        assert!(said.lines().any(|said| said == line), "{line:?} in {said}");
    }
}

#[test]
fn times_are_those_of_the_machine_and_of_now() {
    let folder = Folder::new();
    let claims = json!({"iat": 1_700_000_000, "exp": now() + 1_800_u64});
    let mut command = folder.command(&["inspect"]);
    let output = command.env("TZ", "IST-5:30").write_stdin(token(HEADER, &claims.to_string())).output().unwrap();
    let said = Ended::of(&output).stdout;
    assert!(said.contains("issued        2023-11-15 03:43:20 +05:30, "), "{said}");
    assert!(said.contains(" years ago") || said.contains(" days ago"), "{said}");
    assert!(said.contains(", in 30 minutes") || said.contains(", in 29 minutes"), "{said}");

    let milliseconds = json!({"iat": 1_700_000_000_000_u64, "exp": 9_007_199_254_740_991_u64});
    let said = folder.read(&["inspect"], &token(HEADER, &milliseconds.to_string())).stdout;
    assert!(said.contains("1700000000000, in milliseconds: 2023-11-14 22:13:20 +00:00, "), "{said}");
    assert!(said.contains("9007199254740991, beyond the calendar"), "{said}");
}

#[test]
fn finds_the_token_in_a_url_an_argument_a_header() {
    let folder = Folder::new();
    let token = token(HEADER, &good_claims().to_string());
    let with_key = ["inspect", "--public-key", "key.pub.pem", "--license", LICENSE];
    let url = format!("https://cobrowse.io/dashboard?filter_user_id=42&token={token}&end_action=none");
    for (text, wrapping) in [
        (url.as_str(), "The token was taken out of a URL."),
        (&format!("Authorization: Bearer {token}"), "The token was taken out of a header."),
        (&format!("cobrowse.io/dashboard?token={token}"), "The token was taken out of a URL."),
        (&format!("\u{feff}\"{token}\"\n\n"), "The token was taken out of a byte order mark, white space and quotes."),
        (&token, ""),
        (&format!("{token}\n"), ""),
        (&format!("{token}\r\n"), ""),
    ] {
        let said = folder.read(&with_key, text).result();
        assert!(said.starts_with(wrapping) && said.ends_with("The token keeps every rule.\n"), "{said}");
    }
    folder.run(&[&with_key, &[token.as_str()][..]].concat()).result();
    folder.read(&[&with_key, &["-"][..]].concat(), &token).result();
    folder.read(&["inspect"], "https://cobrowse.io/dashboard").exits(2, "the URL has no parameter `token`");
    folder.read(&["inspect"], "\n").exits(2, "there is no token");
    folder.read(&["inspect"], "https://x/?token=a&token=b").exits(2, "more than one parameter `token`");
    let verify = ["verify", "--public-key", "key.pub.pem", "--license", LICENSE];
    let noted = folder.read(&verify, &format!("'{token}'")).exits(0, "");
    assert_eq!(noted.stderr, "The token was taken out of quotes.\n");
}

/// A part of it would be judged as if it were all.
#[test]
fn what_is_no_text_or_too_much_of_it_is_wrong_usage() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let folder = Folder::new();
    folder.read(&["inspect"], &"a".repeat(3_000_000)).exits(2, "stdin is over 1 MiB, which no token is");
    let limit = folder.read(&["inspect"], &"a".repeat(1024 * 1024));
    assert!(limit.exit == 1 && limit.stdout.contains("FAILED  size"), "{limit:?}");
    let bytes = folder.command(&["inspect"]).write_stdin(vec![b'a', 0xff]).output().unwrap();
    Ended::of(&bytes).exits(2, "stdin is not UTF-8 text");
    let argument = folder.command(&["inspect"]).arg(OsStr::from_bytes(&[b'a', 0xff])).output().unwrap();
    Ended::of(&argument).exits(2, "the argument is not UTF-8 text");
}

#[test]
fn what_cannot_be_judged_for_one_reason_is_one_line() {
    let said = Folder::empty().read(&["inspect"], "a.b.c.d").exits(1, "").stdout;
    assert_eq!(said.matches("an earlier check failed").count(), 1, "{said}");
    let line = said.lines().find(|line| line.starts_with("  ?")).unwrap();
    assert!(line.starts_with("  ?       header, alg, typ, crit, header-members, claims, aud, iss, "), "{said}");
    assert!(said.ends_with("The token breaks 1 rule; 18 rules could not be judged.\n"), "{said}");
}

#[test]
fn verifies_with_a_private_key_too() {
    let folder = Folder::new();
    let token = token(HEADER, &good_claims().to_string());
    let said = folder.read(&["inspect", "--key", "key.pem"], &token).result();
    assert!(said.contains("ok      signature"), "{said}");
    folder.read(&["inspect", "--key", "nothing.pem"], &token).exits(4, "there is no such file");
    assert_eq!(folder.run(&["public-key", "key.pem"]).result(), KEY.public_key().to_pem());
}

#[test]
fn leeway_and_long_life_are_allowed_when_asked_for() {
    let folder = Folder::new();
    let mut claims = good_claims();
    claims["exp"] = json!(now() - 20);
    let expired = token(HEADER, &claims.to_string());
    assert_eq!(folder.read(&["inspect"], &expired).exit, 1);
    folder.read(&["inspect", "--leeway", "2m"], &expired).result();
    folder.read(&["inspect", "--leeway", "6m"], &expired).exits(2, "clock skew exceeds 5 minutes");
    claims["exp"] = json!(now() + 7 * 86_400);
    let long = token(HEADER, &claims.to_string());
    assert_eq!(folder.read(&["inspect"], &long).exit, 1);
    folder.read(&["inspect", "--allow-long-lived"], &long).result();
}

/// Whoever sends a token to be looked at may not write on the terminal of the one who looks.
#[test]
fn nothing_in_a_token_reaches_the_terminal_as_it_is() {
    const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\u{2028}\r\u{8}";
    let folder = Folder::new();
    let name = json!(HOSTILE).to_string();
    let header = format!(r#"{{"alg":{name},"typ":{name},"kid":{name},{name}:1}}"#);
    let policy = format!(
        r#"{{"version":{name},{name}:{{}},"devices":{{{name}:{name},"custom_data":{{{name}:{name}}},"permissions":[{name}]}}}}"#
    );
    let hostile = format!(
        r#"{{"sub":{name},"displayName":{name},"iss":{name},"aud":{name},"iat":{name},"exp":{name},"role":{name},"policy":{policy},{name}:{name}}}"#
    );
    for words in [&["inspect"][..], &["verify", "--json", "--license", LICENSE, "--public-key", "key.pub.pem"]] {
        for token in
            [token(&header, &hostile), token(HEADER, &hostile), format!("{HOSTILE}.{HOSTILE}"), HOSTILE.repeat(9)]
        {
            let ended = folder.read(words, &token);
            let shown = format!("{}{}", ended.stdout, ended.stderr);
            let bad =
                shown.chars().find(|&char| char.is_control() && char != '\n' || "\u{202e}\u{2028}".contains(char));
            assert_eq!(bad, None, "{words:?} {shown:?}");
        }
    }
}

#[test]
fn nothing_that_is_pasted_makes_it_panic() {
    let folder = Folder::new();
    let deep =
        format!("{}.{}.x", crate::program::encode("[".repeat(40_000)), crate::program::encode("{\"a\":".repeat(9_000)));
    let edge = token(HEADER, r#"{"iat":-9223372036854775808,"exp":9223372036854775807}"#);
    let huge = token(HEADER, r#"{"iat":18446744073709551615,"exp":1e308,"policy":[],"role":{}}"#);
    for text in ["..", ".", "....", "é.é.é", "http://[", "https://x?token=", "Bearer ", "\u{feff}", &deep, &edge, &huge]
    {
        let ended = folder.read(&["inspect"], text);
        assert!([1, 2].contains(&ended.exit), "{text:.40}: {ended:?}");
    }
    let bytes = folder.command(&["inspect"]).write_stdin(vec![0xff, 0xfe, 0, b'.']).output().unwrap();
    assert_eq!(Ended::of(&bytes).exit, 2);
}
