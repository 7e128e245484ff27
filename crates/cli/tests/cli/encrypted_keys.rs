//! The passphrase of an encrypted key.

use cobrowse_jwt::pem::Passphrase;

use crate::program::{Directory, KEY, LICENSE, Output, accepted};

const PASSPHRASE: &str = "correct horse battery staple";

fn directory() -> Directory {
    let directory = Directory::empty();
    directory.write("key.pem", &KEY.to_encrypted_pkcs8_pem(&Passphrase::new(PASSPHRASE)).unwrap(), 0o600);
    directory
}

#[test]
fn passphrase_is_read_from_a_file_or_a_variable() {
    let directory = directory();
    directory.write("passphrase", &format!("{PASSPHRASE}\n"), 0o600);
    for (args, exit) in [
        (&["public-key", "key.pem"][..], 0),
        (&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"], 0),
        (&["doctor", "key.pem", "--license", LICENSE], 0),
        (&["inspect", "x", "--key", "key.pem"], 1),
        (&["verify", "x", "--license", LICENSE, "--key", "key.pem"], 10),
    ] {
        directory.run(&[args, &["--passphrase-file", "passphrase"]].concat()).exits(exit, "");
        let variable = directory.command(args).env("COBROWSE_PASSPHRASE", PASSPHRASE).output().unwrap();
        Output::of(&variable).exits(exit, "");
        let file = directory.command(args).env("COBROWSE_PASSPHRASE_FILE", "passphrase").output().unwrap();
        Output::of(&file).exits(exit, "");
    }
}

#[test]
fn passphrase_file_overrides_the_variable() {
    let directory = directory();
    directory.write("passphrase", PASSPHRASE, 0o600);
    let args = ["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--passphrase-file", "passphrase"];
    let output = directory.command(&args).env("COBROWSE_PASSPHRASE", "wrong").output().unwrap();
    accepted(&Output::of(&output).result(), KEY.public_key());
}

#[test]
fn encrypted_key_in_a_variable_is_decrypted() {
    let directory = directory();
    let pem = std::fs::read_to_string(directory.path("key.pem")).unwrap();
    let mut command = directory.command(&["public-key", "env:ENCRYPTED"]);
    let output = command.env("ENCRYPTED", pem).env("COBROWSE_PASSPHRASE", PASSPHRASE).output().unwrap();
    assert_eq!(Output::of(&output).result(), KEY.public_key().to_pem());
}

#[test]
fn wrong_or_missing_passphrase_is_an_error_without_it() {
    let directory = directory();
    let wrong =
        directory.command(&["public-key", "key.pem", "-v"]).env("COBROWSE_PASSPHRASE", "secret-7").output().unwrap();
    let output = Output::of(&wrong).exits(4, "key.pem: wrong passphrase");
    assert!(!output.stderr.contains("secret-7"), "{output:?}");
    directory.run(&["public-key", "key.pem"]).exits(4, "use --passphrase-file or the variable COBROWSE_PASSPHRASE");
    for (text, message) in
        [("", "passphrase file is empty"), ("a\nb", "more than one line"), (&"a".repeat(5_000), "exceeds 4 KiB")]
    {
        directory.write("passphrase", text, 0o600);
        directory.run(&["public-key", "key.pem", "--passphrase-file", "passphrase"]).exits(2, message);
    }
    directory
        .run(&["public-key", "key.pem", "--passphrase-file", "nothing"])
        .exits(2, "failed to read the passphrase file");
    directory.write("passphrase", PASSPHRASE, 0o644);
    directory
        .run(&["public-key", "key.pem", "--passphrase-file", "passphrase"])
        .exits(0, "passphrase file is group- or world-readable");
    directory.run(&["public-key", "key.pem", "--passphrase", "secret-7"]).exits(2, "unexpected argument");
}

#[test]
fn unencrypted_key_does_not_read_the_passphrase() {
    let directory = Directory::new();
    directory.run(&["public-key", "key.pem", "--passphrase-file", "nothing"]).result();
}
