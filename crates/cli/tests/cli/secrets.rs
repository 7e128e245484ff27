//! People paste things into the wrong place, and terminals and CI logs remember what is printed.

use crate::program::{Folder, KEY, LICENSE};

#[test]
fn what_was_pasted_into_the_wrong_place_is_not_repeated() {
    let folder = Folder::new();
    let pem = KEY.to_pkcs8_pem().unwrap();
    let token = folder.run(&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"]).result();
    let one_line = pem.replace('\n', "");
    for secret in [pem.as_str(), token.trim_end(), &one_line] {
        let part = &secret[40..80];
        let attached = format!("--licence={secret}");
        for words in [
            &["mint", secret, "--license", LICENSE, "--agent", "a@b"][..],
            &["mint", "key.pem", secret],
            &["mint", "key.pem", "--license", secret, "--agent", "a@b"],
            &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--lifetime", secret],
            &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--role", secret],
            &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--policy", secret],
            &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--customer", secret],
            &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--url", secret],
            &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--instance", secret],
            &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--expect-public-key", secret],
            &["mint", "key.pem", &attached],
            &["public-key", secret, "-v"],
            &["public-key", &format!("env:{secret}"), "-v"],
            &["public-key", &format!("file:{secret}"), "-v"],
            &["public-key", &format!("awskms://{secret}"), "-v"],
            &["keygen", "--bits", secret],
            &["keygen", "new.pem", secret],
            &["inspect", "a", secret],
            &["inspect", "--leeway", secret],
            &["inspect", secret],
            &["verify", secret, "--license", LICENSE, "--public-key", "key.pub.pem", "--json"],
            &["doctor", secret, "--license", LICENSE, "-v"],
            &[secret],
        ] {
            let ended = folder.run(words);
            let shown = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!shown.contains(part), "{words:?}: {shown}");
            assert!(!shown.contains("panicked"), "{shown}");
        }
    }
}

#[test]
fn misspelled_words_are_shown_and_others_are_not() {
    let folder = Folder::new();
    folder.run(&["mint", "--licence", "x"]).exits(2, "unexpected argument '--licence' found");
    folder.run(&["mnit"]).exits(2, "unrecognized subcommand 'mnit'");
    let ended = folder.run(&["keygen", "new.pem", "hunter"]).exits(2, "[not shown]");
    assert!(!ended.stderr.contains("hunter"), "{ended:?}");
}

#[test]
fn help_names_the_variables_and_not_their_values() {
    let folder = Folder::new();
    let mut command = folder.command(&["doctor", "--help"]);
    let values = [
        "COBROWSE_KEY",
        "COBROWSE_LICENSE_KEY",
        "COBROWSE_PUBLIC_KEY",
        "COBROWSE_PASSPHRASE_FILE",
        "COBROWSE_LIFETIME",
    ];
    let output = command.envs(values.map(|name| (name, "a-value"))).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for name in values {
        assert!(help.contains(&format!("[env: {name}]")), "{name} in {help}");
    }
    assert!(!help.contains("a-value"), "{help}");
}
