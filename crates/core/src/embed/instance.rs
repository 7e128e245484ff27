use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::EmbedError;
use crate::text::text_conversions;

/// The origin of Cobrowse: `https://cobrowse.io`, or that of a self-hosted instance.
///
/// ```
/// use cobrowse_jwt_core::Instance;
///
/// assert_eq!(Instance::default().origin(), "https://cobrowse.io");
/// assert!(Instance::new("https://cobrowse.example.com").is_ok());
/// assert!(Instance::new("https://cobrowse.example.com/dashboard").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Instance(String);

impl Instance {
    /// Parses an origin: https, a host and an optional port; http on a loopback host only. One final slash is ignored.
    ///
    /// The host is an ASCII name (an international name in punycode), an IPv4 address of four decimal numbers, or a bracketed IPv6
    /// address. A name whose last label is a number is refused, because browsers parse it as an IPv4 address.
    ///
    /// # Errors
    ///
    /// [`EmbedError::InvalidUrl`], [`EmbedError::InvalidHost`], [`EmbedError::InsecureScheme`] and [`EmbedError::NotAnOrigin`].
    pub fn new(origin: &str) -> Result<Self, EmbedError> {
        let (scheme, rest) = origin.split_once("://").ok_or(EmbedError::InvalidUrl)?;
        // `Uri` drops a fragment.
        if rest.contains(['#', '?', '@']) {
            return Err(EmbedError::NotAnOrigin);
        }
        let is_url_byte = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if !origin.bytes().all(is_url_byte) {
            return Err(if origin.is_ascii() { EmbedError::InvalidUrl } else { EmbedError::InvalidHost });
        }
        let uri: Uri = origin.parse().map_err(|_| EmbedError::InvalidUrl)?;
        if uri.path() != "/" {
            return Err(EmbedError::NotAnOrigin);
        }
        let authority = uri.authority().ok_or(EmbedError::InvalidUrl)?;
        let host = Host::parse(authority.host()).ok_or(EmbedError::InvalidHost)?;
        let default_port = match scheme.to_ascii_lowercase().as_str() {
            "https" => 443,
            "http" if host.is_loopback() => 80,
            _ => return Err(EmbedError::InsecureScheme),
        };
        let mut normal = format!("{}://{}", scheme.to_ascii_lowercase(), host.text);
        if let Some(port) = authority.port_u16().filter(|port| *port != default_port) {
            normal = format!("{normal}:{port}");
        }
        // Refuses an empty port, a port over 65,535, and another spelling of an address.
        let written = origin.strip_suffix('/').unwrap_or(origin);
        let written = written.strip_suffix(&format!(":{default_port}")).unwrap_or(written);
        if !written.eq_ignore_ascii_case(&normal) {
            return Err(EmbedError::NotAnOrigin);
        }
        Ok(Self(normal))
    }

    /// Returns scheme, host and port, without a final slash.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0
    }

    /// Returns the URL of the page with these segments as its path, each encoded so that it stays one segment.
    pub(super) fn page(&self, segments: &[&str]) -> String {
        /// What ends a segment or what browsers encode (WHATWG URL, path percent-encode set).
        const SEGMENT: &AsciiSet = &CONTROLS
            .add(b' ')
            .add(b'"')
            .add(b'#')
            .add(b'%')
            .add(b'/')
            .add(b'<')
            .add(b'>')
            .add(b'?')
            .add(b'[')
            .add(b'\\')
            .add(b']')
            .add(b'^')
            .add(b'`')
            .add(b'{')
            .add(b'|')
            .add(b'}');
        let mut page = self.0.clone();
        for segment in segments {
            page.push('/');
            page.extend(utf8_percent_encode(segment, SEGMENT));
        }
        page
    }
}

text_conversions!(Instance, EmbedError, origin);

impl Default for Instance {
    /// Returns `https://cobrowse.io`.
    fn default() -> Self {
        Self("https://cobrowse.io".to_owned())
    }
}

struct Host {
    /// In lower case, and an IPv6 address in its shortest form.
    text: String,
    /// `None` for a name.
    address: Option<IpAddr>,
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = address.parse().ok()?;
            return Some(Self { text: format!("[{address}]"), address: Some(address.into()) });
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self { text: text.to_owned(), address: Some(address.into()) });
        }
        let is_label_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_label_byte);
        // RFC 1035, section 2.3.4, without the final dot.
        let is_name = text.len() <= 253 && text.split('.').all(is_label) && !is_number(text.rsplit('.').next()?);
        is_name.then(|| Self { text: text.to_ascii_lowercase(), address: None })
    }

    fn is_loopback(&self) -> bool {
        self.address.map_or(self.text == "localhost", |address| address.is_loopback())
    }
}

/// Decimal, octal or hexadecimal (WHATWG URL, "ends in a number").
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    hexadecimal.map_or_else(
        || label.bytes().all(|byte| byte.is_ascii_digit()),
        |digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_with_origin_normalises_it() {
        for (text, origin) in [
            ("https://cobrowse.io", "https://cobrowse.io"),
            ("https://cobrowse.io/", "https://cobrowse.io"),
            ("https://cobrowse.io:443", "https://cobrowse.io"),
            ("https://Cobrowse.Example.com:8443", "https://cobrowse.example.com:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
            ("https://10.0.0.1", "https://10.0.0.1"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
            ("https://a_b-c.0a", "https://a_b-c.0a"),
        ] {
            assert_eq!(Instance::new(text).unwrap().origin(), origin);
        }
    }

    #[test]
    fn new_with_host_longer_than_dns_allows_returns_error() {
        let host = |labels: &[usize]| labels.iter().map(|length| "a".repeat(*length)).collect::<Vec<_>>().join(".");
        for labels in [&[63][..], &[63, 63, 63, 61]] {
            assert!(Instance::new(&format!("https://{}", host(labels))).is_ok());
        }
        for labels in [&[64][..], &[63, 63, 63, 62], &[63, 63, 63, 63, 1]] {
            assert_eq!(Instance::new(&format!("https://{}", host(labels))), Err(EmbedError::InvalidHost));
        }
    }

    #[test]
    fn new_with_anything_else_returns_error() {
        for (text, expected) in [
            ("cobrowse.io", EmbedError::InvalidUrl),
            ("", EmbedError::InvalidUrl),
            ("https://", EmbedError::InvalidUrl),
            ("https://cobrowse.io\n", EmbedError::InvalidUrl),
            ("https:\\\\cobrowse.io", EmbedError::InvalidUrl),
            ("https://*", EmbedError::InvalidHost),
            ("https://*.example.com", EmbedError::InvalidHost),
            ("https://cobrowse.io;script-src", EmbedError::InvalidHost),
            ("https://a,b", EmbedError::InvalidHost),
            ("https://a'b", EmbedError::InvalidHost),
            ("https://münchen.example", EmbedError::InvalidHost),
            ("http://cobrowse.io", EmbedError::InsecureScheme),
            ("http://localhost.evil.example", EmbedError::InsecureScheme),
            ("javascript:alert(1)", EmbedError::InvalidUrl),
            ("ftp://cobrowse.io", EmbedError::InsecureScheme),
            ("https://.", EmbedError::InvalidHost),
            ("https://a..b", EmbedError::InvalidHost),
            ("https://cobrowse.io.", EmbedError::InvalidHost),
            ("https://127.1", EmbedError::InvalidHost),
            ("https://2130706433", EmbedError::InvalidHost),
            ("https://0x7f000001", EmbedError::InvalidHost),
            ("https://0x", EmbedError::InvalidHost),
            ("https://cobrowse.0X7F", EmbedError::InvalidHost),
            ("https://1.2.3.256", EmbedError::InvalidHost),
            ("https://01.2.3.4", EmbedError::InvalidHost),
            ("http://127.0.0.1.", EmbedError::InvalidHost),
            ("https://[::1", EmbedError::InvalidUrl),
            ("https://[1.2.3.4]", EmbedError::InvalidHost),
            ("https://[0::1]", EmbedError::NotAnOrigin),
            ("https://cobrowse.io:", EmbedError::NotAnOrigin),
            ("https://cobrowse.io:99999", EmbedError::NotAnOrigin),
            ("https://cobrowse.io:0443", EmbedError::NotAnOrigin),
            ("https://cobrowse.io/dashboard", EmbedError::NotAnOrigin),
            ("https://cobrowse.io//", EmbedError::NotAnOrigin),
            ("https://cobrowse.io/a/..", EmbedError::NotAnOrigin),
            ("https:cobrowse.io", EmbedError::InvalidUrl),
            ("https:///cobrowse.io", EmbedError::InvalidUrl),
            ("https://:@cobrowse.io", EmbedError::NotAnOrigin),
            ("https://cobrowse%2eio", EmbedError::InvalidUrl),
            ("https://cobrowse.io?token=x", EmbedError::NotAnOrigin),
            ("https://cobrowse.io#x", EmbedError::NotAnOrigin),
            ("https://jane:secret@cobrowse.io", EmbedError::NotAnOrigin),
        ] {
            assert_eq!(Instance::new(text), Err(expected), "{text}");
        }
    }
}
