use url::{Host, Url};

use super::EmbedError;

/// Where Cobrowse runs: `https://cobrowse.io`, or the https origin of a self-hosted instance.
///
/// ```
/// use cobrowse_jwt_core::Instance;
///
/// assert_eq!(Instance::default().origin(), "https://cobrowse.io");
/// assert!(Instance::new("https://cobrowse.example.com").is_ok());
/// assert!(Instance::new("https://cobrowse.example.com/dashboard").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    root: Url,
    origin: String,
}

impl Instance {
    /// Takes an origin: https, a host and perhaps a port; http only on a loopback host. One final slash is overlooked.
    ///
    /// # Errors
    ///
    /// [`EmbedError::NotUrl`], [`EmbedError::NotHostName`], [`EmbedError::NotHttps`] and [`EmbedError::NotOrigin`].
    pub fn new(origin: &str) -> Result<Self, EmbedError> {
        // The URL parser drops tabs and line breaks, and reads a backslash as a slash.
        if origin.contains(|char: char| char.is_whitespace() || char.is_control() || char == '\\') {
            return Err(EmbedError::NotUrl);
        }
        let root = Url::parse(origin).map_err(|_| EmbedError::NotUrl)?;
        // A URL may have hosts such as `*` or `a;b`, which would mean something else in a Content-Security-Policy.
        if !origin.is_ascii() || matches!(root.host(), Some(Host::Domain(name)) if !name.chars().all(is_of_a_name)) {
            return Err(EmbedError::NotHostName);
        }
        match root.scheme() {
            "https" => {}
            "http" if is_loopback(&root) => {}
            _ => return Err(EmbedError::NotHttps),
        }
        let origin_of_root = root.origin().ascii_serialization();
        // The parser mends what it reads, so what was written is compared, and not what came of it.
        let written = origin.strip_suffix('/').unwrap_or(origin);
        let written = written.strip_suffix(if root.scheme() == "https" { ":443" } else { ":80" }).unwrap_or(written);
        if !written.eq_ignore_ascii_case(&origin_of_root) {
            return Err(EmbedError::NotOrigin);
        }
        Ok(Self { root, origin: origin_of_root })
    }

    /// Scheme, host and port, without a final slash.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The page with these segments as its path, each encoded so that it stays one segment.
    #[expect(clippy::expect_used, reason = "https and http URLs have a path, and `new` takes no others")]
    pub(super) fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.root.clone();
        url.path_segments_mut().expect("a path").extend(segments);
        url
    }
}

impl Default for Instance {
    /// `https://cobrowse.io`
    #[expect(clippy::expect_used, reason = "a constant that the documentation's example proves right")]
    fn default() -> Self {
        Self::new("https://cobrowse.io").expect("an https origin")
    }
}

fn is_of_a_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_')
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_origins() {
        for (text, origin) in [
            ("https://cobrowse.io", "https://cobrowse.io"),
            ("https://cobrowse.io/", "https://cobrowse.io"),
            ("https://cobrowse.io:443", "https://cobrowse.io"),
            ("https://Cobrowse.Example.com:8443", "https://cobrowse.example.com:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ] {
            assert_eq!(Instance::new(text).unwrap().origin(), origin);
        }
    }

    #[test]
    fn refuses_the_rest() {
        for (text, expected) in [
            ("cobrowse.io", EmbedError::NotUrl),
            ("", EmbedError::NotUrl),
            ("https://", EmbedError::NotUrl),
            ("https://cobrowse.io\n", EmbedError::NotUrl),
            ("https:\\\\cobrowse.io", EmbedError::NotUrl),
            ("https://*", EmbedError::NotHostName),
            ("https://*.example.com", EmbedError::NotHostName),
            ("https://cobrowse.io;script-src", EmbedError::NotHostName),
            ("https://a,b", EmbedError::NotHostName),
            ("https://a'b", EmbedError::NotHostName),
            ("https://münchen.example", EmbedError::NotHostName),
            ("http://cobrowse.io", EmbedError::NotHttps),
            ("http://localhost.evil.example", EmbedError::NotHttps),
            ("javascript:alert(1)", EmbedError::NotHttps),
            ("https://cobrowse.io/dashboard", EmbedError::NotOrigin),
            ("https://cobrowse.io//", EmbedError::NotOrigin),
            ("https://cobrowse.io/a/..", EmbedError::NotOrigin),
            ("https:cobrowse.io", EmbedError::NotOrigin),
            ("https:///cobrowse.io", EmbedError::NotOrigin),
            ("https://:@cobrowse.io", EmbedError::NotOrigin),
            ("https://cobrowse%2eio", EmbedError::NotOrigin),
            ("https://cobrowse.io?token=x", EmbedError::NotOrigin),
            ("https://cobrowse.io#x", EmbedError::NotOrigin),
            ("https://jane:secret@cobrowse.io", EmbedError::NotOrigin),
        ] {
            assert_eq!(Instance::new(text), Err(expected), "{text}");
        }
    }
}
