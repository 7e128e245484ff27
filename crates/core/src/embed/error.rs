/// Reports why a text is not an instance or a URL to embed.
///
/// No message contains the refused text, which may contain credentials or a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// Not an absolute URL.
    #[error("instance is not a URL")]
    InvalidUrl,
    /// The host is neither a host name (ASCII letters, digits, dots, hyphens, underscores), nor an IPv4 address, nor a bracketed IPv6
    /// address.
    #[error("instance host is not a host name or an IP address")]
    InvalidHost,
    /// Not https, and not http on a loopback host.
    #[error("instance URL does not use https")]
    InsecureScheme,
    /// More than an origin.
    #[error("instance is not an origin")]
    NotAnOrigin,
    /// An id that is empty, `.` or `..`, or contains a control character.
    #[error("id is empty, a dot segment, or contains a control character")]
    InvalidId,
    /// The name of a filter is empty or contains a bracket, which servers parse as nesting.
    #[error("filter name is empty or contains a bracket")]
    InvalidFilterName,
    /// Two filters with one name.
    #[error("duplicate filter name")]
    DuplicateFilter,
    /// A control character in a filter.
    #[error("filter contains a control character")]
    ControlCharacter,
    /// Not a language tag (RFC 5646).
    #[error("invalid language tag")]
    InvalidLanguageTag,
    /// Longer than [`EmbedUrl::MAX_BYTES`](crate::EmbedUrl::MAX_BYTES).
    #[error("URL has {bytes} bytes, over the limit of 8,000")]
    TooLong {
        /// The length of the URL in bytes.
        bytes: usize,
    },
}

impl EmbedError {
    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::InvalidUrl => Some("use an origin such as https://cobrowse.io"),
            Self::InvalidHost => {
                Some("write an international name as xn--..., and an IPv4 address as four decimal numbers")
            }
            Self::InsecureScheme => Some("use https, or http on a loopback host"),
            Self::NotAnOrigin => Some("write scheme, host and port only, such as https://cobrowse.example.com:8443"),
            Self::InvalidId => Some("use the id of a session or device as Cobrowse returned it"),
            Self::InvalidFilterName => Some("use one key of custom_data"),
            Self::InvalidLanguageTag => Some("use a tag such as de or pt-BR"),
            Self::TooLong { .. } => Some("use fewer filters, or for_post_message"),
            Self::DuplicateFilter | Self::ControlCharacter => None,
        }
    }
}
