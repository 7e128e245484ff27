use std::{fs, os::unix::fs::PermissionsExt as _, process::Command as Process};

use assert_cmd::Command;
use cobrowse_jwt::{PublicKey, pem::PemKey};

use crate::program::{Directory, Output, PROGRAM};

fn mode(directory: &Directory, file: &str) -> u32 {
    directory.path(file).metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn keygen_writes_a_private_and_a_public_key() {
    for (args, bits) in [(&["keygen"][..], 2048), (&["keygen", "--bits", "3072"], 3072)] {
        let directory = Directory::empty();
        let output = directory.run(args).exits(0, "Settings > Integrations > JWT SSO");
        assert_eq!((mode(&directory, "key.pem"), mode(&directory, "key.pub.pem")), (0o600, 0o644));
        let pem = fs::read_to_string(directory.path("key.pem")).unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let key = PemKey::from_pem(pem).unwrap();
        assert_eq!(key.public_key().bits(), bits);
        let public = fs::read_to_string(directory.path("key.pub.pem")).unwrap();
        assert_eq!(&PublicKey::from_pem(&public).unwrap(), key.public_key());
        assert_eq!(output.stdout, public);
        assert!(!output.stderr.contains("PRIVATE KEY"));
    }
}

/// The file is created with its final mode.
#[test]
fn umask_0_keeps_the_private_key_private() {
    let directory = Directory::empty();
    let script = format!("umask 0; exec {PROGRAM} keygen");
    Command::from(Process::new("sh")).args(["-c", &script]).current_dir(directory.path("")).assert().success();
    assert_eq!(mode(&directory, "key.pem"), 0o600);
}

#[test]
fn restrictive_umask_is_reported() {
    let directory = Directory::empty();
    let script = format!("umask 0277; exec {PROGRAM} keygen");
    let output = Process::new("sh").args(["-c", &script]).current_dir(directory.path("")).output().unwrap();
    Output::of(&output).exits(0, "(mode 0400)");
    assert_eq!(mode(&directory, "key.pem"), 0o400);
}

#[test]
fn file_name_that_is_a_key_uri_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let directory = Directory::empty();
    for name in ["env:FOO", "file:///x", "file:x.pem", "vault:key.pem", "alias/key.pem"] {
        directory.run(&["keygen", name]).exits(2, "write ./ before it, as in ./env:FOO");
    }
    let bytes = directory.command(&["keygen"]).arg(OsStr::from_bytes(b"key\xff.pem")).output().unwrap();
    Output::of(&bytes).exits(2, "not UTF-8");
    assert_eq!(fs::read_dir(directory.path("")).unwrap().count(), 0);
    directory.run(&["keygen", "./env:FOO"]).exits(0, "");
    directory.run(&["public-key", "./env:FOO"]).result();
}

#[test]
fn existing_file_is_not_overwritten() {
    for existing in ["key.pem", "key.pub.pem"] {
        let directory = Directory::empty();
        directory.write(existing, "existing", 0o600);
        directory.run(&["keygen"]).exits(1, "already exists");
        assert_eq!(fs::read_to_string(directory.path(existing)).unwrap(), "existing");
        assert_eq!(fs::read_dir(directory.path("")).unwrap().count(), 1, "half of a pair is left");
    }
    let directory = Directory::empty();
    std::os::unix::fs::symlink(directory.path("elsewhere"), directory.path("key.pem")).unwrap();
    directory.run(&["keygen"]).exits(1, "key.pem already exists");
    assert!(!directory.path("elsewhere").exists());
}

#[test]
fn keygen_failure_names_the_cause() {
    let directory = Directory::empty();
    let output = directory.run(&["keygen", "nowhere/key.pem", "-v"]).exits(1, "failed to write <redacted>");
    assert!(output.stderr.contains("caused by: "), "{output:?}");
    directory.run(&["keygen", "--bits", "1024"]).exits(2, "[possible values: 2048, 3072, 4096]");
    assert_eq!(fs::read_dir(directory.path("")).unwrap().count(), 0);
}

#[test]
fn passphrase_from_file_or_variable_encrypts_the_key() {
    let directory = Directory::empty();
    directory.write("passphrase", "correct horse\r\n", 0o600);
    let file =
        directory.run(&["keygen", "a.pem", "--passphrase-file", "passphrase"]).exits(0, "(encrypted, mode 0600)");
    let by_variable =
        directory.command(&["keygen", "b.pem"]).env("COBROWSE_PASSPHRASE", "correct horse").output().unwrap();
    let variable = Output::of(&by_variable).exits(0, "(encrypted, mode 0600)");
    for (output, name) in [(file, "a.pem"), (variable, "b.pem")] {
        let pem = fs::read_to_string(directory.path(name)).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let key = PemKey::from_encrypted_pem(pem, &cobrowse_jwt::pem::Passphrase::new("correct horse")).unwrap();
        assert_eq!(key.public_key().to_pem(), output.stdout);
    }
    directory.run(&["keygen", "c.pem", "--encrypt"]).exits(4, "stderr is not a terminal");
    assert!(!directory.path("c.pem").exists());
}
