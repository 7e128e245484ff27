use cobrowse_jwt::PublicKey;

use crate::program::{Ended, Folder, KEY};

#[test]
fn prints_the_public_half_in_each_form() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["public-key", "key.pem"]).result(), KEY.public_key().to_pem());
    let jwk = folder.run(&["public-key", "key.pem", "--jwk"]).result();
    assert_eq!(&PublicKey::from_jwk(&jwk).unwrap(), KEY.public_key());
    let thumbprint = folder.run(&["public-key", "key.pem", "--thumbprint"]).result();
    assert_eq!(thumbprint.trim_end(), KEY.public_key().thumbprint());
}

#[test]
fn of_a_file_uri_and_of_a_variable() {
    let folder = Folder::new();
    let uri = format!("file://{}", folder.path("key.pem").display());
    assert_eq!(folder.run(&["public-key", &uri]).result(), KEY.public_key().to_pem());
    let pem = KEY.to_pkcs8_pem().unwrap();
    let variable = folder.command(&["public-key", "env:SIGNING_KEY"]).env("SIGNING_KEY", &*pem).output().unwrap();
    assert_eq!(Ended::of(&variable).result(), KEY.public_key().to_pem());
    let by_variable = folder.command(&["public-key"]).env("COBROWSE_KEY", "key.pem").output().unwrap();
    assert_eq!(Ended::of(&by_variable).result(), KEY.public_key().to_pem());
}

#[test]
fn what_is_no_key_is_named() {
    let folder = Folder::new();
    folder.run(&["public-key", "nothing.pem"]).exits(4, "error: nothing.pem: there is no such file; correct the path");
    folder.run(&["public-key", "key.pub.pem"]).exits(4, "this is a public key; give the private key");
    folder.write("loose.pem", &KEY.to_pkcs8_pem().unwrap(), 0o666);
    folder.run(&["public-key", "loose.pem"]).exits(4, "others than its owner may write the file (mode 666)");
    folder.run(&["public-key", "env:NOT_SET"]).exits(4, "the variable NOT_SET is not set; set it");
    let broken = folder.command(&["public-key", "env:BROKEN"]).env("BROKEN", "hello").output().unwrap();
    Ended::of(&broken).exits(4, "error: the variable BROKEN: there is no PEM block");
    folder.run(&["public-key", "vault:x"]).exits(2, "unknown key URI scheme");
    folder.run(&["public-key", "awskms:alias/x"]).exits(2, "");
    folder.run(&["public-key"]).exits(2, "<KEY>");
    folder.run(&["public-key", "key.pem", "--jwk", "--thumbprint"]).exits(2, "cannot be used with");
}

/// Causes lie below the sentence that is shown, and never above it.
#[test]
#[cfg(target_os = "linux")]
fn causes_are_shown_when_asked_for() {
    let folder = Folder::new();
    // A regular file that opens and cannot be read.
    let unreadable = ["public-key", "/proc/self/mem"];
    let sentence = "error: /proc/self/mem: the file cannot be read; see the cause\n";
    assert_eq!(folder.run(&unreadable).exits(3, "").stderr, sentence);
    let verbose = folder.run(&[&unreadable, &["--verbose"][..]].concat()).exits(3, "").stderr;
    assert_eq!(verbose, format!("{sentence}  because: Input/output error (os error 5)\n"));
    let no_cause = folder.run(&["public-key", "nothing.pem", "-v"]).exits(4, "").stderr;
    assert_eq!(no_cause, "error: nothing.pem: there is no such file; correct the path\n");
    let variable = folder.command(&["public-key", "env:BROKEN", "-v"]).env("BROKEN", "hello").output().unwrap();
    let variable = Ended::of(&variable).exits(4, "error: the variable BROKEN: there is no PEM block");
    assert!(!variable.stderr.contains("because"), "{variable:?}");
}

/// Names as AWS writes them.
#[test]
fn a_key_in_aws_kms_without_its_scheme_is_recognised() {
    let folder = Folder::empty();
    let advice = "for a key in AWS KMS write awskms:/// before it, as in awskms:///alias/x";
    folder.run(&["public-key", "alias/cobrowse"]).exits(2, advice);
    let arn = folder.run(&["public-key", "arn:aws:kms:eu-central-1:111122223333:key/x"]).exits(2, advice);
    assert!(!arn.stderr.contains("111122223333"), "{arn:?}");
    let other = folder.run(&["public-key", "nothing.pem"]).exits(4, "");
    assert!(!other.stderr.contains("AWS"), "{other:?}");
}

/// An encrypted key is read twice, once before its passphrase is asked for.
#[test]
fn a_warning_is_shown_once() {
    let folder = Folder::empty();
    let encrypted = KEY.to_encrypted_pkcs8_pem(&cobrowse_jwt::pem::Passphrase::new("horse")).unwrap();
    folder.write("key.pem", &encrypted, 0o644);
    for words in [&["public-key", "key.pem"][..], &["doctor", "key.pem", "--license", "x", "--allow-readable-key"]] {
        let run = folder.command(words).env("COBROWSE_PASSPHRASE", "horse").output().unwrap();
        let ended = Ended::of(&run).exits(0, "others than its owner may read the key file");
        assert_eq!(ended.stderr.matches("others than its owner").count(), 1, "{ended:?}");
    }
}

#[test]
fn the_librarys_warnings_are_shown() {
    let folder = Folder::new();
    folder.write("shared.pem", &KEY.to_pkcs8_pem().unwrap(), 0o644);
    let ended =
        folder.run(&["public-key", "shared.pem"]).exits(0, "warning: others than its owner may read the key file");
    assert_eq!(ended.stdout, KEY.public_key().to_pem());
}
