//! Encrypted keys in variables.

use std::{
    env,
    future::Future as _,
    pin::pin,
    task::{Context, Poll, Waker},
};

use cobrowse_jwt::{
    env::EnvKey,
    pem::{Passphrase, PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::{Openssl, PASSPHRASE, reexec};
use pollster::block_on;

const KEY: &str = "COBROWSE_TEST_KEY";
const PASSPHRASE_VARIABLE: &str = "COBROWSE_TEST_PASSPHRASE";

fn read(pem: &[u8], passphrase: Option<&str>) -> String {
    let pem = String::from_utf8(pem.to_vec()).unwrap();
    let passphrase = passphrase.map(|passphrase| (PASSPHRASE_VARIABLE, passphrase));
    reexec([(KEY, pem.as_str())].into_iter().chain(passphrase))
}

#[test]
#[ignore = "runs in the child process of the other tests"]
fn reexec_helper() {
    if env::var_os(KEY).is_none() {
        return;
    }
    let mut open = pin!(EnvKey::builder(KEY).passphrase_variable(PASSPHRASE_VARIABLE).open());
    let opened = match open.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        // Deriving a key from its passphrase takes far longer than to start a thread.
        Poll::Ready(Ok(_)) => panic!("the first poll blocked"),
        Poll::Ready(error) => error,
        Poll::Pending => block_on(open),
    };
    match opened {
        Ok(key) => println!("<<{}>>", key.public_key().thumbprint()),
        Err(error) => println!("<<{error}: {:?}>>", error.kind()),
    }
}

#[test]
fn open_encrypted_key_does_not_block_the_executor() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let pem = key.to_encrypted_pkcs8_pem(&Passphrase::new(PASSPHRASE)).unwrap();
    assert_eq!(read(pem.as_bytes(), Some(PASSPHRASE)), key.public_key().thumbprint());
}

#[test]
#[ignore = "needs openssl, which `cargo xtask test` checks for"]
fn open_encrypted_key_requires_its_passphrase_and_shows_neither() {
    let openssl = Openssl::new()
        .run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem")
        .run("pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout $PASS -out encrypted.pem");
    let expected = PemKey::from_pem(openssl.read("key.pem")).unwrap();
    let encrypted = openssl.read("encrypted.pem");
    assert_eq!(read(&encrypted, Some(PASSPHRASE)), expected.public_key().thumbprint());

    let wrong = read(&encrypted, Some("a wrong passphrase"));
    assert!(wrong.contains("COBROWSE_TEST_KEY") && wrong.contains("WrongPassphrase"), "{wrong}");
    assert!(!wrong.contains("a wrong passphrase"), "{wrong}");
    let unset = read(&encrypted, None);
    assert!(unset.contains("COBROWSE_TEST_PASSPHRASE is not set"), "{unset}");
}
