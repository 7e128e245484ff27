//! The passphrase of an encrypted key, which no command line ever sees.

use cobrowse_jwt::pem::Passphrase;

use crate::program::{Ended, Folder, KEY, LICENSE, accepted};

const PASSPHRASE: &str = "correct horse battery staple";

fn folder() -> Folder {
    let folder = Folder::empty();
    folder.write("key.pem", &KEY.to_encrypted_pkcs8_pem(&Passphrase::new(PASSPHRASE)).unwrap(), 0o600);
    folder
}

#[test]
fn is_read_from_a_file_or_a_variable_by_every_subcommand() {
    let folder = folder();
    folder.write("passphrase", &format!("{PASSPHRASE}\n"), 0o600);
    for (words, exit) in [
        (&["public-key", "key.pem"][..], 0),
        (&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"], 0),
        (&["doctor", "key.pem", "--license", LICENSE], 0),
        (&["inspect", "x", "--key", "key.pem"], 1),
        (&["verify", "x", "--license", LICENSE, "--key", "key.pem"], 10),
    ] {
        folder.run(&[words, &["--passphrase-file", "passphrase"]].concat()).exits(exit, "");
        let variable = folder.command(words).env("COBROWSE_PASSPHRASE", PASSPHRASE).output().unwrap();
        Ended::of(&variable).exits(exit, "");
        let file = folder.command(words).env("COBROWSE_PASSPHRASE_FILE", "passphrase").output().unwrap();
        Ended::of(&file).exits(exit, "");
    }
}

#[test]
fn the_file_wins_over_the_variable() {
    let folder = folder();
    folder.write("passphrase", PASSPHRASE, 0o600);
    let words = ["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--passphrase-file", "passphrase"];
    let output = folder.command(&words).env("COBROWSE_PASSPHRASE", "wrong").output().unwrap();
    accepted(&Ended::of(&output).result(), KEY.public_key());
}

#[test]
fn a_variable_may_hold_an_encrypted_key() {
    let folder = folder();
    let pem = std::fs::read_to_string(folder.path("key.pem")).unwrap();
    let mut command = folder.command(&["public-key", "env:ENCRYPTED"]);
    let output = command.env("ENCRYPTED", pem).env("COBROWSE_PASSPHRASE", PASSPHRASE).output().unwrap();
    assert_eq!(Ended::of(&output).result(), KEY.public_key().to_pem());
}

#[test]
fn a_wrong_or_missing_one_is_explained_and_never_shown() {
    let folder = folder();
    let wrong =
        folder.command(&["public-key", "key.pem", "-v"]).env("COBROWSE_PASSPHRASE", "secret-7").output().unwrap();
    let ended = Ended::of(&wrong).exits(4, "the passphrase is wrong");
    assert!(!ended.stderr.contains("secret-7"), "{ended:?}");
    folder.run(&["public-key", "key.pem"]).exits(4, "give it by --passphrase-file or in COBROWSE_PASSPHRASE");
    for (text, named) in
        [("", "the passphrase is empty"), ("a\nb", "more than one line"), (&"a".repeat(5_000), "over 4 KiB")]
    {
        folder.write("passphrase", text, 0o600);
        folder.run(&["public-key", "key.pem", "--passphrase-file", "passphrase"]).exits(2, named);
    }
    folder.run(&["public-key", "key.pem", "--passphrase-file", "nothing"]).exits(2, "it cannot be read");
    folder.write("passphrase", PASSPHRASE, 0o644);
    folder
        .run(&["public-key", "key.pem", "--passphrase-file", "passphrase"])
        .exits(0, "others than its owner may read");
    folder.run(&["public-key", "key.pem", "--passphrase", "secret-7"]).exits(2, "unexpected argument");
}

#[test]
fn an_unencrypted_key_needs_none() {
    let folder = Folder::new();
    folder.run(&["public-key", "key.pem", "--passphrase-file", "nothing"]).result();
}
