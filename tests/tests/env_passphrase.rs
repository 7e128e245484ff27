//! An encrypted key and its passphrase, each from a variable.

use std::{env, process::Command};

use cobrowse_jwt::{env::EnvKey, pem::PemKey};
use cobrowse_jwt_tests::{Openssl, PASSPHRASE};

/// This process cannot set its own variables safely.
fn read(pem: &[u8], passphrase: Option<&str>) -> String {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "child", "--ignored", "--nocapture"]);
    child.env("COBROWSE_TEST_KEY", String::from_utf8(pem.to_vec()).unwrap());
    if let Some(passphrase) = passphrase {
        child.env("COBROWSE_TEST_PASSPHRASE", passphrase);
    }
    String::from_utf8(child.output().unwrap().stdout).unwrap()
}

#[test]
#[ignore = "runs in the children of the other test, and by itself does nothing"]
fn child() {
    if env::var_os("COBROWSE_TEST_KEY").is_some() {
        match EnvKey::with_passphrase("COBROWSE_TEST_KEY", "COBROWSE_TEST_PASSPHRASE") {
            Ok(key) => println!("<<{}>>", key.public_key().thumbprint()),
            Err(error) => println!("<<{error}: {:?}>>", error.kind()),
        }
    }
}

#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn both_are_needed_and_neither_is_shown() {
    let openssl = Openssl::new()
        .run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem")
        .run("pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout $PASS -out encrypted.pem");
    let expected = PemKey::from_pem(openssl.read("key.pem")).unwrap();
    let encrypted = openssl.read("encrypted.pem");
    assert!(read(&encrypted, Some(PASSPHRASE)).contains(expected.public_key().thumbprint()));

    let wrong = read(&encrypted, Some("a wrong passphrase"));
    assert!(wrong.contains("COBROWSE_TEST_KEY") && wrong.contains("WrongPassphrase"), "{wrong}");
    assert!(!wrong.contains("a wrong passphrase"), "{wrong}");
    let unset = read(&encrypted, None);
    assert!(unset.contains("COBROWSE_TEST_PASSPHRASE is not set"), "{unset}");
}
