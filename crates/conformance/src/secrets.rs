/// Finds secrets in the output of `Debug` and in the messages of errors.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Adds a text that no output may contain. An empty text is ignored.
    pub(crate) fn push(&mut self, secret: String) {
        if !secret.is_empty() {
            self.0.push(secret);
        }
    }

    /// Returns the kind of secret that the text contains.
    pub(crate) fn find(&self, text: &str) -> Option<&'static str> {
        let kinds = [
            ("a secret of the builder", self.0.iter().any(|secret| text.contains(secret.as_str()))),
            ("a private key", text.contains("PRIVATE KEY")),
            ("an ARN", text.to_ascii_lowercase().contains("arn:")),
            ("an AWS account id", contains_account_id(text)),
            ("a token", contains_token(text)),
            ("a long run of base64 or hexadecimal digits", contains_long_run(text)),
            ("a list of bytes", contains_bytes(text)),
        ];
        kinds.into_iter().find_map(|(kind, found)| found.then_some(kind))
    }
}

/// Exactly twelve digits.
fn contains_account_id(text: &str) -> bool {
    text.split(|char: char| !char.is_alphanumeric())
        .any(|word| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The header of a JWT, which is the base64url of `{"...`, and a dot after it.
fn contains_token(text: &str) -> bool {
    text.split(|char: char| !is_base64url(char) && char != '.').any(|word| {
        word.match_indices("eyJ").any(|(start, _)| word[start..].find('.').is_some_and(|length| length >= 20))
    })
}

/// Longer than a SHA-256 digest in hexadecimal. Without slashes, which separate the names in a path.
fn contains_long_run(text: &str) -> bool {
    const LONGEST: usize = 72;
    text.split(|char: char| !is_base64url(char) && !matches!(char, '+' | '=')).any(|word| word.len() > LONGEST)
}

/// The `Debug` of a byte slice.
fn contains_bytes(text: &str) -> bool {
    const MANY: usize = 24;
    let mut count = 0;
    text.split(',').any(|item| {
        // The first item is preceded by other text, and the last is followed by some.
        let is_byte = |word: Option<&str>| word.is_some_and(|word| word.parse::<u8>().is_ok());
        let mut words = item.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        count = if is_byte(words.next()) && words.next().is_none() { count + 1 } else { 0 };
        count >= MANY
    })
}

fn is_base64url(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_with_a_secret_returns_its_kind() {
        let mut secrets = Secrets::default();
        secrets.push("hunter2".to_owned());
        secrets.push(String::new());
        let bytes = format!("Key {{ d: {:?} }}", vec![200_u8; 40]);
        let run = format!("Key({})", "aB3".repeat(30));
        for (text, kind) in [
            ("password hunter2", "a secret of the builder"),
            ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
            ("key ARN:aws:kms", "an ARN"),
            ("account \"123456789012\"", "an AWS account id"),
            ("token eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi", "a token"),
            (&run, "a long run of base64 or hexadecimal digits"),
            (&bytes, "a list of bytes"),
        ] {
            assert_eq!(secrets.find(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn find_in_usual_output_returns_none() {
        for text in [
            "RemoteKey { key: Some(PublicKey { bits: 2048, thumbprint: \"NzbLsXh8uDCcd-6MNeyJF4W_7noWXFZAfHkxZsRGC9Xs\", .. }) }",
            "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "at 0x123456789012, after 1732586316123 ms",
            "/var/lib/a-service/with/a/long/path/to/its/private/folder/and/then/some/more/key.pem",
            "versions [1, 2, 3], tried 127.0.0.1:4566",
        ] {
            assert_eq!(Secrets::default().find(text), None, "{text}");
        }
    }
}
