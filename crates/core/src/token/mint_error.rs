use crate::keys::KeyError;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// There is no key or no signature.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The source's key is not the registered one, so Cobrowse would refuse the token.
    #[error(
        "the key that would sign ({found}) is not the registered one; paste its public key into the Cobrowse dashboard under Settings > Integrations > JWT SSO, or point the key source at the registered key"
    )]
    UnregisteredKey {
        /// The thumbprint of the key that the source gave (RFC 7638).
        found: String,
    },
    /// The clock shows a time before 1970.
    #[error("the clock shows a time before 1970; set it")]
    ClockBeforeEpoch,
    /// The expiry lies beyond the year 5138, where seconds cannot be told from milliseconds.
    #[error("the token would expire after the year 5138; set the clock or shorten the lifetime")]
    TimeOutOfRange,
    /// The token would be longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("the token would have {bytes} bytes, over the limit of 65,536; make the policy smaller")]
    TooLong {
        /// The length that the token would have, in bytes.
        bytes: usize,
    },
    /// The claims could not be written as JSON.
    #[error("the claims cannot be written as JSON; look for a number that JSON cannot hold in a raw policy")]
    Json(#[source] serde_json::Error),
}

impl MintError {
    /// Whether the same call can succeed later without anybody mending anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Key(error) => error.is_transient(),
            _ => false,
        }
    }
}
