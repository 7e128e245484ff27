use std::path::Path;

/// Returns a path for a message, or `<redacted>`: people paste keys, tokens and passphrases where a path belongs.
///
/// A path is shown if the file exists, if its directory exists, or, without a directory, if it ends in `.pem`, `.key` or `.json`. A name of
/// 40 or more characters of base64 is never shown.
///
/// ```
/// use cobrowse_jwt_pem::printable_path;
///
/// assert_eq!(printable_path("hunter2-correct-horse".as_ref()), "<redacted>");
/// ```
#[must_use]
pub fn printable_path(path: &Path) -> &str {
    const LONGEST: usize = 4_096;
    const SHORTEST_KEY: usize = 40;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let is_path = || match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.is_dir(),
        _ => path.extension().is_some_and(|extension| ["pem", "key", "json"].iter().any(|known| extension == *known)),
    };
    let is_shown = |text: &str| {
        let name = text.rsplit('/').next().unwrap_or(text);
        let is_key = name.len() >= SHORTEST_KEY && name.bytes().all(is_base64);
        text.len() <= LONGEST
            && !is_key
            && !text.contains(char::is_control)
            && !text.contains("-----")
            && (path.symlink_metadata().is_ok() || is_path())
    };
    path.to_str().filter(|text| is_shown(text)).unwrap_or(REDACTED)
}

/// Returns the name of a variable for a message, or `<redacted>` unless it matches `[A-Z_][A-Z0-9_]*` and has at most 64 characters.
#[must_use]
pub fn printable_variable(name: &str) -> &str {
    let is_of_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_name = (1..=64).contains(&name.len())
        && name.bytes().all(is_of_name)
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_name { name } else { REDACTED }
}

const REDACTED: &str = "<redacted>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_in_existing_directory_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        assert_eq!(printable_path(&path), path.to_str().unwrap());
        assert_eq!(printable_path("/key.pem".as_ref()), "/key.pem");
        assert_eq!(printable_path("./key.pem".as_ref()), "./key.pem");
        assert_eq!(printable_path("key.pem".as_ref()), "key.pem");
        assert_eq!(printable_path("Cargo.toml".as_ref()), "Cargo.toml", "it exists");
    }

    #[test]
    fn pasted_secret_is_redacted() {
        for secret in [
            "hunter2-correct-horse",
            "-----BEGIN PRIVATE KEY-----",
            "./-----BEGIN PRIVATE KEY-----",
            "./a\nb",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
            "/q9Us8cKjMzEfYyjiWA4R4fM2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZ",
            "q8yTQf/fHs+0bN1lw2A/Kk3Xz",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            "{\"kty\":\"RSA\",\"d\":\"secret\"}",
            "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t",
            "",
        ] {
            assert_eq!(printable_path(secret.as_ref()), "<redacted>", "{secret}");
            assert_eq!(printable_variable(secret), "<redacted>", "{secret}");
        }
    }

    #[test]
    fn name_of_a_variable_is_shown() {
        for name in ["COBROWSE_PRIVATE_KEY", "_", "A1"] {
            assert_eq!(printable_variable(name), name);
        }
        for name in ["1A", "a", "A-B", "A=B", "abcdefghijklmnopqrstuvwxyzabcdefghijklmn", &"A".repeat(65)] {
            assert_eq!(printable_variable(name), "<redacted>", "{name}");
        }
    }
}
