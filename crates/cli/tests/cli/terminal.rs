//! What is different on a terminal. `script` plays one.
#![cfg(target_os = "linux")]

use assert_cmd::Command;
use cobrowse_jwt::pem::Passphrase;

use crate::program::{Folder, HEADER, KEY, PROGRAM, good_claims, token};

/// Everything that the program writes on its terminal, where somebody types this.
fn on_a_terminal(folder: &Folder, words: &str, variables: &[(&str, &str)], typed: &str) -> String {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &format!("{PROGRAM} {words}"), "/dev/null"]);
    command.current_dir(folder.path("")).env_clear().envs(folder.variables()).env("TERM", "xterm");
    let output = command.envs(variables.iter().copied()).write_stdin(typed.to_owned()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
}

#[test]
#[ignore = "needs `script` of util-linux"]
fn there_are_colours_unless_they_are_unwanted() {
    let folder = Folder::new();
    let words = format!("inspect {}", token(HEADER, &good_claims().to_string()));
    let coloured = on_a_terminal(&folder, &words, &[], "");
    assert!(coloured.contains("\u{1b}[32mok"), "{coloured:?}");
    let plain = on_a_terminal(&folder, &words, &[("NO_COLOR", "1")], "");
    assert!(plain.contains("ok ") && !plain.contains('\u{1b}'), "{plain:?}");
}

#[test]
#[ignore = "needs `script` of util-linux"]
fn a_passphrase_is_asked_for_and_not_echoed() {
    let folder = Folder::empty();
    folder.write("key.pem", &KEY.to_encrypted_pkcs8_pem(&Passphrase::new("horse")).unwrap(), 0o600);
    let shown = on_a_terminal(&folder, "public-key key.pem --thumbprint", &[], "horse\n");
    assert!(shown.contains("passphrase of the key: "), "{shown:?}");
    assert!(shown.contains(KEY.public_key().thumbprint()), "{shown:?}");

    let chosen = on_a_terminal(&folder, "keygen --encrypt new.pem", &[], "horse\nhorse\n");
    assert!(chosen.contains("the same again: ") && chosen.contains("(encrypted, mode 600)"), "{chosen:?}");
    let differing = on_a_terminal(&folder, "keygen --encrypt other.pem", &[], "horse\ndonkey\n");
    assert!(differing.contains("the two passphrases differ"), "{differing:?}");
    assert!(!folder.path("other.pem").exists());
}

#[cfg(feature = "aws-kms")]
#[test]
#[ignore = "needs `script` of util-linux"]
fn a_line_of_progress_comes_and_goes_when_it_takes_long() {
    use crate::program::LICENSE;
    let folder = Folder::new();
    // A KMS that takes the connection and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let key = format!("awskms://{}/alias/x", silent.local_addr().unwrap());
    let aws = [("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "eu-central-1")];
    let slow = on_a_terminal(&folder, &format!("mint {key} --license {LICENSE} --agent a@b"), &aws, "");
    assert!(slow.contains("signing ...\r\u{1b}[K"), "{slow:?}");
    let quick = on_a_terminal(&folder, &format!("mint key.pem --license {LICENSE} --agent a@b"), &[], "");
    assert!(!quick.contains("..."), "{quick:?}");
}
