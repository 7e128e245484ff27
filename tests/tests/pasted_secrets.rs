//! A secret in place of a path or a variable is never shown.

use std::{error::Error, fmt};

use cobrowse_jwt::{
    ErrorReport, KeyError,
    env::EnvKey,
    pem::{PemFile, printable_path, printable_variable},
};
use cobrowse_jwt_tests::pasted_secrets;

/// Returns what a log could contain of the error.
fn shown(error: &(impl Error + Clone + Into<KeyError>)) -> String {
    let key_error: KeyError = error.clone().into();
    let report = ErrorReport::new(&key_error);
    let causes: Vec<_> = report.causes().map(|cause| format!("{cause:?}")).collect();
    format!("{error} {error:?} {key_error:?} {report} {}", causes.join(" "))
}

#[track_caller]
fn assert_hidden(secret: &str, shown: impl fmt::Display) {
    let shown = shown.to_string();
    let characters: Vec<char> = secret.chars().collect();
    for part in characters.windows(10.min(characters.len())) {
        let part: String = part.iter().collect();
        // The hint of a text without PEM contains the first line of PEM.
        let is_public = "-----BEGIN ENCRYPTED PRIVATE KEY-----".contains(&part);
        assert!(is_public || !shown.contains(&part), "{part:?} of {secret:?} in {shown}");
    }
}

#[test]
fn open_pasted_secret_as_path_or_variable_hides_it() {
    for secret in pasted_secrets() {
        assert_eq!(printable_path(secret.as_ref()), "<redacted>", "{secret}");
        assert_eq!(printable_variable(secret), "<redacted>", "{secret}");
        assert_hidden(secret, shown(&PemFile::open_blocking(secret).unwrap_err()));
        assert_hidden(secret, format!("{:?}", PemFile::builder(secret)));
        assert_hidden(secret, shown(&EnvKey::open_blocking(secret).unwrap_err()));
        let builder = EnvKey::builder("COBROWSE_PRIVATE_KEY").passphrase_variable(secret);
        assert_hidden(secret, format!("{:?} {builder:?}", EnvKey::builder(secret)));
    }
}
