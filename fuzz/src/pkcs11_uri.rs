use std::path::Path;

use cobrowse_jwt::{KeyError, pkcs11::Pkcs11Key};
use percent_encoding::percent_decode_str;

use crate::errors;

/// Input: a `pkcs11:` URI. Property: an error does not depend on the PIN, a key has the absolute path of a module, and `Debug` shows
/// nothing of the URI.
pub fn pkcs11_uri(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match build(text) {
        Ok(debug) => {
            let path = query(text).find_map(|attribute| attribute.strip_prefix("module-path=")).expect("a module");
            let path = percent_decode_str(path).decode_utf8().expect("valid UTF-8");
            assert!(Path::new(path.as_ref()).is_absolute(), "{text}");
            assert!(!query(text).any(|attribute| attribute.starts_with("pin-value=")), "{text}");
            assert_eq!(debug, build("pkcs11:?module-path=/m").expect("valid URI"));
        }
        Err(error) => {
            errors::check(&error);
            let other = build(&with_other_pin(text)).expect_err("the PIN is not the reason");
            assert_eq!(format!("{error:?} {error}"), format!("{other:?} {other}"));
        }
    }
}

/// Returns the `Debug` of the builder and the key.
fn build(uri: &str) -> Result<String, KeyError> {
    let builder = Pkcs11Key::builder_from_uri(uri)?;
    let debug = format!("{builder:?}");
    Ok(format!("{debug} {:?}", builder.build()?))
}

fn query(uri: &str) -> impl Iterator<Item = &str> {
    uri.split_once('?').map_or("", |(_, query)| query).split('&')
}

fn with_other_pin(uri: &str) -> String {
    let path = uri.split('?').next().unwrap_or_default();
    let query = query(uri).map(|attribute| if attribute.starts_with("pin-value=") { "pin-value=0" } else { attribute });
    format!("{path}?{}", query.collect::<Vec<_>>().join("&"))
}
