use std::{
    ffi::OsStr,
    io::{self, BufRead as _, IsTerminal as _, Read as _},
};

use form_urlencoded::parse;
use zeroize::Zeroizing;

use crate::{failure::Failure, output};

/// A token, out of what people paste: itself, a URL that carries it, or the header of a request.
pub(crate) struct TokenText {
    pub(crate) token: Zeroizing<String>,
    /// What was taken off it, outermost first. The line break that `echo` and the Enter key add is nothing to speak of.
    wrapping: Vec<&'static str>,
}

impl TokenText {
    /// The given word, or stdin if there is none or it is `-`.
    pub(crate) fn read(argument: Option<&OsStr>) -> Result<Self, Failure> {
        match argument {
            Some(argument) if argument != "-" => {
                let text = argument.to_str();
                Self::unwrap(text.ok_or_else(|| Failure::usage("the argument is not UTF-8 text; give a token"))?)
            }
            _ => Self::unwrap(&from_stdin()?),
        }
    }

    /// Where the token stood, in words, unless it came alone.
    pub(crate) fn wrapping(&self) -> Option<String> {
        let (last, others) = self.wrapping.split_last()?;
        Some(if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) })
    }

    /// Only what stands around the token is taken off. What is wrong within, the rules say.
    fn unwrap(text: &str) -> Result<Self, Failure> {
        let mut wrapping = Vec::new();
        let mut peel = |what, inner: Option<_>| inner.inspect(|_| wrapping.push(what));

        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        let line = peel("a byte order mark", line.strip_prefix('\u{feff}')).unwrap_or(line);
        let line = peel("white space", trimmed(line)).unwrap_or(line);
        let line = peel("quotes", unquoted(line)).unwrap_or(line);
        let value = without_start(line, "authorization:").map_or(line, str::trim_start);
        let token = if let Some(token) = peel("a header", without_start(value, "bearer ").map(str::trim)) {
            Zeroizing::new(token.to_owned())
        } else if let Some(url) = peel("a URL", Some(line).filter(|line| is_url(line))) {
            token_of(url)?
        } else {
            Zeroizing::new(line.to_owned())
        };
        if token.trim().is_empty() {
            return Err(Failure::usage("there is no token; give it as an argument or on stdin"));
        }
        Ok(Self { token, wrapping })
    }
}

fn trimmed(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|trimmed| trimmed.len() < text.len())
}

/// One pair of them.
fn unquoted(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

/// Browsers show URLs without their scheme, and people copy them so. No token has one of these signs.
fn is_url(text: &str) -> bool {
    let starts = ["https://", "http://"].into_iter().any(|scheme| without_start(text, scheme).is_some());
    starts || ["?token=", "&token=", "#token="].into_iter().any(|parameter| text.contains(parameter))
}

/// The parameter `token`, of the query or of the fragment, which single-page applications write as another query.
fn token_of(url: &str) -> Result<Zeroizing<String>, Failure> {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let fragment = fragment.split_once('?').map_or(fragment, |(_, query)| query);
    let mut tokens = [query, fragment]
        .into_iter()
        .flat_map(|pairs| parse(pairs.as_bytes()))
        .filter(|(name, _)| name == "token")
        .map(|(_, token)| Zeroizing::new(token.into_owned()));
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => Ok(token),
        (Some(_), Some(_)) => {
            Err(Failure::usage("the URL has more than one parameter `token`; paste the one you mean"))
        }
        (None, _) => {
            Err(Failure::usage("the URL has no parameter `token`; paste the URL of the frame, or the token itself"))
        }
    }
}

fn from_stdin() -> Result<Zeroizing<String>, Failure> {
    const LIMIT: u64 = 1024 * 1024;
    let unreadable = |error: io::Error| Failure::usage("stdin cannot be read; give the token there").because(&error);
    let mut bytes = Zeroizing::new(Vec::new());
    let stdin = io::stdin();
    let is_terminal = stdin.is_terminal();
    let mut limited = stdin.lock().take(LIMIT + 1);
    let read = if is_terminal {
        output::note(format_args!("paste the token, or a URL with it, and press Enter:"));
        limited.read_until(b'\n', &mut bytes)
    } else {
        limited.read_to_end(&mut bytes)
    };
    if read.map_err(unreadable)? as u64 > LIMIT {
        return Err(Failure::usage("stdin is over 1 MiB, which no token is; give the token alone"));
    }
    let text = str::from_utf8(&bytes);
    let text =
        text.map_err(|_| Failure::usage("stdin is not UTF-8 text, which every token is; give the token alone"))?;
    Ok(Zeroizing::new(text.to_owned()))
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
            ("eyJ.a.b", "eyJ.a.b", ""),
            ("eyJ.a.b\n", "eyJ.a.b", ""),
            ("eyJ.a.b\r\n", "eyJ.a.b", ""),
            ("eyJ.a.b\n\n", "eyJ.a.b", "white space"),
            (" eyJ.a.b\t\r\n", "eyJ.a.b", "white space"),
            ("eyJ. a.\nb", "eyJ. a.\nb", ""),
            ("\u{feff}eyJ.a.b", "eyJ.a.b", "a byte order mark"),
            ("\"eyJ.a.b\"", "eyJ.a.b", "quotes"),
            ("'eyJ.a.b'\n", "eyJ.a.b", "quotes"),
            ("\"\"eyJ.a.b\"\"", "\"eyJ.a.b\"", "quotes"),
            ("\"eyJ.a.b'", "\"eyJ.a.b'", ""),
            ("\"eyJ.a.b", "\"eyJ.a.b", ""),
            ("https://cobrowse.io/dashboard?token=eyJ.a.b", "eyJ.a.b", "a URL"),
            ("cobrowse.io/dashboard?token=eyJ.a.b", "eyJ.a.b", "a URL"),
            ("localhost:3000/connect?lng=de&token=eyJ.a.b#x", "eyJ.a.b", "a URL"),
            ("https://x.example/#token=eyJ.a.b", "eyJ.a.b", "a URL"),
            ("https://x.example/?a=1#/connect?token=eyJ.a.b", "eyJ.a.b", "a URL"),
            ("#token=eyJ.a.b&b=1", "eyJ.a.b", "a URL"),
            ("HTTPS://x.example/code?lng=de&token=eyJ.a%2Eb&end_action=none#x\n", "eyJ.a.b", "a URL"),
            ("https://x.example/?token=eyJ.a\n.b", "eyJ.a\n.b", "a URL"),
            (
                "\u{feff} 'https://x.example/?token=eyJ.a.b'\n\n",
                "eyJ.a.b",
                "a byte order mark, white space, quotes and a URL",
            ),
            ("Authorization: Bearer eyJ.a.b", "eyJ.a.b", "a header"),
            ("'authorization:bearer  eyJ.a.b'", "eyJ.a.b", "quotes and a header"),
            ("Bearer eyJ.a.b", "eyJ.a.b", "a header"),
            ("Bearer", "Bearer", ""),
            ("é", "é", ""),
            ("'", "'", ""),
        ] {
            let read = TokenText::unwrap(text).unwrap();
            assert_eq!(
                (read.token.as_str(), read.wrapping().unwrap_or_default().as_str()),
                (token, wrapping),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_has_no_one_token_is_wrong_usage() {
        for (text, named) in [
            ("https://cobrowse.io/dashboard", "no parameter `token`"),
            ("http://", "no parameter `token`"),
            ("https://x/?token=eyJ.a.b&token=eyJ.c.d", "more than one parameter `token`"),
            ("https://x/?token=eyJ.a.b#token=eyJ.a.b", "more than one parameter `token`"),
            ("x/?token=", "there is no token"),
            ("", "there is no token"),
            (" \n\n", "there is no token"),
            ("\"\"", "there is no token"),
            ("\u{feff}", "there is no token"),
        ] {
            let failure = TokenText::unwrap(text).err().unwrap();
            assert_eq!(failure.exit(), crate::exit::Exit::Usage);
            assert!(failure.message().contains(named), "{text:?}: {failure:?}");
        }
    }
}
