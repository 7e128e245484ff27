/// Why something is no instance, or no URL to embed.
///
/// No message contains the refused text: it may carry credentials or a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// Not an absolute URL.
    #[error("the instance is not a URL; write an origin such as https://cobrowse.io")]
    NotUrl,
    /// Not https, and not http on a loopback host.
    #[error("the instance is not reached by https; plain http is allowed on a loopback host only")]
    NotHttps,
    /// More than an origin.
    #[error("the instance has more than a scheme, a host and a port; remove path, query, fragment and credentials")]
    NotOrigin,
    /// Longer than [`EmbedUrl::MAX_BYTES`](crate::EmbedUrl::MAX_BYTES).
    #[error(
        "the URL has {bytes} bytes, over the 8,000 that proxies pass on; hand the token over by postMessage instead"
    )]
    TooLong {
        /// The length of the URL in bytes.
        bytes: usize,
    },
}
