//! PKCS#11 URIs (RFC 7512).

use std::path::PathBuf;

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use percent_encoding::percent_decode_str;

use crate::{
    names::{KeyName, TokenName},
    pin::Pin,
};

/// What a URI contains.
pub(crate) struct Pkcs11Uri {
    pub(crate) module: PathBuf,
    pub(crate) token: TokenName,
    pub(crate) key: KeyName,
    pub(crate) pin: Option<Pin>,
}

pub(crate) fn parse(uri: &str) -> Result<Pkcs11Uri, KeyError> {
    let (scheme, rest) = uri.split_once(':').ok_or_else(|| invalid("not a pkcs11: URI"))?;
    if !scheme.eq_ignore_ascii_case("pkcs11") {
        return Err(invalid("not a pkcs11: URI"));
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (mut token, mut key, mut pin, mut module) = (TokenName::default(), KeyName::default(), None, None);
    for attribute in path.split(';').filter(|attribute| !attribute.is_empty()) {
        let (name, value) = split(attribute)?;
        match name {
            "token" => set(&mut token.label, text(value)?)?,
            "serial" => set(&mut token.serial, text(value)?)?,
            "manufacturer" => set(&mut token.manufacturer, text(value)?)?,
            "model" => set(&mut token.model, text(value)?)?,
            "slot-id" => {
                let id = value.parse().map_err(|_| invalid("slot-id in pkcs11: URI is not a number"))?;
                set(&mut token.slot_id, id)?;
            }
            "object" => set(&mut key.label, text(value)?)?,
            "id" => set(&mut key.id, percent_decode_str(value).collect())?,
            "type" if value == "private" => {}
            "type" => return Err(invalid("type in pkcs11: URI is not private")),
            _ => return Err(invalid("unsupported attribute in pkcs11: URI")),
        }
    }
    for attribute in query.split('&').filter(|attribute| !attribute.is_empty()) {
        let (name, value) = split(attribute)?;
        match name {
            "module-path" => set(&mut module, PathBuf::from(text(value)?))?,
            "pin-source" => set(&mut pin, pin_source(&text(value)?)?)?,
            "pin-value" => return Err(invalid("pkcs11: URI contains a PIN")),
            "module-name" => return Err(invalid("pkcs11: URI has module-name instead of module-path")),
            _ => return Err(invalid("unsupported attribute in pkcs11: URI")),
        }
    }
    let module = module.ok_or_else(|| invalid("pkcs11: URI has no module-path"))?;
    Ok(Pkcs11Uri { module, token, key, pin })
}

/// A file or a variable. RFC 7512 permits commands too, which a configuration must not run.
fn pin_source(source: &str) -> Result<Pin, KeyError> {
    let file = source.strip_prefix("file:").unwrap_or(source);
    let file = file.strip_prefix("//localhost").or_else(|| file.strip_prefix("//")).unwrap_or(file);
    match source.strip_prefix("env:") {
        Some(variable) if !variable.is_empty() => Ok(Pin::from_variable(variable)),
        None if file.starts_with('/') || PathBuf::from(file).is_absolute() => Ok(Pin::from_file(file)),
        _ => Err(invalid("pin-source in pkcs11: URI is not an absolute path or a variable")),
    }
}

fn split(attribute: &str) -> Result<(&str, &str), KeyError> {
    attribute.split_once('=').ok_or_else(|| invalid("attribute in pkcs11: URI has no value"))
}

fn text(value: &str) -> Result<String, KeyError> {
    let text = percent_decode_str(value).decode_utf8().map_err(|_| invalid("pkcs11: URI is not UTF-8"))?;
    if text.contains('\0') { Err(invalid("pkcs11: URI contains NUL")) } else { Ok(text.into_owned()) }
}

fn set<T>(place: &mut Option<T>, value: T) -> Result<(), KeyError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(invalid("duplicate attribute in pkcs11: URI")),
    }
}

fn invalid(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::NotFound, message)
        .with_hint("use pkcs11:token=T;object=K?module-path=/path/to/module.so&pin-source=file:/path/to/pin")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn parse_returns_every_part() {
        let uri = "pkcs11:model=SoftHSM%20v2;manufacturer=M;serial=01ab;token=My%20token;slot-id=7;id=%01%FFx;object=k%3B1;type=private?module-path=/usr/lib/m.so&pin-source=file:/etc/pin";
        let Pkcs11Uri { module, token, key, pin } = parse(uri).unwrap();
        assert_eq!(module, Path::new("/usr/lib/m.so"));
        let text = |text: &str| Some(text.to_owned());
        let expected = TokenName {
            label: text("My token"),
            serial: text("01ab"),
            manufacturer: text("M"),
            model: text("SoftHSM v2"),
            slot_id: Some(7),
        };
        assert!(token == expected);
        assert!(key == KeyName { label: text("k;1"), id: Some(vec![1, 0xff, b'x']) });
        assert!(pin.is_some());
    }

    #[test]
    fn pin_source_is_a_file_or_a_variable() {
        for source in ["file:/p", "file:///p", "file://localhost/p", "/p", "env:PIN"] {
            assert!(parse(&format!("pkcs11:?module-path=/m&pin-source={source}")).unwrap().pin.is_some());
        }
        for source in ["%7Ccat%20/p", "file:p", "p", "file://host/p", "env:", "http://x/p", ""] {
            let error = parse(&format!("pkcs11:?module-path=/m&pin-source={source}")).err().unwrap();
            assert_eq!(
                error.to_string(),
                "pin-source in pkcs11: URI is not an absolute path or a variable",
                "{source}"
            );
        }
    }

    #[test]
    fn parse_of_invalid_uri_returns_error_without_the_text() {
        for (uri, message) in [
            ("secret", "not a pkcs11: URI"),
            ("file:secret", "not a pkcs11: URI"),
            ("pkcs11:token=secret", "pkcs11: URI has no module-path"),
            ("pkcs11:token=a;token=secret?module-path=/m", "duplicate attribute in pkcs11: URI"),
            ("pkcs11:secret?module-path=/m", "attribute in pkcs11: URI has no value"),
            ("pkcs11:secret=x?module-path=/m", "unsupported attribute in pkcs11: URI"),
            ("pkcs11:slot-id=secret?module-path=/m", "slot-id in pkcs11: URI is not a number"),
            ("pkcs11:type=secret?module-path=/m", "type in pkcs11: URI is not private"),
            ("pkcs11:token=%ff?module-path=/m", "pkcs11: URI is not UTF-8"),
            ("pkcs11:token=a%00?module-path=/m", "pkcs11: URI contains NUL"),
            ("pkcs11:token=a?module-path=/m&pin-value=secret", "pkcs11: URI contains a PIN"),
            ("pkcs11:token=a?module-name=secret", "pkcs11: URI has module-name instead of module-path"),
        ] {
            let error = parse(uri).err().unwrap();
            assert_eq!(error.to_string(), message, "{uri}");
            assert!(!format!("{error:?}").contains("secret"));
        }
    }
}
