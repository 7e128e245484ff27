//! Escapes untrusted text before it reaches a terminal.

use std::{fmt::Write as _, path::Path};

use cobrowse_jwt::{ClaimsWarning, pem::printable_path};
use serde_json::{Value, json};

/// Quotes text and escapes control characters, invisible characters and changes of direction.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Formats a path: redacted if it can be a secret, and quoted if it has characters to escape.
pub(crate) fn path(path: &Path) -> String {
    let text = printable_path(path);
    let quoted = quoted(text);
    if quoted.trim_matches('"') == text { text.to_owned() } else { quoted }
}

/// Formats JSON on one line.
pub(crate) fn json(value: &Value) -> String {
    escaped(&value.to_string())
}

/// Formats JSON on indented lines.
pub(crate) fn json_lines(value: &Value) -> String {
    escaped(&format!("{value:#}"))
}

/// Returns a warning as JSON.
pub(crate) fn warning(warning: ClaimsWarning) -> Value {
    json!({"id": warning.id(), "message": warning.to_string(), "hint": warning.hint()})
}

/// Escapes what `serde_json` leaves: DEL, and the non-ASCII characters that [`quoted`] escapes. They occur in strings only.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        if char.is_ascii() && char != '\x7f' || char.escape_debug().len() == 1 {
            escaped.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{7f}\u{200b}\u{2028}\u{e0001}";

    #[test]
    fn terminal_escapes_are_escaped() {
        let file = Path::new("./\u{202e}\u{200b}.pem");
        for shown in [quoted(HOSTILE), json(&json!({ HOSTILE: HOSTILE })), path(HOSTILE.as_ref()), path(file)] {
            assert!(!shown.contains(|char: char| char.is_control() || !char.is_ascii()), "{shown:?}");
        }
    }

    #[test]
    fn escaped_json_is_the_same_json() {
        let value = json!({"text": HOSTILE, "name": "Zoë 🦀 \"\\", "list": [1, null, "é"]});
        assert_eq!(serde_json::from_str::<Value>(&json(&value)).unwrap(), value);
        assert_eq!(serde_json::from_str::<Value>(&json_lines(&value)).unwrap(), value);
        assert!(json(&value).contains("Zoë 🦀"));
    }

    #[test]
    fn path_is_shown_or_redacted() {
        assert_eq!(path("key.pem".as_ref()), "key.pem");
        assert_eq!(path("./a b.pem".as_ref()), "./a b.pem");
        assert_eq!(path("hunter2-correct-horse".as_ref()), "<redacted>");
    }
}
