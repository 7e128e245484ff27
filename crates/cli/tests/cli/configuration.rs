//! Flags and environment variables.

use crate::program::{Directory, HEADER, KEY, LICENSE, OTHER_KEY, Output, accepted, good_claims, token};

const MINT: [&str; 6] = ["mint", "key.pem", "--license", LICENSE, "--agent", "jane@example.com"];

fn run(directory: &Directory, args: &[&str], variables: &[(&str, &str)]) -> Output {
    Output::of(&directory.command(args).envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn key_with_public_key_is_a_usage_error() {
    let directory = Directory::new();
    directory.write("other.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let token = token(HEADER, &good_claims().to_string());
    for subcommand in ["inspect", "verify"] {
        let args = [subcommand, &token, "--license", LICENSE, "--key", "key.pem"];
        let both = directory.run(&[&args, &["--public-key", "other.pem"][..]].concat());
        assert_eq!(both.exits(2, "--key and --public-key exclude each other").stdout, "");
        // The flag overrides the variable, which is not read.
        for variable in ["other.pem", "/nonexistent"] {
            run(&directory, &args, &[("COBROWSE_PUBLIC_KEY", variable)]).result();
        }
    }
}

#[test]
fn empty_variable_is_ignored() {
    const EMPTY: [(&str, &str); 7] = [
        ("COBROWSE_KEY", ""),
        ("COBROWSE_LICENSE_KEY", ""),
        ("COBROWSE_PUBLIC_KEY", ""),
        ("COBROWSE_LIFETIME", ""),
        ("COBROWSE_INSTANCE", ""),
        ("COBROWSE_PASSPHRASE_FILE", ""),
        ("COBROWSE_PASSPHRASE", ""),
    ];
    let directory = Directory::new();
    let url = run(&directory, &[&MINT, &["--url", "dashboard"][..]].concat(), &EMPTY).result();
    let minted = accepted(url.strip_prefix("https://cobrowse.io/dashboard?token=").unwrap(), KEY.public_key());
    assert_eq!(minted.claims.lifetime().unwrap().as_secs(), 3_600);
    run(&directory, &["doctor", "key.pem", "--license", LICENSE], &EMPTY).result();
    run(&directory, &["inspect", &token(HEADER, &good_claims().to_string())], &EMPTY).result();
    run(&directory, &["public-key"], &EMPTY).exits(2, "<KEY>");
    let help = run(&directory, &["mint", "--help"], &EMPTY).result();
    for (variable, _) in &EMPTY[..6] {
        assert!(help.contains(&format!("[env: {variable}]")), "{variable} in {help}");
    }
    directory.write(
        "encrypted.pem",
        &KEY.to_encrypted_pkcs8_pem(&cobrowse_jwt::pem::Passphrase::new("x")).unwrap(),
        0o600,
    );
    run(&directory, &["public-key", "encrypted.pem"], &EMPTY).exits(4, "stderr is not a terminal");
}

#[test]
fn keygen_with_empty_passphrase_variable_is_refused() {
    for variable in ["COBROWSE_PASSPHRASE", "COBROWSE_PASSPHRASE_FILE"] {
        let directory = Directory::empty();
        let output = run(&directory, &["keygen", "key.pem"], &[(variable, "")]);
        output.exits(2, &format!("error: {variable} is empty"));
        assert!(!directory.path("key.pem").exists());
    }
}

#[test]
fn instance_without_url_is_not_parsed() {
    let directory = Directory::new();
    run(&directory, &MINT, &[("COBROWSE_INSTANCE", "zz")]).result();
    let url = [&MINT, &["--url", "dashboard"][..]].concat();
    run(&directory, &url, &[("COBROWSE_INSTANCE", "zz")]).exits(2, "error: COBROWSE_INSTANCE: ");
    let useless = [&MINT, &["--instance", "https://support.example.com"][..]].concat();
    assert_eq!(directory.run(&useless).exits(2, "--instance needs --url").stdout, "");
}

#[test]
fn error_in_variable_names_the_variable() {
    let directory = Directory::new();
    directory.write("passphrase", "a\nb", 0o600);
    directory.write(
        "encrypted.pem",
        &KEY.to_encrypted_pkcs8_pem(&cobrowse_jwt::pem::Passphrase::new("x")).unwrap(),
        0o600,
    );
    let agent = ["mint", "--agent", "jane@example.com"];
    for (variable, value, exit) in [
        ("COBROWSE_LICENSE_KEY", "two args", 2),
        ("COBROWSE_LIFETIME", "15", 2),
        ("COBROWSE_LIFETIME", "0s", 2),
        ("COBROWSE_LIFETIME", "2d", 2),
        ("COBROWSE_PUBLIC_KEY", "nothing.pem", 2),
        ("COBROWSE_PUBLIC_KEY", "key.pem", 2),
        ("COBROWSE_KEY", "vault:x", 2),
        ("COBROWSE_KEY", "nothing.pem", 4),
    ] {
        let good = [("COBROWSE_KEY", "key.pem"), ("COBROWSE_LICENSE_KEY", LICENSE)];
        let output = run(&directory, &agent, &[&good, &[(variable, value)][..]].concat());
        let output = output.exits(exit, &format!("error: {variable}: "));
        assert!(!output.stderr.contains("two args"), "{output:?}");
    }
    let passphrase = run(&directory, &["public-key", "encrypted.pem"], &[("COBROWSE_PASSPHRASE_FILE", "passphrase")]);
    passphrase.exits(2, "COBROWSE_PASSPHRASE_FILE: passphrase file passphrase: passphrase file has more than one line");
    // The path on the command line needs no context.
    directory.run(&["public-key", "nothing.pem"]).exits(4, "error: nothing.pem: ");
    let flag = directory.run(&[&MINT, &["--expect-public-key", "key.pem"][..]].concat());
    flag.exits(2, "error: --expect-public-key: expected a public key, found a private key");
}

/// The first 64 KiB can be valid and mean something else than the whole file.
#[test]
fn oversized_file_is_refused() {
    let directory = Directory::new();
    let blank = " ".repeat(64 * 1024);
    directory.write("public.pem", &format!("{}{blank}", KEY.public_key().to_pem()), 0o644);
    directory.write("policy.json", &format!("{{\"version\":3}}{blank}"), 0o644);
    for (args, message) in [
        (["--expect-public-key", "public.pem"], "file exceeds 64 KiB"),
        (["--policy", "policy.json"], "file is over 64 KiB"),
    ] {
        let output = directory.run(&[&MINT, &args[..]].concat()).exits(2, message);
        assert_eq!(output.stdout, "");
    }
    directory.run(&["verify", "x", "--license", LICENSE, "--public-key", "public.pem"]).exits(2, "file exceeds 64 KiB");
}

/// As a service reads them with `Config::from_env`.
#[test]
fn key_options_are_read_from_variables() {
    let directory = Directory::new();
    directory.write("shared.pem", &KEY.to_pkcs8_pem().unwrap(), 0o644);
    let shared = ["public-key", "shared.pem"];
    run(&directory, &shared, &[]).exits(0, "group- or world-readable");
    for (value, exit, message) in [("true", 4, "group- or world-readable (mode 0644)"), ("false", 0, "warning: ")] {
        run(&directory, &shared, &[("COBROWSE_STRICT_PERMISSIONS", value)]).exits(exit, message);
    }
    directory.run(&[&shared[..], &["--strict-permissions"]].concat()).exits(4, "group- or world-readable (mode 0644)");
    let invalid = run(&directory, &["public-key", "key.pem"], &[("COBROWSE_ALLOW_FOREIGN_OWNER", "hunter2")]);
    let invalid = invalid.exits(2, "error: COBROWSE_ALLOW_FOREIGN_OWNER: neither true nor false");
    assert!(!invalid.stderr.contains("hunter2"), "{invalid:?}");
}

/// During rotation two keys are registered.
#[test]
fn public_key_file_may_contain_two_keys() {
    let directory = Directory::new();
    let [old, new] = [&OTHER_KEY, &KEY].map(|key| key.public_key().to_pem().to_owned());
    directory.write("registered.pem", &format!("{old}{new}"), 0o644);
    let token = directory.run(&[&MINT, &["--expect-public-key", "registered.pem"][..]].concat()).result();
    for subcommand in ["inspect", "verify"] {
        let args = [subcommand, "--license", LICENSE, "--public-key", "registered.pem"];
        directory.read(&args, &token).result();
    }
    let doctor = ["doctor", "key.pem", "--license", LICENSE, "--expect-public-key", "registered.pem"];
    assert_eq!(directory.run(&doctor).result(), "All checks passed.\n");
}
