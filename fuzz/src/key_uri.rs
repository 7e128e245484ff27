use std::path::Path;

use cobrowse_jwt::{Instance, KeyLocation, KeyUri, LicenseKey};

use crate::errors;

/// Input: a key URI. Property: `Debug` shows only the scheme, a path is not changed, and an endpoint is https or loopback.
pub fn key_uri(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Err(error) = LicenseKey::new(text) {
        errors::check(&error);
    }
    let uri = match text.parse::<KeyUri>() {
        Ok(uri) => uri,
        Err(error) => return errors::check(&error),
    };
    let debug = format!("{uri:?} {:?}", uri.location());
    assert!(!text.contains("PRIVATE KEY") && debug.len() < 80, "{debug}");
    match uri.location() {
        KeyLocation::File(path) => {
            assert_eq!(uri.scheme(), "file");
            assert!(!path.as_os_str().is_empty());
            let is_uri = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
            assert!(is_uri || path == Path::new(text));
        }
        KeyLocation::Env(name) => assert_eq!(text.split_once(':').map(|(_, rest)| rest), Some(name.as_str())),
        KeyLocation::AwsKms { endpoint, key_id } => {
            assert!(text.ends_with(key_id.as_str()) && !key_id.is_empty());
            assert!(endpoint.as_deref().is_none_or(|endpoint| Instance::new(endpoint).is_ok()));
        }
        _ => {}
    }
}
