//! The output of the example, with file modes of Unix.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use cobrowse_jwt::{
    LicenseKey, PublicKey, Verifier,
    pem::{PemKey, RsaKeySize},
};

const VARIABLES: [&str; 2] = ["COBROWSE_LICENSE_KEY", "COBROWSE_KEY"];

fn quickstart(settings: &[(&str, &OsStr)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    let cobrowse = |(name, _): &(OsString, OsString)| name.to_string_lossy().starts_with("COBROWSE_");
    for (variable, _) in env::vars_os().filter(cobrowse) {
        command.env_remove(variable);
    }
    command.envs(settings.iter().copied()).output().unwrap()
}

/// Returns the printed token after verifying it under the printed public key.
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
fn run_without_configuration_uses_a_new_key() {
    let (first, second) = (quickstart(&[]), quickstart(&[]));
    assert_ne!(accepted_token(&first, "trial"), accepted_token(&second, "trial"));
}

#[test]
fn run_with_both_variables_uses_that_account_and_key() {
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
fn run_with_incomplete_or_invalid_configuration_prints_the_variable() {
    for (settings, expected) in [
        (&[(VARIABLES[0], "trial".as_ref())][..], "error: COBROWSE_KEY is not set"),
        (&[(VARIABLES[1], "key.pem".as_ref())], "error: COBROWSE_LICENSE_KEY is not set"),
        (&[(VARIABLES[0], "trial".as_ref()), (VARIABLES[1], "/nowhere/key.pem".as_ref())], "no such file"),
        (&[(VARIABLES[0], "a b".as_ref()), (VARIABLES[1], "key.pem".as_ref())], "error: invalid COBROWSE_LICENSE_KEY"),
    ] {
        let output = quickstart(settings);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(printed.starts_with("error: ") && printed.contains(expected), "{printed}");
    }
}
