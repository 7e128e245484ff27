use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::program::{Directory, KEY, LICENSE, OTHER_KEY};

const DOCTOR: [&str; 5] = ["doctor", "key.pem", "--license", LICENSE, "--verbose"];

/// Returns the outcome of each check.
pub(crate) fn steps(stdout: &str) -> Vec<(&str, &str)> {
    let words = |line: &'_ str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    stdout
        .lines()
        .filter(|line| ["ok", "FAILED", "?", "warn"].contains(&words(line).first().map_or("", String::as_str)))
        .filter_map(|line| line.split_once(' ').map(|(mark, rest)| (mark, rest.trim_start())))
        .map(|(mark, rest)| (mark, rest.split_whitespace().next().unwrap_or_default()))
        .collect()
}

#[test]
fn good_key_passes_all_checks() {
    let shown = Directory::new().run(&[&DOCTOR, &["--expect-public-key", "key.pub.pem"][..]].concat()).result();
    let expected =
        ["open", "permissions", "sign", "verify", "key", "registered", "clock", "token", "expiry", "latency"];
    assert_eq!(steps(&shown), expected.map(|step| ("ok", step)), "{shown}");
    assert!(shown.contains(KEY.public_key().thumbprint()), "{shown}");
    assert!(
        shown.contains("20 signatures: median ") && shown.contains(", maximum ") && !shown.contains("quota"),
        "{shown}"
    );
    assert!(shown.ends_with("\nAll checks passed.\n"), "{shown}");
    assert!(!shown.contains("eyJ"), "no token is shown");
}

#[test]
fn unregistered_check_is_skipped() {
    let shown = Directory::new().run(&DOCTOR).result();
    assert!(steps(&shown).contains(&("?", "registered")), "{shown}");
    assert!(shown.ends_with("\n9 checks passed, 1 skipped.\n"), "{shown}");
    let help = Directory::empty().run(&["doctor", "--help"]).result();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Without --expect-public-key the key is not compared"), "{help}");
}

#[test]
fn unregistered_key_fails() {
    let directory = Directory::new();
    directory.write("registered.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let output = directory.run(&[&DOCTOR, &["--expect-public-key", "registered.pem"][..]].concat());
    let shown = output.exits(1, "").stdout;
    assert!(steps(&shown).contains(&("FAILED", "registered")), "{shown}");
    assert!(shown.contains("register its public key in the Cobrowse dashboard"), "{shown}");
    assert!(steps(&shown).contains(&("ok", "latency")), "the other checks run: {shown}");
    assert!(shown.starts_with("FAILED  registered"), "failures come first: {shown}");
    assert!(shown.ends_with("\n1 of 10 checks failed.\n"), "{shown}");
}

#[test]
fn mode_of_the_file_is_checked() {
    let directory = Directory::new();
    directory.write("key.pem", &KEY.to_pkcs8_pem().unwrap(), 0o644);
    let output = directory.run(&DOCTOR).exits(1, "");
    assert!(steps(&output.stdout).contains(&("FAILED", "permissions")), "{output:?}");
    assert!(output.stdout.contains("(mode 0644)") && output.stdout.contains("--allow-readable-key"), "{output:?}");
    let allowed = directory.run(&[&DOCTOR, &["--allow-readable-key"][..]].concat()).exits(0, "");
    assert!(steps(&allowed.stdout).contains(&("warn", "permissions")), "{allowed:?}");

    directory.write("key.pem", &KEY.to_pkcs8_pem().unwrap(), 0o620);
    let output = directory.run(&[&DOCTOR, &["--allow-readable-key"][..]].concat()).exits(4, "");
    assert_eq!(steps(&output.stdout), [("FAILED", "permissions"), ("ok", "clock")], "{output:?}");
}

/// Who can write to a directory can replace the key in it, or the link to it, whatever the mode of the file.
#[test]
fn directories_of_the_file_and_of_every_link_are_checked() {
    let directory = Directory::new();
    let link = |target: &str, link: &str| {
        std::os::unix::fs::symlink(directory.path(target), directory.path(link)).unwrap();
    };
    for name in ["open", "sticky", "shared"] {
        std::fs::create_dir(directory.path(name)).unwrap();
        directory.write(&format!("{name}/key.pem"), &KEY.to_pkcs8_pem().unwrap(), 0o600);
        link(&format!("{name}/key.pem"), &format!("to-{name}.pem"));
        link("key.pem", &format!("{name}/link.pem"));
        link(&format!("{name}/link.pem"), &format!("through-{name}.pem"));
    }
    for (name, mode) in [("open", 0o777), ("sticky", 0o1777), ("shared", 0o775)] {
        std::fs::set_permissions(directory.path(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    let doctor = |key: &str| directory.run(&["doctor", key, "--license", LICENSE, "--verbose"]);
    let uri = format!("file://{}", directory.path("open/key.pem").display());
    for key in ["open/key.pem", "file:open/key.pem", &uri, "open/link.pem", "to-open.pem", "through-open.pem"] {
        let output = doctor(key).exits(4, "");
        assert_eq!(steps(&output.stdout), [("FAILED", "permissions"), ("ok", "clock")], "{output:?}");
        assert!(output.stdout.contains("directory is world-writable without the sticky bit (mode 0777)"), "{output:?}");
    }
    for key in ["shared/key.pem", "shared/link.pem", "to-shared.pem", "through-shared.pem"] {
        let output = doctor(key).exits(0, "");
        assert!(output.stdout.starts_with("warn    permissions   directory "), "{output:?}");
        assert!(output.stdout.contains("shared is group-writable (mode 0775)"), "{output:?}");
    }
    for (key, modes) in [
        ("sticky/key.pem", "key file 0600, directory 1777\n"),
        ("to-sticky.pem", "key file 0600, directories 0700, 1777\n"),
        ("through-sticky.pem", "key file 0600, directories 0700, 1777\n"),
        ("key.pem", "key file 0600, directory 0700\n"),
    ] {
        let shown = doctor(key).result();
        assert!(shown.contains(&format!("ok      permissions   {modes}")), "{shown}");
    }
}

#[test]
fn unusable_key_ends_with_its_exit_code() {
    let directory = Directory::new();
    for (key, message) in [
        ("nothing.pem", "no such file"),
        ("key.pub.pem", "expected a private key, found a public key"),
        ("env:NOT_SET", "environment variable NOT_SET is not set"),
    ] {
        let output = directory.run(&["doctor", key, "--license", LICENSE]).exits(4, "");
        assert_eq!(steps(&output.stdout), [("FAILED", "open")], "{output:?}");
        assert!(output.stdout.contains(message), "{output:?}");
        assert!(!output.stdout.contains("caused by"), "{output:?}");
    }
    directory.run(&["doctor", "vault:x", "--license", LICENSE]).exits(2, "");
}

#[test]
#[cfg(target_os = "linux")]
fn unreadable_key_is_shown_with_its_cause() {
    let verbose = Directory::new().run(&["doctor", "/proc/self/mem", "--license", LICENSE, "-v"]).exits(3, "");
    assert!(
        verbose.stdout.contains("failed to read the file\n")
            && verbose.stdout.contains("caused by: Input/output")
            && !verbose.stdout.contains("caused by: failed to load"),
        "{verbose:?}"
    );
}

#[test]
fn lifetime_is_checked() {
    let directory = Directory::new();
    directory.run(&[&DOCTOR, &["--lifetime", "2d"][..]].concat()).exits(2, "--allow-long-lived");
    let shown = directory.run(&[&DOCTOR, &["--lifetime", "2d", "--allow-long-lived"][..]].concat()).result();
    assert!(
        steps(&shown).contains(&("warn", "expiry")) && shown.contains("token expires 2 days after issue"),
        "{shown}"
    );
}

#[test]
fn passed_checks_are_shown_with_verbose() {
    let directory = Directory::new();
    let args = ["doctor", "key.pem", "--license", LICENSE, "--expect-public-key", "key.pub.pem"];
    assert_eq!(directory.run(&args).result(), "All checks passed.\n");
}

#[test]
fn unregistered_key_shows_both_thumbprints() {
    let directory = Directory::new();
    directory.write("registered.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let args = ["doctor", "key.pem", "--license", LICENSE, "--expect-public-key", "registered.pem"];
    let shown = directory.run(&args).exits(1, "").stdout;
    for key in [&KEY, &OTHER_KEY] {
        assert!(shown.contains(key.public_key().thumbprint()), "{shown}");
    }
    assert!(shown.contains("hint: if you did not replace this key, find out who did"), "{shown}");
}

#[test]
fn json_has_the_id_of_each_error() {
    let directory = Directory::new();
    let doctor = |key: &str, exit| {
        let output = directory.run(&["doctor", key, "--license", LICENSE, "--json"]).exits(exit, "");
        serde_json::from_str::<Value>(&output.stdout).unwrap()
    };
    let good = doctor("key.pem", 0);
    assert_eq!(good["ok"], true);
    assert!(good["checks"].as_array().unwrap().iter().all(|check| check["error"].is_null()), "{good}");
    let missing = doctor("nothing.pem", 4);
    assert_eq!(missing["ok"], false);
    let check = &missing["checks"][0];
    assert_eq!(
        (&check["check"], &check["outcome"], &check["error"]),
        (&json!("open"), &json!("failed"), &json!("not-found"))
    );
}
