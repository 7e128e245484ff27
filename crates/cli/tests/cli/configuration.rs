//! Flags, variables, and which of them holds.

use crate::program::{Ended, Folder, HEADER, KEY, LICENSE, OTHER_KEY, accepted, good_claims, token};

const MINT: [&str; 6] = ["mint", "key.pem", "--license", LICENSE, "--agent", "jane@example.com"];

/// The program with these variables.
fn run(folder: &Folder, words: &[&str], variables: &[(&str, &str)]) -> Ended {
    Ended::of(&folder.command(words).envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn two_keys_to_verify_with_are_one_too_many() {
    let folder = Folder::new();
    folder.write("other.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let token = token(HEADER, &good_claims().to_string());
    for subcommand in ["inspect", "verify"] {
        let words = [subcommand, &token, "--license", LICENSE, "--key", "key.pem"];
        let both = folder.run(&[&words, &["--public-key", "other.pem"][..]].concat());
        assert_eq!(both.exits(2, "--key and --public-key each name a key").stdout, "");
        // The flag wins over the variable, which is not even read.
        for variable in ["other.pem", "/nonexistent"] {
            run(&folder, &words, &[("COBROWSE_PUBLIC_KEY", variable)]).result();
        }
    }
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    const EMPTY: [(&str, &str); 7] = [
        ("COBROWSE_KEY", ""),
        ("COBROWSE_LICENSE_KEY", ""),
        ("COBROWSE_PUBLIC_KEY", ""),
        ("COBROWSE_LIFETIME", ""),
        ("COBROWSE_INSTANCE", ""),
        ("COBROWSE_PASSPHRASE_FILE", ""),
        ("COBROWSE_PASSPHRASE", ""),
    ];
    let folder = Folder::new();
    let url = run(&folder, &[&MINT, &["--url", "dashboard"][..]].concat(), &EMPTY).result();
    let minted = accepted(url.strip_prefix("https://cobrowse.io/dashboard?token=").unwrap(), KEY.public_key());
    assert_eq!(minted.claims.lifetime().unwrap().as_secs(), 3_600);
    run(&folder, &["doctor", "key.pem", "--license", LICENSE], &EMPTY).result();
    run(&folder, &["inspect", &token(HEADER, &good_claims().to_string())], &EMPTY).result();
    run(&folder, &["public-key"], &EMPTY).exits(2, "<KEY>");
    let help = run(&folder, &["mint", "--help"], &EMPTY).result();
    for (variable, _) in &EMPTY[..6] {
        assert!(help.contains(&format!("[env: {variable}]")), "{variable} in {help}");
    }
    folder.write(
        "encrypted.pem",
        &KEY.to_encrypted_pkcs8_pem(&cobrowse_jwt::pem::Passphrase::new("x")).unwrap(),
        0o600,
    );
    run(&folder, &["public-key", "encrypted.pem"], &EMPTY).exits(4, "there is no terminal to ask at");
}

/// Somebody who asked for encryption by a variable, and whose variable came out empty, gets no plain key.
#[test]
fn an_empty_passphrase_makes_no_plain_key() {
    for variable in ["COBROWSE_PASSPHRASE", "COBROWSE_PASSPHRASE_FILE"] {
        let folder = Folder::empty();
        let ended = run(&folder, &["keygen", "key.pem"], &[(variable, "")]);
        ended.exits(2, &format!("the variable {variable} is set to nothing"));
        assert!(!folder.path("key.pem").exists());
    }
}

#[test]
fn what_is_not_needed_is_not_looked_at() {
    let folder = Folder::new();
    run(&folder, &MINT, &[("COBROWSE_INSTANCE", "zz")]).result();
    let url = [&MINT, &["--url", "dashboard"][..]].concat();
    run(&folder, &url, &[("COBROWSE_INSTANCE", "zz")]).exits(2, "error: the variable COBROWSE_INSTANCE: ");
    // Without a page there is nothing that a flag could say about it.
    let useless = [&MINT, &["--instance", "https://support.example.com"][..]].concat();
    assert_eq!(folder.run(&useless).exits(2, "say which one by --url").stdout, "");
}

#[test]
fn an_error_names_the_variable_that_it_is_about() {
    let folder = Folder::new();
    folder.write("passphrase", "a\nb", 0o600);
    folder.write(
        "encrypted.pem",
        &KEY.to_encrypted_pkcs8_pem(&cobrowse_jwt::pem::Passphrase::new("x")).unwrap(),
        0o600,
    );
    let agent = ["mint", "--agent", "jane@example.com"];
    for (variable, value, exit) in [
        ("COBROWSE_LICENSE_KEY", "two words", 2),
        ("COBROWSE_LIFETIME", "15", 2),
        ("COBROWSE_LIFETIME", "0s", 2),
        ("COBROWSE_LIFETIME", "2d", 2),
        ("COBROWSE_PUBLIC_KEY", "nothing.pem", 2),
        ("COBROWSE_PUBLIC_KEY", "key.pem", 2),
        ("COBROWSE_KEY", "vault:x", 2),
        ("COBROWSE_KEY", "nothing.pem", 4),
    ] {
        let good = [("COBROWSE_KEY", "key.pem"), ("COBROWSE_LICENSE_KEY", LICENSE)];
        let ended = run(&folder, &agent, &[&good, &[(variable, value)][..]].concat());
        let ended = ended.exits(exit, &format!("error: the variable {variable}: "));
        assert!(!ended.stderr.contains("two words"), "{ended:?}");
    }
    let passphrase = run(&folder, &["public-key", "encrypted.pem"], &[("COBROWSE_PASSPHRASE_FILE", "passphrase")]);
    passphrase.exits(2, "the variable COBROWSE_PASSPHRASE_FILE: the passphrase file passphrase: it has more than one");
    // Nobody has to be told where on the command line.
    folder.run(&["public-key", "nothing.pem"]).exits(4, "error: nothing.pem: ");
    let flag = folder.run(&[&MINT, &["--expect-public-key", "key.pem"][..]].concat());
    flag.exits(2, "error: --expect-public-key: this is a private key");
}

/// The beginning of a file may be valid, and say something else than all of it.
#[test]
fn no_file_is_believed_by_its_beginning() {
    let folder = Folder::new();
    let blank = " ".repeat(64 * 1024);
    folder.write("public.pem", &format!("{}{blank}", KEY.public_key().to_pem()), 0o644);
    folder.write("policy.json", &format!("{{\"version\":3}}{blank}"), 0o644);
    for words in [["--expect-public-key", "public.pem"], ["--policy", "policy.json"]] {
        let ended = folder.run(&[&MINT, &words[..]].concat()).exits(2, "the file is over 64 KiB");
        assert_eq!(ended.stdout, "");
    }
    folder
        .run(&["verify", "x", "--license", LICENSE, "--public-key", "public.pem"])
        .exits(2, "the file is over 64 KiB");
}
