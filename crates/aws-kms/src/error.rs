//! Classifies errors of the AWS SDK. The SDK's own error contains ARNs and account ids and never enters a chain.

use std::{error::Error, fmt, io};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId as _,
};
use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use cobrowse_jwt_remote::redact;
use http_body_util::LengthLimitError;

/// Classifies the error of a call. `unusable` replaces the kind for a key that is disabled, deleted or unknown.
pub(crate) fn key_error<E>(error: &SdkError<E, HttpResponse>, unusable: Option<KeyErrorKind>) -> KeyError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let details = Details::new(error);
    let (kind, message, hint) = if cause::<InsecureEndpoint>(error).is_some() {
        INSECURE
    } else if cause::<LengthLimitError>(error).is_some() {
        PROTOCOL_ERROR
    } else if let Some(credentials) = cause::<CredentialsError>(error) {
        by_credentials(credentials, &details)
    } else {
        match error {
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => by_response(&details, error),
            SdkError::ConstructionFailure(_) => NOT_CONFIGURED,
            // The SDK resolves the endpoint inside the attempt, and reports this as a message only.
            SdkError::DispatchFailure(_) if details.message.contains("Missing Region") => NOT_CONFIGURED,
            _ => UNREACHABLE,
        }
    };
    let is_unusable = matches!(details.code.as_deref(), Some("Disabled" | "NotFound" | "KMSInvalidState"));
    let kind = unusable.filter(|_| is_unusable).unwrap_or(kind);
    KeyError::new(kind, message).with_hint(hint).with_source(details)
}

/// The endpoint is plain http on another host.
#[derive(Debug, thiserror::Error)]
#[error("endpoint is not https")]
pub(crate) struct InsecureEndpoint;

/// Returns the first error of this type in the chain.
pub(crate) fn cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Kind, message, hint.
type Classification = (KeyErrorKind, &'static str, &'static str);

const UNREACHABLE: Classification = (
    KeyErrorKind::Unavailable,
    "failed to reach AWS KMS",
    "check the network between this machine and the AWS KMS endpoint",
);
const NOT_CONFIGURED: Classification = (
    KeyErrorKind::InvalidKey,
    "AWS Region or endpoint is not configured",
    "set AWS_REGION or the Region of the profile, and an endpoint that is a URL",
);
const INSECURE: Classification = (
    KeyErrorKind::InvalidKey,
    "plain http endpoint of AWS KMS refused",
    "use https, or `allow_http` for an emulator on another host",
);
const THROTTLED: Classification = (
    KeyErrorKind::Throttled,
    "AWS KMS request quota exceeded",
    "mint fewer tokens, or request a higher quota from AWS",
);
const FAILING: Classification =
    (KeyErrorKind::Unavailable, "AWS KMS internal error", "retry; see the AWS Health Dashboard if it persists");
const PROTOCOL_ERROR: Classification = (
    KeyErrorKind::InvalidResponse,
    "response does not follow the AWS KMS protocol",
    "check the endpoint and any proxy in front of it",
);

fn by_credentials(error: &CredentialsError, details: &Details) -> Classification {
    let denials = ["AccessDenied", "not authorized", "InvalidIdentityToken", "ExpiredToken"];
    let denied = denials.into_iter().any(|denial| details.message.contains(denial));
    match error {
        _ if denied => (KeyErrorKind::AccessDenied, "AWS credentials denied", "allow this process to assume its role"),
        CredentialsError::ProviderTimedOut(_) | CredentialsError::ProviderError(_) => (
            KeyErrorKind::Unavailable,
            "failed to fetch AWS credentials",
            "check the network between this machine and the credential provider",
        ),
        _ => (
            KeyErrorKind::AccessDenied,
            "no AWS credentials found",
            "give this process a role that it may assume, a profile, or the AWS_* variables",
        ),
    }
}

fn by_response(details: &Details, error: &(dyn Error + 'static)) -> Classification {
    let known = details.code.as_deref().and_then(by_code).or_else(|| by_status(details.status));
    match known {
        Some(classification) => classification,
        // The connection broke in the middle of a response.
        None if cause::<io::Error>(error).is_some() => UNREACHABLE,
        None => PROTOCOL_ERROR,
    }
}

/// Classifies by error code, without its suffix `Exception`.
fn by_code(code: &str) -> Option<Classification> {
    use KeyErrorKind::{AccessDenied, InvalidKey, NotFound};
    Some(match code {
        "Throttling" | "Throttled" | "RequestThrottled" | "RequestLimitExceeded" | "LimitExceeded" => THROTTLED,
        "AccessDenied" | "NotAuthorized" | "OptInRequired" => {
            (AccessDenied, "access to the KMS key denied", "allow kms:GetPublicKey and kms:Sign on the key")
        }
        "ExpiredToken" | "UnrecognizedClient" | "InvalidClientTokenId" | "IncompleteSignature" => {
            (AccessDenied, "AWS credentials rejected", "renew the credentials")
        }
        "InvalidSignature" | "RequestTimeTooSkewed" | "RequestExpired" => (
            AccessDenied,
            "request signature rejected by AWS",
            "set the clock of this machine, or renew the credentials",
        ),
        "NotFound" => (NotFound, "KMS key not found", "check the key id, the Region and the account"),
        "InvalidArn" | "Validation" => (NotFound, "invalid KMS key id", "check the key id, the Region and the account"),
        "Disabled" => (InvalidKey, "key is disabled", "enable the key"),
        "KMSInvalidState" => (InvalidKey, "key is not in a usable state", "check the state of the key in AWS KMS"),
        "InvalidKeyUsage" => (InvalidKey, "key is not an RSA signing key", CREATE_KEY),
        "UnsupportedOperation" => (InvalidKey, "key is symmetric and has no public key", CREATE_KEY),
        _ => return None,
    })
}

/// For every key that cannot sign RS256.
pub(crate) const CREATE_KEY: &str = "create a key with usage SIGN_VERIFY and spec RSA_2048 or larger";

fn by_status(status: Option<u16>) -> Option<Classification> {
    match status? {
        408 => Some(UNREACHABLE),
        429 => Some(THROTTLED),
        401 | 403 => {
            Some((KeyErrorKind::AccessDenied, "request rejected", "check the AWS credentials and the endpoint"))
        }
        500.. => Some(FAILING),
        _ => None,
    }
}

/// The redacted response of AWS.
#[derive(Clone, Debug)]
struct Details {
    code: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
    message: String,
}

impl Details {
    fn new<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let message = match error.as_service_error().and_then(ProvideErrorMetadata::message) {
            Some(message) => message.to_owned(),
            // The outer errors of the SDK are "dispatch failure" and the like.
            None => chain(error).last().map(ToString::to_string).unwrap_or_default(),
        };
        Self {
            code: error.code().map(|code| redact(code.strip_suffix("Exception").unwrap_or(code))),
            status: error.raw_response().map(|response| response.status().as_u16()),
            request_id: error.request_id().filter(|id| is_uuid(id)).map(str::to_owned),
            message: redact(&message),
        }
    }
}

impl Error for Details {}

impl fmt::Display for Details {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            write!(formatter, "{code}: ")?;
        }
        formatter.write_str(&self.message)?;
        if let Some(status) = self.status {
            write!(formatter, " (HTTP {status})")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(formatter, " (request {request_id})")?;
        }
        Ok(())
    }
}

/// A request id in another format can be an identifier of the account.
fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
