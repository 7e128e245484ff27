//! Text from outside, before it reaches a terminal that would obey it.

use std::fmt::Write as _;

use serde_json::Value;

/// In quotes, with everything escaped that does not show as itself: controls, invisible characters, changes of direction.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A path as its owner wrote it, unless it holds what does not show as itself.
pub(crate) fn path(path: &std::path::Path) -> String {
    let (text, quoted) = (path.display().to_string(), quoted(&path.to_string_lossy()));
    if quoted.trim_matches('"') == text { text } else { quoted }
}

/// JSON on one line.
pub(crate) fn json(value: &Value) -> String {
    escaped(&value.to_string())
}

/// JSON on indented lines.
pub(crate) fn json_lines(value: &Value) -> String {
    escaped(&format!("{value:#}"))
}

/// JSON escapes the ASCII controls only. What is left of others stands inside of strings, where `\u` may replace it.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        // `escape_debug` knows what does not show as itself; what it escapes besides is ASCII.
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
    fn nothing_that_a_terminal_obeys_is_left() {
        for shown in [quoted(HOSTILE), json(&json!({ HOSTILE: HOSTILE })), path(HOSTILE.as_ref())] {
            assert!(!shown.contains(|char: char| char.is_control() || !char.is_ascii()), "{shown:?}");
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = json!({"text": HOSTILE, "name": "Zoë 🦀 \"\\", "list": [1, null, "é"]});
        assert_eq!(serde_json::from_str::<Value>(&json(&value)).unwrap(), value);
        assert_eq!(serde_json::from_str::<Value>(&json_lines(&value)).unwrap(), value);
        assert!(json(&value).contains("Zoë 🦀"));
    }

    #[test]
    fn an_innocent_path_is_shown_as_it_is() {
        assert_eq!(path("/etc/cobrowse/key.pem".as_ref()), "/etc/cobrowse/key.pem");
        assert_eq!(path("a\nb".as_ref()), "\"a\\nb\"");
    }
}
