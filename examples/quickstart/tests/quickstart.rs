//! What a newcomer sees.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use cobrowse_jwt::{
    LicenseKey, PublicKey, Verifier,
    pem::{PemKey, RsaKeySize},
};

const VARIABLES: [&str; 2] = ["COBROWSE_LICENSE_KEY", "COBROWSE_PRIVATE_KEY_FILE"];

fn quickstart(settings: &[(&str, &OsStr)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command.envs(settings.iter().copied()).output().unwrap()
}

/// The token that was printed, once the printed public key and our own verifier accept it.
fn accepted_token(output: &Output, license_key: &str) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    let pem = &printed[printed.find("-----BEGIN PUBLIC KEY-----").unwrap()..];
    let token = printed.lines().find(|line| line.starts_with("eyJ")).unwrap();
    let verifier = Verifier::new(LicenseKey::new(license_key).unwrap(), PublicKey::from_pem(pem).unwrap());
    verifier.verify(token).unwrap();
    assert!(printed.contains(&format!("https://cobrowse.io/dashboard?token={token}\n")));
    for wanted in ["\"displayName\": \"Jane Doe\"", "Settings > Integrations > JWT SSO", " UTC", "\"role\": null"] {
        assert!(printed.contains(wanted), "{wanted} in {printed}");
    }
    assert!(!printed.contains("FAILED") && !printed.contains("warning"));
    token.to_owned()
}

#[test]
fn without_configuration_it_shows_a_token_of_a_key_of_its_own() {
    let (first, second) = (quickstart(&[]), quickstart(&[]));
    assert_ne!(accepted_token(&first, "trial"), accepted_token(&second, "trial"));
}

#[test]
fn with_both_variables_it_uses_the_account_and_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    fs::write(&file, &*key.to_pkcs8_pem().unwrap()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let output = quickstart(&[("COBROWSE_LICENSE_KEY", "SPGqPIcVnsOEJQ".as_ref()), (VARIABLES[1], file.as_os_str())]);
    accepted_token(&output, "SPGqPIcVnsOEJQ");
    assert!(String::from_utf8(output.stdout).unwrap().contains(key.public_key().to_pem()));
}

#[test]
fn half_a_configuration_and_a_wrong_one_are_explained() {
    for (settings, expected) in [
        (&[(VARIABLES[0], "trial".as_ref())][..], "set COBROWSE_PRIVATE_KEY_FILE too"),
        (&[(VARIABLES[1], "key.pem".as_ref())], "set COBROWSE_LICENSE_KEY too"),
        (&[(VARIABLES[0], "trial".as_ref()), (VARIABLES[1], "/nowhere/key.pem".as_ref())], "there is no such file"),
        (&[(VARIABLES[0], "a b".as_ref()), (VARIABLES[1], "key.pem".as_ref())], "the license key has a character"),
    ] {
        let output = quickstart(settings);
        let explained = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(explained.starts_with("error: ") && explained.contains(expected), "{explained}");
    }
}
