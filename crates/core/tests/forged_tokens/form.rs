//! Texts that other libraries read as a token: segments, base64url, whitespace, Unicode and sizes.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use crate::{
    Attack,
    expected::{FORM, HEADER as NOT_AN_OBJECT, SIGNATURE, SIZE},
    forge::{CLAIMS, HEADER, account},
};

pub(crate) fn attacks() -> Vec<Attack> {
    let token = account(HEADER, CLAIMS);
    [segments(&token), encoding(&token), whitespace(&token), sizes(&token)].concat()
}

fn segments(token: &str) -> Vec<Attack> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{} parts", parts.len()) };
    let flattened = format!(r#"{{"payload":"{claims}","protected":"{header}","signature":"{signature}"}}"#);
    let general =
        format!(r#"{{"payload":"{claims}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#);
    vec![
        ("no text", String::new(), FORM),
        ("one dot", ".".into(), FORM),
        ("two dots", "..".into(), NOT_AN_OBJECT),
        ("three dots", "...".into(), FORM),
        ("one part", header.into(), FORM),
        ("two parts", format!("{header}.{claims}"), FORM),
        ("a final dot", format!("{token}."), FORM),
        ("a first dot", format!(".{token}"), FORM),
        ("four parts", format!("{token}.{signature}"), FORM),
        ("five parts, as of a JWE", format!("{token}.{claims}.{signature}"), FORM),
        ("two tokens", format!("{token}.{token}"), FORM),
        ("two tokens with a comma", format!("{token},{token}"), FORM),
        ("two tokens with a tilde, as of an SD-JWT", format!("{token}~"), FORM),
        ("a detached payload", format!("{header}..{signature}"), SIGNATURE),
        ("no header", format!(".{claims}.{signature}"), NOT_AN_OBJECT),
        ("claims before the header", format!("{claims}.{header}.{signature}"), "unsupported-algorithm alg"),
        ("signature before the claims", format!("{header}.{signature}.{claims}"), SIGNATURE),
        ("the flattened JSON serialization", flattened, FORM),
        ("the general JSON serialization", general, FORM),
        ("an unencoded payload", format!("{header}.{CLAIMS}.{signature}"), FORM),
        ("a Bearer prefix", format!("Bearer{token}"), FORM),
        ("double quotes", format!("\"{token}\""), FORM),
        ("a token in a query", format!("token={token}"), FORM),
        ("a token in base64url", URL_SAFE_NO_PAD.encode(token), FORM),
    ]
}

fn encoding(token: &str) -> Vec<Attack> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{} parts", parts.len()) };
    // One byte more than a multiple of three leaves four unused bits.
    let odd = account(r#"{"typ":"JWT","alg":"RS256","kid":"1"}"#, CLAIMS);
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let standard = STANDARD.encode(bytes);
    vec![
        ("a padded signature", format!("{token}=="), FORM),
        ("a padded header", format!("{header}=.{claims}.{signature}"), FORM),
        ("padded claims", format!("{header}.{claims}=.{signature}"), FORM),
        ("a signature in standard base64", format!("{header}.{claims}.{}", standard.trim_end_matches('=')), FORM),
        ("a signature in padded standard base64", format!("{header}.{claims}.{standard}"), FORM),
        ("a signature in hexadecimal", format!("{header}.{claims}.{hex}"), SIGNATURE),
        ("a signature with unused bits", format!("{}{}", &token[..token.len() - 1], next(token)), FORM),
        ("a header with unused bits", unused_bits(&odd), FORM),
        ("a percent-encoded dot", token.replacen('.', "%2E", 1), FORM),
        ("percent-encoded padding", format!("{token}%3D"), FORM),
        ("a full-width dot", token.replacen('.', "．", 1), FORM),
        ("an ideographic full stop", token.replacen('.', "。", 1), FORM),
        ("a one-dot leader", token.replacen('.', "\u{2024}", 1), FORM),
        ("a full-width letter", token.replacen('e', "ｅ", 1), FORM),
        ("a Cyrillic letter", token.replacen('e', "е", 1), FORM),
        ("a combining mark", format!("{token}\u{301}"), FORM),
        ("an asterisk", token.replacen('e', "*", 1), FORM),
        ("a plus sign", token.replacen('e', "+", 1), FORM),
        ("a backslash", token.replacen('e', "\\", 1), FORM),
    ]
}

fn whitespace(token: &str) -> Vec<Attack> {
    let (first, second) = token.split_at(token.len() / 2);
    vec![
        ("a space before", format!(" {token}"), FORM),
        ("a space after", format!("{token} "), FORM),
        ("a line break after", format!("{token}\n"), FORM),
        ("CRLF after", format!("{token}\r\n"), FORM),
        ("a tab inside", format!("{first}\t{second}"), FORM),
        ("a line break inside", format!("{first}\n{second}"), FORM),
        ("a space before the dot", token.replacen('.', " .", 1), FORM),
        ("a space after the dot", token.replacen('.', ". ", 1), FORM),
        ("a no-break space after", format!("{token}\u{a0}"), FORM),
        ("a line separator after", format!("{token}\u{2028}"), FORM),
        ("a zero-width space inside", format!("{first}\u{200b}{second}"), FORM),
        ("a zero-width joiner after", format!("{token}\u{200d}"), FORM),
        ("a byte order mark before", format!("\u{feff}{token}"), FORM),
        ("a soft hyphen inside", format!("{first}\u{ad}{second}"), FORM),
        ("a bidirectional override inside", format!("{first}\u{202e}{second}"), FORM),
        ("a variation selector after", format!("{token}\u{fe0f}"), FORM),
        ("a NUL after", format!("{token}\0"), FORM),
        ("a NUL inside", format!("{first}\0{second}"), FORM),
        ("a delete character after", format!("{token}\u{7f}"), FORM),
        ("a header line after", format!("{token}\r\nX-Role: administrator"), FORM),
    ]
}

fn sizes(token: &str) -> Vec<Attack> {
    const LIMIT: usize = cobrowse_jwt_core::MAX_TOKEN_BYTES;
    let filled = |bytes: usize| format!("{token}{}", "A".repeat(bytes - token.len()));
    vec![
        ("65,536 bytes, most of them signature", filled(LIMIT), SIGNATURE),
        ("65,537 bytes", filled(LIMIT + 1), SIZE),
        ("1,000,000 bytes", filled(1_000_000), SIZE),
        ("1,000,000 dots", ".".repeat(1_000_000), SIZE),
        ("65,536 dots", ".".repeat(LIMIT), FORM),
        ("1,000,000 spaces", " ".repeat(1_000_000), SIZE),
        ("16,000 characters of four bytes", "🦀".repeat(16_000), FORM),
        ("a valid token after 65,000 spaces", format!("{}{token}", " ".repeat(65_000)), FORM),
    ]
}

/// Changes the last character of the first segment within its unused bits.
fn unused_bits(token: &str) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    format!("{}{}.{rest}", &header[..header.len() - 1], next(header))
}

/// Returns the character after the last one in the alphabet, which is A, Q, g or w with four unused bits.
fn next(text: &str) -> char {
    let last = text.chars().last().unwrap();
    assert!(matches!(last, 'A' | 'Q' | 'g' | 'w'), "{last}");
    char::from(u8::try_from(last).unwrap() + 1)
}
