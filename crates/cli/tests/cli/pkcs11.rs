//! Keys in SoftHSM.
#![cfg(feature = "pkcs11")]

use std::{fs, process::Command};

use cobrowse_jwt::PublicKey;
use serde_json::Value;

use crate::program::{Directory, LICENSE, Output, accepted};

const README: &str = include_str!("../../../pkcs11/README.md");

/// Runs commands in one shell, with an empty SoftHSM.
fn shell(directory: &Directory, commands: &str) -> Output {
    let tokens = directory.path("tokens");
    if !tokens.exists() {
        fs::create_dir(&tokens).unwrap();
    }
    directory.write(
        "softhsm2.conf",
        &format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()),
        0o600,
    );
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", commands]).current_dir(directory.path("")).env_clear().envs(directory.variables());
    Output::of(&shell.env("SOFTHSM2_CONF", directory.path("softhsm2.conf")).output().unwrap())
}

#[test]
#[ignore = "needs softhsm"]
fn pkcs11_readme_commands_make_a_token() {
    let commands = README.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(commands.lines().count(), 5);
    let directory = Directory::empty();
    let printed = shell(&directory, commands);
    assert_eq!(printed.exit, 0, "{printed:?}");
    let token = printed.stdout.lines().last().unwrap().to_owned();

    let key = commands.lines().find(|line| line.starts_with("export ")).unwrap();
    let public_key = shell(&directory, &format!("{key}\ncobrowse-jwt public-key")).result();
    let public_key = PublicKey::from_pem(&public_key).unwrap();
    accepted(&token, &public_key);

    let doctor = shell(&directory, &format!("{key}\ncobrowse-jwt doctor --license {LICENSE} --json"));
    let report: Value = serde_json::from_str(&doctor.stdout).unwrap();
    assert_eq!(doctor.exit, 0, "{doctor:?}");
    assert!(report.to_string().contains("generated in the token, and not extractable"), "{report}");

    let wrong = shell(&directory, &format!("{key}\necho 246801 > pin\ncobrowse-jwt public-key"));
    assert!(!format!("{wrong:?}").contains("246801"));
    wrong.exits(4, "token rejected the PIN");
}
