//! Reads a variable, and decodes PEM that was encoded in base64 to fit into it.

use std::env;

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use crate::{EnvError, EnvErrorKind};

/// Returns the text of a variable.
pub(crate) fn text(variable: &str) -> Result<Zeroizing<String>, EnvError> {
    let refused = |kind| EnvError::new(variable, kind);
    // Such a name is invalid, but `getenv("A=B")` can match the variable `A`.
    if variable.is_empty() || variable.contains(['=', '\0']) {
        return Err(refused(EnvErrorKind::Unset));
    }
    let value = env::var_os(variable).ok_or_else(|| refused(EnvErrorKind::Unset))?;
    let text = match value.into_string() {
        Ok(text) => Zeroizing::new(text),
        Err(bytes) => {
            drop(Zeroizing::new(bytes.into_encoded_bytes()));
            return Err(refused(EnvErrorKind::NotUnicode));
        }
    };
    if text.trim().is_empty() { Err(refused(EnvErrorKind::Empty)) } else { Ok(text) }
}

/// Returns the PEM text of a variable, decoded if it is base64. The PEM parser handles quotes and `\n`.
pub(crate) fn pem(variable: &str) -> Result<Zeroizing<Vec<u8>>, EnvError> {
    let text = text(variable)?;
    if text.contains(BEGIN) {
        return Ok(Zeroizing::new(text.as_bytes().to_vec()));
    }
    match from_base64(&text) {
        Some(pem) => Ok(pem),
        None if is_path(&text) => Err(EnvError::new(variable, EnvErrorKind::Path)),
        None => Ok(Zeroizing::new(text.as_bytes().to_vec())),
    }
}

const BEGIN: &str = "-----BEGIN ";

fn from_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim().trim_matches(['"', '\'']);
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    base64.extend(text.chars().filter(|char| !char.is_whitespace()));
    let mut pem = Zeroizing::new(vec![0; base64.len() / 4 * 3 + 3]);
    let length = Base64::decode(&*base64, &mut pem).ok()?.len();
    pem.truncate(length);
    pem.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes()).then_some(pem)
}

fn is_path(text: &str) -> bool {
    const ENDINGS: [&str; 4] = [".pem", ".key", ".p8", ".der"];
    let text = text.trim().trim_matches(['"', '\'']);
    let starts = ["/", "./", "../", "~/", "file:"].into_iter().any(|start| text.starts_with(start));
    !text.contains('\n') && text.len() < 4_096 && (starts || ENDINGS.into_iter().any(|end| text.ends_with(end)))
}
