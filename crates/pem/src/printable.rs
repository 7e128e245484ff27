//! The one place that decides whether a path or a variable may be shown: people paste keys, tokens and passphrases where a name belongs.

use std::path::Path;

use cobrowse_jwt_core::is_invisible;

const REDACTED: &str = "<redacted>";

/// Returns the path for a message, or `<redacted>` if it may be a pasted secret.
///
/// A path is shown if the file or its directory exists. A file directly in `/` or `.`, or without a directory, must exist or end in
/// `.pem`, `.key` or `.json`. Text that contains PEM, the start of a JWT, 40 characters of base64, or a control or invisible character is
/// never shown.
///
/// ```
/// use cobrowse_jwt_pem::printable_path;
///
/// assert_eq!(printable_path("hunter2-correct-horse".as_ref()), "<redacted>");
/// assert_eq!(printable_path("key.pem".as_ref()), "key.pem");
/// ```
#[must_use]
pub fn printable_path(path: &Path) -> &str {
    let shown = path.to_str().filter(|text| !resembles_secret(text) && resembles_path(path));
    shown.unwrap_or(REDACTED)
}

/// Returns the name of a variable for a message, or `<redacted>` if it may be a pasted secret.
///
/// A name matches `[A-Z_][A-Z0-9_]*`, has at most 64 characters, and at most 19 between two underscores.
///
/// ```
/// use cobrowse_jwt_pem::printable_variable;
///
/// assert_eq!(printable_variable("COBROWSE_PRIVATE_KEY"), "COBROWSE_PRIVATE_KEY");
/// assert_eq!(printable_variable("AKIAIOSFODNN7EXAMPLE"), "<redacted>");
/// ```
#[must_use]
pub fn printable_variable(name: &str) -> &str {
    const MAX_LENGTH: usize = 64;
    const MAX_WORD: usize = 19;
    let is_name = (1..=MAX_LENGTH).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.split('_').all(|word| word.len() <= MAX_WORD);
    if is_name { name } else { REDACTED }
}

fn resembles_secret(text: &str) -> bool {
    const MAX_PATH: usize = 4_096;
    let is_jwt = |text: &str| text.starts_with("eyJ");
    text.len() > MAX_PATH
        || text.contains(char::is_control)
        || text.contains(|char| is_invisible(char) || is_joiner(char))
        || text.contains("-----")
        || text.split(['/', ' ']).any(|part| is_jwt(part) || is_base64(part))
}

/// A joiner is not visible either, and only some scripts need it.
fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200c}' | '\u{200d}')
}

fn is_base64(text: &str) -> bool {
    const MIN_LENGTH: usize = 40;
    let has = |condition: fn(&u8) -> bool| text.bytes().any(|byte| condition(&byte));
    // The alphabet for URLs has `-` and `_`, as file names do.
    let is_for_urls = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let is_digit = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=') || (is_for_urls && matches!(byte, b'-' | b'_'))
    };
    text.len() >= MIN_LENGTH && text.bytes().all(is_digit)
}

fn resembles_path(path: &Path) -> bool {
    const EXTENSIONS: [&str; 3] = ["pem", "key", "json"];
    let has_extension = || path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known));
    path.symlink_metadata().is_ok()
        || match path.parent() {
            // `/`, `.` and the empty path have no name, and exist whatever was pasted.
            Some(directory) if directory.file_name().is_some() => directory.is_dir(),
            _ => has_extension(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_path_with_existing_directory_or_extension_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no-extension");
        assert_eq!(printable_path(&path), path.to_str().unwrap());
        for shown in ["/key.pem", "./key.pem", "../key.key", "key.json", "Cargo.toml", "src/missing"] {
            assert_eq!(printable_path(shown.as_ref()), shown);
        }
    }

    #[test]
    fn printable_path_with_missing_directory_is_redacted() {
        for hidden in ["missing/key.pem", "missing", "./missing", "/missing", ""] {
            assert_eq!(printable_path(hidden.as_ref()), "<redacted>", "{hidden}");
        }
    }

    #[test]
    fn printable_path_in_existing_directory_with_secret_is_redacted() {
        let hex = "0123456789abcdef".repeat(3);
        for secret in [
            "-----BEGIN PRIVATE KEY-----",
            "a\nb",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            "Bearer eyJhbGciOiJSUzI1NiJ9",
            &hex,
        ] {
            assert_eq!(printable_path(&Path::new("src").join(secret)), "<redacted>", "{secret}");
        }
        assert_eq!(printable_path(&Path::new("src").join("a".repeat(5_000))), "<redacted>");
        let name = "src/support-portal-private-key-of-the-europe-account";
        assert_eq!(printable_path(name.as_ref()), name);
        let base64_for_urls = "src/q8yTQf-fHs_0bN1lw2A-Kk3Xz9Us8cKjMzEfYjiWA4R4";
        assert_eq!(printable_path(base64_for_urls.as_ref()), "<redacted>");
    }

    #[test]
    fn printable_path_that_displays_as_another_is_redacted() {
        for char in
            "\u{202e}\u{2066}\u{200f}\u{61c}\u{200b}\u{2028}\u{feff}\u{1b}\u{ad}\u{180e}\u{3164}\u{e0041}\u{200c}\u{200d}".chars()
        {
            let path = format!("src/{char}mep.yek.pem");
            assert_eq!(printable_path(path.as_ref()), "<redacted>", "{char:?}");
        }
        let decomposed = "src/cle\u{301}.pem";
        assert_eq!(printable_path(decomposed.as_ref()), decomposed);
    }

    #[test]
    fn printable_variable_shows_names_only() {
        for name in ["COBROWSE_PRIVATE_KEY", "_", "A1", "HOME"] {
            assert_eq!(printable_variable(name), name);
        }
        let forty_letters = "A".repeat(40);
        let words = "A_".repeat(40);
        for secret in ["", "1A", "a", "A-B", "A=B", "hunter2", "AKIAIOSFODNN7EXAMPLE", &forty_letters, &words] {
            assert_eq!(printable_variable(secret), "<redacted>", "{secret}");
        }
    }
}
