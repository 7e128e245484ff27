//! Classifies failures of calls. The same status means different things in different calls.

use std::{error::Error, fmt};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use cobrowse_jwt_remote::redact;
use http::StatusCode;

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    LogIn,
    Resolve,
    Sign,
}

/// Why a call has no usable response.
#[derive(Debug)]
pub(crate) enum CallError {
    /// No connection, or it broke.
    Connection(Details),
    /// The status is not 200.
    Status(StatusCode, Details),
    /// The body exceeds the limit.
    TooLarge,
    /// The body is not the JSON of this call.
    Malformed,
}

impl CallError {
    /// An expired token, a wrong one and a missing policy return the same response.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Status(StatusCode::FORBIDDEN, _))
    }

    pub(crate) fn classify(self, call: Call) -> KeyError {
        let ((kind, message, hint), details) = match self {
            Self::Connection(details) => (UNREACHABLE, Some(details)),
            // A lookup returns every version of the key.
            Self::TooLarge if call == Call::Resolve => (TOO_LARGE, None),
            Self::TooLarge | Self::Malformed => (PROTOCOL_ERROR, None),
            Self::Status(status, details) => (by_status(call, status.as_u16(), &details), Some(details)),
        };
        let error = KeyError::new(kind, message).with_hint(hint);
        if let Some(details) = details { error.with_source(details) } else { error }
    }
}

/// Kind, message, hint.
type Classification = (KeyErrorKind, &'static str, &'static str);

const UNREACHABLE: Classification = (
    KeyErrorKind::Unavailable,
    "failed to reach Vault",
    "check the network between this machine and Vault, and the certificate of Vault",
);
const PROTOCOL_ERROR: Classification = (
    KeyErrorKind::InvalidResponse,
    "response does not follow the Vault protocol",
    "check the address and any proxy in front of it",
);
const TOO_LARGE: Classification =
    (KeyErrorKind::InvalidResponse, "response of Vault exceeds 64 KiB", "raise min_decryption_version of the key");
const NOT_FOUND: Classification =
    (KeyErrorKind::NotFound, "Vault key not found", "check the key name, the mount path and the namespace");
/// For every key that cannot sign RS256.
pub(crate) const CREATE_KEY: &str = "create a key of type rsa-2048, rsa-3072 or rsa-4096";

fn by_status(call: Call, status: u16, details: &Details) -> Classification {
    use KeyErrorKind::{AccessDenied, InvalidKey, InvalidResponse, Superseded, Throttled, Unavailable};
    let says = |words| details.message.contains(words);
    match status {
        400 | 401 | 403 | 404 if call == Call::LogIn => (
            AccessDenied,
            "log-in rejected by Vault",
            "check the role, its credentials, and the mount path of the authentication method",
        ),
        401 | 403 => (
            AccessDenied,
            "access to the Vault key denied",
            "allow read on keys/NAME and update on sign/NAME in a policy of the token, or renew the token",
        ),
        400 if says("signing key not found") => NOT_FOUND,
        400 if says("does not support signing") => (InvalidKey, "key does not support signing", CREATE_KEY),
        404 => NOT_FOUND,
        429 => (Throttled, "Vault rate limit exceeded", "mint fewer tokens, or raise the quota in Vault"),
        472 | 473 => (Unavailable, "Vault node is a standby", "use the address of the active node or of the cluster"),
        500 if call == Call::Sign && says("is less than") => {
            (Superseded, "key version is below min_encryption_version", "lower min_encryption_version of the key")
        }
        500 if call == Call::Sign && says("is higher than") => {
            (Superseded, "Vault does not have the resolved key version", "check that all nodes are in sync")
        }
        503 if says("sealed") => (Unavailable, "Vault is sealed", "unseal Vault"),
        408 | 412 | 500.. => (Unavailable, "Vault internal error", "retry; see the server log of Vault if it persists"),
        300..400 => {
            // A standby node that cannot forward a request returns 307, for example during an election.
            let is_temporary = status == 307;
            let kind = if is_temporary { Unavailable } else { InvalidResponse };
            (kind, "response is a redirect", "use the address of the active node or of the cluster")
        }
        _ => PROTOCOL_ERROR,
    }
}

/// The plain words of a failure.
pub(crate) struct Details {
    status: Option<StatusCode>,
    /// As received, to classify the failure.
    message: String,
    /// The name of the key, which can be a plain word.
    key: String,
}

impl Details {
    pub(crate) fn response(status: StatusCode, message: String, key: &str) -> Self {
        Self { status: Some(status), message, key: key.to_owned() }
    }

    /// The outer errors of the client are "client error" and the like.
    pub(crate) fn connection(error: &(dyn Error + 'static), key: &str) -> Self {
        let innermost = std::iter::successors(Some(error), |&error| error.source()).last();
        let message = innermost.map(ToString::to_string).unwrap_or_default();
        Self { status: None, message, key: key.to_owned() }
    }
}

impl Error for Details {}

impl fmt::Display for Details {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `redact` does not show this character.
        let message = redact(&self.message.replace(&self.key, "*"));
        match (self.status, message.as_str()) {
            (None, message) => formatter.write_str(message),
            (Some(status), "") => write!(formatter, "HTTP {}", status.as_u16()),
            (Some(status), message) => write!(formatter, "{message} (HTTP {})", status.as_u16()),
        }
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Details({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_is_classified_by_its_call() {
        use KeyErrorKind::{InvalidResponse, Superseded};
        let error_500 = |message: &str| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            CallError::Status(status, Details::response(status, message.to_owned(), "key"))
        };
        let too_old = error_500("requested version for signing is less than the minimum encryption key version");
        let too_new = error_500("requested version for signing is higher than the latest key version");
        for (failure, call, kind, message) in [
            (too_old, Call::Sign, Superseded, "key version is below min_encryption_version"),
            (too_new, Call::Sign, Superseded, "Vault does not have the resolved key version"),
            (CallError::TooLarge, Call::Resolve, InvalidResponse, "response of Vault exceeds 64 KiB"),
            (CallError::TooLarge, Call::Sign, InvalidResponse, "response does not follow the Vault protocol"),
        ] {
            let error = failure.classify(call);
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
        }
    }

    #[test]
    fn details_hide_the_name_of_the_key_and_keep_other_words() {
        let details =
            |key| Details::response(StatusCode::NOT_FOUND, "signing key not found".to_owned(), key).to_string();
        assert_eq!(details("key"), "signing [redacted] not found (HTTP 404)");
        assert_eq!(details("cobrowse"), "signing key not found (HTTP 404)");
    }
}
