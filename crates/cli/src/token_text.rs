use std::{
    ffi::OsStr,
    io::{self, BufRead as _, IsTerminal as _, Read as _},
    path::Path,
};

use form_urlencoded::parse;
use zeroize::Zeroizing;

use crate::{failure::Failure, output, printable};

/// A token, extracted from what people paste: a token, a URL or an HTTP header.
pub(crate) struct TokenText {
    pub(crate) token: Zeroizing<String>,
    /// What was stripped, outermost first. A final line break is not listed.
    stripped: Vec<&'static str>,
}

impl TokenText {
    /// Reads the argument, or stdin if there is none or it is `-`.
    pub(crate) fn read(argument: Option<&OsStr>) -> Result<Self, Failure> {
        match argument {
            Some(argument) if argument != "-" => {
                let text = argument.to_str().ok_or_else(|| Failure::usage("the argument is not UTF-8"))?;
                if Path::new(text).is_file() {
                    return Err(expected_token(Path::new(text)));
                }
                Self::extract(text)
            }
            _ => Self::extract(&from_stdin()?),
        }
    }

    /// Lists what was stripped, if anything.
    pub(crate) fn stripped(&self) -> Option<String> {
        let (last, others) = self.stripped.split_last()?;
        Some(if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) })
    }

    /// Strips what is around the token. White space within it is left for the checks to report.
    fn extract(text: &str) -> Result<Self, Failure> {
        let mut stripped = Vec::new();
        let mut strip = |what, inner: Option<_>| inner.inspect(|_| stripped.push(what));

        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        let line = strip("a byte order mark", line.strip_prefix('\u{feff}')).unwrap_or(line);
        let line = strip("white space", trimmed(line)).unwrap_or(line);
        let line = strip("quotes", unquoted(line)).unwrap_or(line);
        let value = without_prefix(line, "authorization:").map_or(line, str::trim_start);
        let token = if let Some(token) = strip("a header", without_prefix(value, "bearer ").map(str::trim)) {
            Zeroizing::new(token.to_owned())
        } else if let Some(url) = strip("a URL", Some(line).filter(|line| is_url(line))) {
            token_parameter(url)?
        } else {
            Zeroizing::new(line.to_owned())
        };
        if token.trim().is_empty() {
            return Err(Failure::usage("token is empty").with_hint("give it on stdin"));
        }
        Ok(Self { token, stripped })
    }
}

fn expected_token(path: &Path) -> Failure {
    let path = printable::path(path);
    let hint = format!("pass the file on stdin: `< {path}`");
    Failure::usage(format!("expected a token, found the name of a file ({path})")).with_hint(hint.as_str())
}

fn trimmed(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|trimmed| trimmed.len() < text.len())
}

/// Removes one pair of quotes.
fn unquoted(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

/// Browsers copy URLs without their scheme. A token contains neither.
fn is_url(text: &str) -> bool {
    let has_scheme = ["https://", "http://"].into_iter().any(|scheme| without_prefix(text, scheme).is_some());
    has_scheme || ["?token=", "&token=", "#token="].into_iter().any(|parameter| text.contains(parameter))
}

/// Returns the parameter `token` of the query, or of the fragment, where single-page applications have a second query.
fn token_parameter(url: &str) -> Result<Zeroizing<String>, Failure> {
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
        (Some(_), Some(_)) => Err(Failure::usage("URL has more than one parameter `token`")),
        (None, _) => {
            Err(Failure::usage("URL has no parameter `token`")
                .with_hint("use the URL of the iframe, or the token alone"))
        }
    }
}

fn from_stdin() -> Result<Zeroizing<String>, Failure> {
    const LIMIT: u64 = 1024 * 1024;
    let unreadable = |error: io::Error| Failure::usage("failed to read stdin").with_source(&error);
    let mut bytes = Zeroizing::new(Vec::new());
    let stdin = io::stdin();
    let is_terminal = stdin.is_terminal();
    let mut limited = stdin.lock().take(LIMIT + 1);
    let read = if is_terminal {
        output::note(format_args!("Paste the token, or a URL with it, and press Enter:"));
        limited.read_until(b'\n', &mut bytes)
    } else {
        limited.read_to_end(&mut bytes)
    };
    if read.map_err(unreadable)? as u64 > LIMIT {
        return Err(Failure::usage("stdin is over 1 MiB"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| Failure::usage("stdin is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Ignores the case of the prefix.
fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_text_with_one_token_is_extracted() {
        for (text, token, stripped) in [
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
            let read = TokenText::extract(text).unwrap();
            assert_eq!(
                (read.token.as_str(), read.stripped().unwrap_or_default().as_str()),
                (token, stripped),
                "{text:?}"
            );
        }
    }

    #[test]
    fn pasted_text_without_one_token_is_a_usage_error() {
        for (text, message) in [
            ("https://cobrowse.io/dashboard", "no parameter `token`"),
            ("http://", "no parameter `token`"),
            ("https://x/?token=eyJ.a.b&token=eyJ.c.d", "more than one parameter `token`"),
            ("https://x/?token=eyJ.a.b#token=eyJ.a.b", "more than one parameter `token`"),
            ("x/?token=", "token is empty"),
            ("", "token is empty"),
            (" \n\n", "token is empty"),
            ("\"\"", "token is empty"),
            ("\u{feff}", "token is empty"),
        ] {
            let failure = TokenText::extract(text).err().unwrap();
            assert_eq!(failure.exit, crate::exit::Exit::Usage);
            assert!(failure.message.contains(message), "{text:?}: {failure:?}");
        }
    }
}
