use std::{fs, os::unix::fs::PermissionsExt as _, process::Command as Process};

use assert_cmd::Command;
use cobrowse_jwt::{PublicKey, pem::PemKey};

use crate::program::{Ended, Folder, PROGRAM};

fn mode(folder: &Folder, file: &str) -> u32 {
    folder.path(file).metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn makes_a_key_that_only_its_owner_may_read_and_its_public_half() {
    for (words, bits) in [(&["keygen"][..], 2048), (&["keygen", "--bits", "3072"], 3072)] {
        let folder = Folder::empty();
        let ended = folder.run(words).exits(0, "Settings > Integrations > JWT SSO");
        assert_eq!((mode(&folder, "key.pem"), mode(&folder, "key.pub.pem")), (0o600, 0o644));
        let pem = fs::read_to_string(folder.path("key.pem")).unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let key = PemKey::from_pem(pem).unwrap();
        assert_eq!(key.public_key().bits(), bits);
        let public = fs::read_to_string(folder.path("key.pub.pem")).unwrap();
        assert_eq!(&PublicKey::from_pem(&public).unwrap(), key.public_key());
        assert_eq!(ended.stdout, public);
        assert!(!ended.stderr.contains("PRIVATE KEY"));
    }
}

/// The file has its mode when it is made, and not after somebody could have opened it.
#[test]
fn no_umask_makes_the_key_readable() {
    let folder = Folder::empty();
    let script = format!("umask 0; exec {PROGRAM} keygen");
    Command::from(Process::new("sh")).args(["-c", &script]).current_dir(folder.path("")).assert().success();
    assert_eq!(mode(&folder, "key.pem"), 0o600);
}

/// What the program says of the file is what the file is.
#[test]
fn the_mode_that_is_told_is_the_mode_that_it_has() {
    let folder = Folder::empty();
    let script = format!("umask 0277; exec {PROGRAM} keygen");
    let output = Process::new("sh").args(["-c", &script]).current_dir(folder.path("")).output().unwrap();
    Ended::of(&output).exits(0, "(mode 400)");
    assert_eq!(mode(&folder, "key.pem"), 0o400);
}

/// Or KEY could not name what was made.
#[test]
fn a_name_that_key_would_misread_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let folder = Folder::empty();
    for name in ["env:FOO", "file:///x", "file:x.pem", "vault:key.pem"] {
        folder.run(&["keygen", name]).exits(2, "write ./ before it: ./env:FOO");
    }
    let bytes = folder.command(&["keygen"]).arg(OsStr::from_bytes(b"key\xff.pem")).output().unwrap();
    Ended::of(&bytes).exits(2, "not UTF-8 text");
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 0);
    folder.run(&["keygen", "./env:FOO"]).exits(0, "");
    folder.run(&["public-key", "./env:FOO"]).result();
}

#[test]
fn overwrites_nothing() {
    for existing in ["key.pem", "key.pub.pem"] {
        let folder = Folder::empty();
        folder.write(existing, "mine", 0o600);
        folder.run(&["keygen"]).exits(1, "exists already; keys are not overwritten");
        assert_eq!(fs::read_to_string(folder.path(existing)).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 1, "no half of a pair is left");
    }
    let folder = Folder::empty();
    std::os::unix::fs::symlink(folder.path("elsewhere"), folder.path("key.pem")).unwrap();
    folder.run(&["keygen"]).exits(1, "key.pem exists already");
    assert!(!folder.path("elsewhere").exists());
}

#[test]
fn what_cannot_be_made_is_explained() {
    let folder = Folder::empty();
    let ended = folder.run(&["keygen", "nowhere/key.pem", "-v"]).exits(1, "<redacted> cannot be written");
    assert!(ended.stderr.contains("because: "), "{ended:?}");
    folder.run(&["keygen", "--bits", "1024"]).exits(2, "[possible values: 2048, 3072, 4096]");
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 0);
}

#[test]
fn encrypts_with_a_passphrase_from_a_file_or_a_variable() {
    let folder = Folder::empty();
    folder.write("passphrase", "correct horse\r\n", 0o600);
    let file = folder.run(&["keygen", "a.pem", "--passphrase-file", "passphrase"]).exits(0, "(encrypted, mode 600)");
    let by_variable =
        folder.command(&["keygen", "b.pem"]).env("COBROWSE_PASSPHRASE", "correct horse").output().unwrap();
    let variable = Ended::of(&by_variable).exits(0, "(encrypted, mode 600)");
    for (ended, name) in [(file, "a.pem"), (variable, "b.pem")] {
        let pem = fs::read_to_string(folder.path(name)).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let key = PemKey::from_encrypted_pem(pem, &cobrowse_jwt::pem::Passphrase::new("correct horse")).unwrap();
        assert_eq!(key.public_key().to_pem(), ended.stdout);
    }
    folder.run(&["keygen", "c.pem", "--encrypt"]).exits(4, "there is no terminal to ask at");
    assert!(!folder.path("c.pem").exists());
}
