use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Returns a name from outside for a message, or `<redacted>`: people paste keys and tokens where a name belongs.
///
/// This is the only place in this crate that decides it.
pub(crate) fn printable_name(name: &str) -> String {
    /// Shorter than a line of PEM and than every token.
    const LONGEST: usize = 40;
    let is_printable = name.len() <= LONGEST && !name.contains("-----") && !name.contains(char::is_control);
    if is_printable { name } else { "<redacted>" }.to_owned()
}

/// Returns whether a character is not visible or reverses the text around it. Joiners do not count: scripts and emoji need them.
#[must_use]
pub fn is_invisible(char: char) -> bool {
    /// Letters by their category.
    const HANGUL_FILLERS: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];
    const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
    let is_separator_or_format = matches!(
        char.general_category(),
        GeneralCategory::Format | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
    );
    // U+2065 is reserved for a format character.
    HANGUL_FILLERS.contains(&char) || char == '\u{2065}' || (is_separator_or_format && !JOINERS.contains(&char))
}

/// Implements the conversions from and to text with `new(&str)` and the method that returns the text.
macro_rules! text_conversions {
    ($name:ident, $error:ty, $text:ident) => {
        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl TryFrom<&String> for $name {
            type Error = $error;

            fn try_from(text: &String) -> Result<Self, Self::Error> {
                Self::new(text.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.$text())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.$text()
            }
        }
    };
}

pub(crate) use text_conversions;

#[cfg(test)]
mod tests {
    use super::printable_name;

    #[test]
    fn printable_name_with_pasted_secret_returns_redacted() {
        for secret in [
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
            "-----BEGIN PRIVATE KEY-----",
            "user\nid",
        ] {
            assert_eq!(printable_name(secret), "<redacted>");
        }
        for name in ["", "user_id", "región", "https://cobrowse.example.com/tier"] {
            assert_eq!(printable_name(name), name);
        }
    }
}
