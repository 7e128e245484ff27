use cobrowse_jwt::PublicKey;

use crate::program::{Directory, KEY, Output};

#[test]
fn public_key_is_printed_in_each_format() {
    let directory = Directory::new();
    assert_eq!(directory.run(&["public-key", "key.pem"]).result(), KEY.public_key().to_pem());
    let jwk = directory.run(&["public-key", "key.pem", "--jwk"]).result();
    assert_eq!(&PublicKey::from_jwk(&jwk).unwrap(), KEY.public_key());
    let thumbprint = directory.run(&["public-key", "key.pem", "--thumbprint"]).result();
    assert_eq!(thumbprint.trim_end(), KEY.public_key().thumbprint());
}

#[test]
fn key_uri_names_a_file_or_a_variable() {
    let directory = Directory::new();
    let uri = format!("file://{}", directory.path("key.pem").display());
    assert_eq!(directory.run(&["public-key", &uri]).result(), KEY.public_key().to_pem());
    let pem = KEY.to_pkcs8_pem().unwrap();
    let variable = directory.command(&["public-key", "env:SIGNING_KEY"]).env("SIGNING_KEY", &*pem).output().unwrap();
    assert_eq!(Output::of(&variable).result(), KEY.public_key().to_pem());
    let by_variable = directory.command(&["public-key"]).env("COBROWSE_KEY", "key.pem").output().unwrap();
    assert_eq!(Output::of(&by_variable).result(), KEY.public_key().to_pem());
}

#[test]
fn unusable_key_is_named() {
    let directory = Directory::new();
    directory.run(&["public-key", "nothing.pem"]).exits(4, "error: nothing.pem: no such file\n  hint: check the path");
    directory.run(&["public-key", "key.pub.pem"]).exits(4, "expected a private key, found a public key");
    directory.write("loose.pem", &KEY.to_pkcs8_pem().unwrap(), 0o666);
    directory.run(&["public-key", "loose.pem"]).exits(4, "file is group- or world-writable (mode 0666)");
    directory.run(&["public-key", "env:NOT_SET"]).exits(4, "environment variable NOT_SET is not set");
    let broken = directory.command(&["public-key", "env:BROKEN"]).env("BROKEN", "hello").output().unwrap();
    Output::of(&broken).exits(4, "error: BROKEN: no PEM block found");
    directory.run(&["public-key", "vault:x"]).exits(2, "unknown key URI scheme");
    directory.run(&["public-key", "awskms:alias/x"]).exits(2, "");
    directory.run(&["public-key"]).exits(2, "<KEY>");
    directory.run(&["public-key", "key.pem", "--jwk", "--thumbprint"]).exits(2, "cannot be used with");
}

#[test]
#[cfg(target_os = "linux")]
fn causes_are_shown_with_verbose() {
    let directory = Directory::new();
    // A regular file that opens and cannot be read.
    let unreadable = ["public-key", "/proc/self/mem"];
    let error = "error: /proc/self/mem: failed to read the file\n  hint: check the disk or network file system, and the limit of open files\n";
    assert_eq!(directory.run(&unreadable).exits(3, "").stderr, error);
    let verbose = directory.run(&[&unreadable, &["--verbose"][..]].concat()).exits(3, "").stderr;
    assert_eq!(verbose, format!("{error}  caused by: Input/output error (os error 5)\n"));
    let no_cause = directory.run(&["public-key", "nothing.pem", "-v"]).exits(4, "").stderr;
    assert_eq!(no_cause, "error: nothing.pem: no such file\n  hint: check the path\n");
    let variable = directory.command(&["public-key", "env:BROKEN", "-v"]).env("BROKEN", "hello").output().unwrap();
    let variable = Output::of(&variable).exits(4, "error: BROKEN: no PEM block found");
    assert!(!variable.stderr.contains("caused by"), "{variable:?}");
}

#[cfg(feature = "aws-kms")]
#[test]
fn aws_key_name_without_scheme_gets_a_hint() {
    let directory = Directory::empty();
    let advice = "for a key in AWS KMS write awskms:/// before it, as in awskms:///alias/x";
    directory.run(&["public-key", "alias/cobrowse"]).exits(2, advice);
    let arn = directory.run(&["public-key", "arn:aws:kms:eu-central-1:111122223333:key/x"]).exits(2, advice);
    assert!(!arn.stderr.contains("111122223333"), "{arn:?}");
    let other = directory.run(&["public-key", "nothing.pem"]).exits(4, "");
    assert!(!other.stderr.contains("AWS"), "{other:?}");
}

/// An encrypted key is read twice, the first time before the passphrase is known.
#[test]
fn warning_of_a_file_read_twice_is_shown_once() {
    let directory = Directory::empty();
    let encrypted = KEY.to_encrypted_pkcs8_pem(&cobrowse_jwt::pem::Passphrase::new("horse")).unwrap();
    directory.write("key.pem", &encrypted, 0o644);
    for args in [&["public-key", "key.pem"][..], &["doctor", "key.pem", "--license", "x", "--allow-readable-key"]] {
        let run = directory.command(args).env("COBROWSE_PASSPHRASE", "horse").output().unwrap();
        let output = Output::of(&run).exits(0, "key file is group- or world-readable");
        assert_eq!(output.stderr.matches("key file is group- or world-readable").count(), 1, "{output:?}");
    }
}

#[test]
fn warnings_of_the_library_are_shown() {
    let directory = Directory::new();
    directory.write("shared.pem", &KEY.to_pkcs8_pem().unwrap(), 0o644);
    let output = directory.run(&["public-key", "shared.pem"]).exits(0, "warning: key file is group- or world-readable");
    assert_eq!(output.stdout, KEY.public_key().to_pem());
}

#[test]
#[ignore = "needs `root`: only root can change the owner of a file"]
fn key_of_another_owner_is_refused_unless_allowed() {
    let directory = Directory::new();
    std::os::unix::fs::chown(directory.path("key.pem"), Some(65_534), None).unwrap();
    directory.run(&["public-key", "key.pem"]).exits(4, "file is owned by another user (uid 65534)");
    assert_eq!(directory.run(&["public-key", "key.pem", "--allow-foreign-owner"]).result(), KEY.public_key().to_pem());
}
