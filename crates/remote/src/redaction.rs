/// Returns the plain words of a service's message, on one line of at most about 300 characters, for the source of a
/// [`KeyError`](cobrowse_jwt_core::KeyError). Everything else becomes `[redacted]`: services and credential providers put ARNs, account ids,
/// key names, addresses and secrets into their messages. Stops at a quotation of several words.
///
/// ```
/// use cobrowse_jwt_remote::redact;
///
/// let message = "User: arn:aws:iam::123456789012:user/jane is not authorized to perform: kms:Sign";
/// assert_eq!(redact(message), "User: [redacted] is not authorized to perform: kms:Sign");
/// ```
#[must_use]
pub fn redact(message: &str) -> String {
    const LIMIT: usize = 300;
    // The output of a credential process follows.
    let message = message.split("Stderr:").next().unwrap_or_default();
    let mut redacted = String::new();
    for word in message.split_whitespace() {
        if redacted.len() >= LIMIT {
            redacted.push('…');
            break;
        }
        let quotation = open_quotation(word);
        let shown = if quotation.is_none() && is_plain(word) { word } else { REPLACEMENT };
        if shown != REPLACEMENT || !redacted.ends_with(REPLACEMENT) {
            if !redacted.is_empty() {
                redacted.push(' ');
            }
            redacted.push_str(shown);
        }
        if quotation.is_some_and(|(mark, rest)| !is_closed(mark, rest)) {
            // Where it ends is unknown: the next mark can close it or open another one.
            break;
        }
    }
    redacted
}

const REPLACEMENT: &str = "[redacted]";
const PUNCTUATION: &[char] = &['.', ',', ':', ';', '!', '?', '(', ')'];

/// Returns the closing mark of a quotation that begins in this word, and the rest of the word after the opening mark. A single quote after
/// a letter or digit is an apostrophe.
fn open_quotation(word: &str) -> Option<(char, &str)> {
    let mut before = None;
    word.char_indices().find_map(|(at, char)| {
        let is_apostrophe = before.replace(char).is_some_and(char::is_alphanumeric);
        let mark = match char {
            '"' | '`' | '”' => char,
            '“' => '”',
            '\'' if !is_apostrophe => '\'',
            '‘' if !is_apostrophe => '’',
            _ => return None,
        };
        Some((mark, &word[at + char.len_utf8()..]))
    })
}

/// Returns whether the quotation ends in its first word, whose rest this is.
fn is_closed(mark: char, rest: &str) -> bool {
    rest.trim_end_matches(PUNCTUATION).ends_with(mark) && rest.matches(mark).count() == 1
}

/// A word of a sentence, an IAM action such as `kms:Sign`, or a constant such as `SIGN_VERIFY`. No identifier of AWS is only letters,
/// except in capitals.
fn is_plain(word: &str) -> bool {
    const LONGEST: usize = 24;
    let word = word.trim_matches(PUNCTUATION);
    let word = word.strip_prefix("kms:").unwrap_or(word);
    word.len() <= LONGEST
        && !is_key_id(word)
        && !word.eq_ignore_ascii_case("arn")
        && word.chars().all(|char| char.is_ascii_alphabetic() || matches!(char, '\'' | '’' | '-' | '_'))
}

fn is_key_id(word: &str) -> bool {
    word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_message_of_iam_keeps_its_words() {
        let message = "User: arn:aws:sts::123456789012:assumed-role/app/i-0 is not authorized to perform: kms:Sign on \
                       resource: \"arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1\" because no identity-based policy allows it.";
        assert_eq!(
            redact(message),
            "User: [redacted] is not authorized to perform: kms:Sign on resource: [redacted] because no identity-based policy \
             allows it."
        );
        assert_eq!(
            redact("key usage is ENCRYPT_DECRYPT\nwhich  is not valid."),
            "key usage is ENCRYPT_DECRYPT which is not valid."
        );
        assert_eq!(redact("Missing Region"), "Missing Region");
        assert_eq!(redact("the caller's key doesn't match"), "the caller's key doesn't match");
        assert_eq!(redact("Value 'jane' at 'keyId' is not valid"), "Value [redacted] at [redacted] is not valid");
        assert_eq!(redact("failed\nStderr: + SECRET=x"), "failed");
        assert_eq!(redact(""), "");
    }

    #[test]
    fn redact_identifiers_and_secrets_shows_none() {
        for secret in [
            "arn:aws:iam::123456789012:role/a,b",
            "arn%3Aaws%3Akms%3Aeu-central-1%3A123456789012%3Akey%2Fx",
            "ARN:AWS:KMS",
            "arn:: 111122223333",
            "123456789012",
            "1234-5678-9012",
            "1234 5678 9012",
            "AKIAIOSFODNN7EXAMPLE",
            "ASIAIOSFODNN7EXAMPLE",
            "AROADBQP57FF2AEXAMPLE",
            "AROAABCDEFGHIJKLMNOPQ",
            "AIDAJQABLZS4A3QDU576Q:session",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "wJalrXUtnFEMIKKMDENGbPxRfiCYEXAMPLEKEYab",
            "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ==",
            "alias/cobrowse",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "https://user:password@proxy.example",
            "password=hunter",
            "\"correct horse battery staple\"",
            "`correct horse`",
            "“correct horse”",
            "'correct horse'",
            "‘correct horse’",
            "('correct horse battery'):",
            "\" correct horse \"",
            "name=\"correct horse\"",
            "name=\" correct horse \"",
            "name='correct horse battery'",
            "[‘correct horse’]",
            "user=\"jane\",name=\" correct horse \"",
            "'don't' or ' correct horse '",
            "5\" or \" correct horse \"",
        ] {
            let shown = redact(&format!("cannot use {secret} now"));
            assert!(shown == "cannot use [redacted] now" || shown == "cannot use [redacted]", "{secret}: {shown}");
            for part in secret.split(|char: char| !char.is_alphanumeric()).filter(|part| part.len() > 3) {
                assert!(!shown.contains(part), "{secret}: {shown}");
            }
        }
    }

    #[test]
    fn redact_long_message_cuts_it() {
        assert!(redact(&"a ".repeat(100_000)).len() < 400);
        assert_eq!(redact(&"a".repeat(100_000)), "[redacted]");
        assert_eq!(redact(&"1 ".repeat(100_000)), "[redacted]");
    }
}
