/// Why something is no instance, or no URL to embed.
///
/// No message contains the refused text: it may carry credentials or a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// Not an absolute URL.
    #[error("the instance is not a URL; write an origin such as https://cobrowse.io")]
    NotUrl,
    /// The host is neither a name of DNS nor an IP address.
    #[error(
        "the instance's host is no host name; use letters, digits, dots and hyphens, and write an international name as xn--..."
    )]
    NotHostName,
    /// Not https, and not http on a loopback host.
    #[error("the instance is not reached by https; plain http is allowed on a loopback host only")]
    NotHttps,
    /// More than an origin.
    #[error("the instance has more than a scheme, a host and a port; remove path, query, fragment and credentials")]
    NotOrigin,
    /// An id that is empty, `.` or `..`, or contains a control character.
    #[error("the id cannot stand in a path; pass the id of a session or device as Cobrowse gave it")]
    PathId,
    /// The name of a filter is empty or contains a bracket, which servers read as nesting.
    #[error("the filter's name is empty or contains [ or ]; name one key of the customer data")]
    FilterName,
    /// Two filters of one name.
    #[error("the filter's name is taken already; give each key of the customer data one value")]
    DuplicateFilter,
    /// A control character in a filter.
    #[error("the filter contains a control character; remove line breaks, tabs and the like")]
    ControlCharacter,
    /// Not a language tag.
    #[error("the language is not a tag of RFC 5646; write one such as de or pt-BR")]
    LanguageTag,
    /// Longer than [`EmbedUrl::MAX_BYTES`](crate::EmbedUrl::MAX_BYTES).
    #[error(
        "the URL has {bytes} bytes, over the 8,000 that proxies pass on; filter by less, or hand the token over by postMessage"
    )]
    TooLong {
        /// The length of the URL in bytes.
        bytes: usize,
    },
}
