use std::{
    ffi::OsStr,
    io::{self, IsTerminal as _, Read as _},
};

use url::Url;
use zeroize::Zeroizing;

use crate::{failure::Failure, output};

/// A token, out of what people paste: itself, a URL that carries it, or the header of a request.
pub(crate) struct TokenText {
    pub(crate) token: Zeroizing<String>,
    /// Where it stood, in words, unless it came alone.
    pub(crate) wrapping: Option<&'static str>,
}

impl TokenText {
    /// The given word, or stdin if there is none or it is `-`.
    pub(crate) fn read(argument: Option<&OsStr>) -> Result<Self, Failure> {
        match argument {
            Some(argument) if argument != "-" => Self::unwrap(&argument.to_string_lossy()),
            _ => Self::unwrap(&from_stdin()?),
        }
    }

    fn unwrap(text: &str) -> Result<Self, Failure> {
        let trimmed = text.trim();
        if starts_with(trimmed, "https://") || starts_with(trimmed, "http://") {
            let url = Url::parse(trimmed).map_err(|_| Failure::usage("this is no URL; paste it whole"))?;
            let token = url.query_pairs().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
            let token = token.ok_or_else(|| {
                Failure::usage("the URL has no parameter `token`; paste the URL of the frame, or the token itself")
            })?;
            return Ok(Self { token: Zeroizing::new(token), wrapping: Some("a URL") });
        }
        let value = without_start(trimmed, "authorization:").map_or(trimmed, str::trim_start);
        match without_start(value, "bearer ") {
            Some(token) => Ok(Self { token: Zeroizing::new(token.trim().to_owned()), wrapping: Some("a header") }),
            None => Ok(Self { token: Zeroizing::new(text.to_owned()), wrapping: None }),
        }
    }
}

/// Without the line break at its end, which `echo` and the Enter key add. What else is wrong with it the rules say.
fn from_stdin() -> Result<Zeroizing<String>, Failure> {
    const LIMIT: u64 = 1024 * 1024;
    let unreadable = |error: io::Error| Failure::usage("stdin cannot be read; give the token there").because(&error);
    let mut bytes = Zeroizing::new(Vec::new());
    let stdin = io::stdin();
    if stdin.is_terminal() {
        output::note(format_args!("paste the token, or a URL with it, and press Enter:"));
        let mut line = Zeroizing::new(String::new());
        stdin.read_line(&mut line).map_err(unreadable)?;
        bytes.extend_from_slice(line.as_bytes());
    } else {
        stdin.take(LIMIT).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.trim().is_empty() {
        return Err(Failure::usage("there is no token; give it as an argument or on stdin"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

fn starts_with(text: &str, start: &str) -> bool {
    without_start(text, start).is_some()
}

fn without_start<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_what_people_paste() {
        for (text, token, wrapping) in [
            ("eyJ.a.b", "eyJ.a.b", None),
            (" eyJ.a.b", " eyJ.a.b", None),
            ("https://cobrowse.io/dashboard?token=eyJ.a.b", "eyJ.a.b", Some("a URL")),
            ("HTTPS://x.example/code?lng=de&token=eyJ.a%2Eb&end_action=none#x\n", "eyJ.a.b", Some("a URL")),
            ("Authorization: Bearer eyJ.a.b", "eyJ.a.b", Some("a header")),
            ("authorization:bearer  eyJ.a.b ", "eyJ.a.b", Some("a header")),
            ("Bearer eyJ.a.b", "eyJ.a.b", Some("a header")),
            ("Bearer", "Bearer", None),
            ("é", "é", None),
        ] {
            let read = TokenText::unwrap(text).unwrap();
            assert_eq!((read.token.as_str(), read.wrapping), (token, wrapping), "{text}");
        }
        for text in ["https://cobrowse.io/dashboard", "http://", "https://x/#token=eyJ"] {
            assert_eq!(TokenText::unwrap(text).err().unwrap().exit(), crate::exit::Exit::Usage);
        }
    }
}
