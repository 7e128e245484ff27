//! An encrypted key and its passphrase, each from a variable.

use std::env;

use cobrowse_jwt::{env::EnvKey, pem::PemKey};
use cobrowse_jwt_tests::{Openssl, PASSPHRASE, reexec};

fn read(pem: &[u8], passphrase: Option<&str>) -> String {
    let pem = String::from_utf8(pem.to_vec()).unwrap();
    let passphrase = passphrase.map(|passphrase| ("COBROWSE_TEST_PASSPHRASE", passphrase));
    reexec([("COBROWSE_TEST_KEY", pem.as_str())].into_iter().chain(passphrase))
}

#[test]
#[ignore = "runs in the child process of the other test"]
fn reexec_helper() {
    if env::var_os("COBROWSE_TEST_KEY").is_some() {
        match EnvKey::builder("COBROWSE_TEST_KEY").passphrase_variable("COBROWSE_TEST_PASSPHRASE").open_blocking() {
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
