//! Values of variables. Each case runs in a child process, because a process cannot set its own variables safely.
#![cfg(unix)]

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStringExt as _,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cobrowse_jwt::{
    ErrorReport, KeyError,
    env::EnvKey,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::reexec;

const VARIABLE: &str = "COBROWSE_PRIVATE_KEY";

/// Returns what the child prints: the thumbprint of the key, or the error and its causes.
fn read(value: Option<&OsStr>) -> String {
    reexec([("COBROWSE_TEST_CHILD", OsStr::new("1"))].into_iter().chain(value.map(|value| (VARIABLE, value))))
}

#[test]
#[ignore = "runs in the child processes of the other tests"]
fn reexec_helper() {
    if env::var_os("COBROWSE_TEST_CHILD").is_none() {
        return;
    }
    match EnvKey::open_blocking(VARIABLE) {
        Ok(key) => println!("<<{}>>", key.public_key().thumbprint()),
        Err(error) => {
            let debug = format!("{error:?}");
            let error = KeyError::from(error);
            println!("<<{:?}: {}; {debug}>>", error.kind(), ErrorReport::new(&error));
        }
    }
}

#[test]
fn open_key_in_any_form_returns_the_same_key() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let pem = key.to_pkcs8_pem().unwrap();
    let base64 = STANDARD.encode(pem.as_bytes());
    let escaped = pem.replace('\n', "\\n");
    let wrapped = base64.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n");
    for value in [
        pem.to_string(),
        escaped.clone(),
        format!("\"{escaped}\""),
        format!("'{}'", *pem),
        base64.clone(),
        format!("\"{base64}\"\n"),
        wrapped,
    ] {
        assert_eq!(read(Some(value.as_ref())), key.public_key().thumbprint(), "{value:.40}");
    }
}

#[test]
fn open_invalid_value_returns_error_with_the_variable_and_without_the_value() {
    let unicode = OsString::from_vec(vec![b'k', 0xff]);
    for (value, kind, message) in [
        (None, "NotFound", "environment variable COBROWSE_PRIVATE_KEY is not set"),
        (Some(OsStr::new("")), "NotFound", "is empty"),
        (Some(OsStr::new(" \n")), "NotFound", "is empty"),
        (Some(&unicode), "InvalidKey", "is not Unicode text"),
        (Some(OsStr::new("/etc/secret/key.pem")), "NotFound", "contains a path"),
        (Some(OsStr::new("secret-key.pem")), "NotFound", "contains a path"),
        (Some(OsStr::new("secret")), "InvalidKey", "no PEM block found"),
        (Some(OsStr::new("c2VjcmV0")), "InvalidKey", "no PEM block found"),
        (
            Some(OsStr::new("-----BEGIN PUBLIC KEY-----\nsecr\n-----END PUBLIC KEY-----")),
            "InvalidKey",
            "expected a private key, found a public key",
        ),
    ] {
        let printed = read(value);
        assert!(printed.starts_with(kind) && printed.contains(message), "{printed}");
        assert!(printed.contains(VARIABLE), "{printed}");
        assert!(!printed.contains("secr") && !printed.contains("c2Vj"), "{printed}");
    }
}

#[test]
fn open_invalid_name_returns_unset() {
    for name in ["", "A=B", "A\0B", "-----BEGIN PRIVATE KEY-----"] {
        let error = EnvKey::open_blocking(name).unwrap_err();
        assert!(error.to_string().contains("is not set"), "{error}");
        assert!(!format!("{error} {error:?} {:?}", KeyError::from(error.clone())).contains("BEGIN"));
    }
}
