use std::fmt;

use cobrowse_jwt_core::{Instance, KeyError, KeyErrorKind};
use http::{HeaderValue, Uri};

/// The address of a Vault server.
#[derive(Clone)]
pub(crate) struct Address {
    /// Scheme, host, port and path, without a final slash.
    url: String,
    pub(crate) is_https: bool,
}

impl Address {
    /// Refuses plain http, except to loopback, unless it is allowed.
    pub(crate) fn new(address: &str, allow_http: bool) -> Result<Self, KeyError> {
        const INVALID: (&str, &str) = ("invalid Vault address", "use https://host:port, without credentials and query");
        const INSECURE: (&str, &str) = (
            "plain http address of Vault refused",
            "use https, or `allow_http` for a server that only this machine reaches",
        );
        let refused = |(message, hint): (&'static str, &'static str)| {
            KeyError::new(KeyErrorKind::InvalidKey, message).with_hint(hint)
        };
        let uri = address.parse::<Uri>().map_err(|_| refused(INVALID))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(refused(INVALID)) };
        if address.contains(['@', '?', '#']) || !matches!(scheme, "https" | "http") {
            return Err(refused(INVALID));
        }
        let is_https = scheme == "https";
        // The rule for a Cobrowse instance: https, or http to loopback.
        let is_secure = Instance::new(&format!("{scheme}://{authority}")).is_ok();
        if !is_https && !is_secure && !allow_http {
            return Err(refused(INSECURE));
        }
        Ok(Self { url: format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/')), is_https })
    }

    /// Returns the URL of an API path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.url)
    }
}

/// A URL can contain the name of an internal host.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address(<redacted>)")
    }
}

/// Returns a path of letters, digits, `_`, `-` and `.`, with slashes between its segments: the names that Vault accepts in a path. A
/// private key or a token pasted in its place is refused before any call.
pub(crate) fn path(text: &str) -> Option<String> {
    let path = text.trim_matches('/');
    path.split('/').all(is_name).then(|| path.to_owned())
}

/// Returns whether Vault accepts the text as the name of a key: `GenericNameRegex` of its SDK.
pub(crate) fn is_name(text: &str) -> bool {
    const LONGEST: usize = 255;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    text.len() <= LONGEST
        && bytes.first().is_some_and(|&byte| is_word(byte))
        && bytes.last().is_some_and(|&byte| is_word(byte))
        && bytes.iter().all(|&byte| is_word(byte) || matches!(byte, b'-' | b'.'))
}

/// Returns the value of a header.
pub(crate) fn header(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_https_or_loopback() {
        for address in [
            "https://vault.example",
            "https://vault.example:8200/",
            "https://10.0.0.1/prefix",
            "http://127.0.0.1:8200",
            "http://localhost:8200",
            "http://[::1]:8200",
        ] {
            Address::new(address, false).unwrap();
        }
        for address in ["http://vault.example", "http://10.0.0.1:8200", "http://localhost.example"] {
            let error = Address::new(address, false).unwrap_err();
            assert_eq!(error.to_string(), "plain http address of Vault refused", "{address}");
            Address::new(address, true).unwrap();
        }
        for address in [
            "",
            "vault.example:8200",
            "/x",
            "ftp://vault.example",
            "https://user:password@vault.example",
            "https://vault.example?x",
            "https://vault.example#x",
            "https://vault example",
        ] {
            let error = Address::new(address, true).unwrap_err();
            assert_eq!(error.to_string(), "invalid Vault address", "{address}");
        }
    }

    #[test]
    fn url_keeps_the_path_of_the_address() {
        let url = |address| Address::new(address, false).unwrap().url("transit/keys/x");
        assert_eq!(url("https://vault.example:8200/"), "https://vault.example:8200/v1/transit/keys/x");
        assert_eq!(url("https://proxy.example/vault/"), "https://proxy.example/vault/v1/transit/keys/x");
    }

    #[test]
    fn path_of_other_characters_is_refused() {
        assert_eq!(path("/transit/"), Some("transit".to_owned()));
        assert_eq!(path("team-a/transit.2"), Some("team-a/transit.2".to_owned()));
        for text in
            ["", "/", "a//b", "../sys", "a/..", "a b", "a?b", "a%2fb", "-a", "a-", "é", "-----BEGIN PRIVATE KEY-----"]
        {
            assert_eq!(path(text), None, "{text}");
        }
        assert!(is_name("cobrowse") && is_name("a") && !is_name("a/b") && !is_name(&"a".repeat(256)));
    }
}
