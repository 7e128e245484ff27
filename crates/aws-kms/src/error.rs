//! From an error of the SDK to what its reader should do, without the ARNs and account ids that AWS puts into its messages.

use std::{error::Error, fmt, io};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId as _,
};
use cobrowse_jwt_core::{KeyError, KeyErrorKind};

/// What went wrong, before it is known whether the key was being looked at or was signing.
pub(crate) struct Failure {
    pub(crate) kind: KeyErrorKind,
    pub(crate) message: &'static str,
    pub(crate) leaf: ServiceError,
    /// The key is gone: disabled, deleted or unknown.
    pub(crate) gone: bool,
}

impl Failure {
    pub(crate) fn of<E>(error: &SdkError<E, aws_sdk_kms::config::http::HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let leaf = ServiceError::of(error);
        if let Some(credentials) = cause::<CredentialsError>(error) {
            return Self::of_credentials(credentials, leaf);
        }
        let (kind, message) = match error {
            SdkError::ServiceError(_) | SdkError::ResponseError(_) if leaf.code.is_some() => by_code(&leaf),
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => by_status(&leaf, error),
            SdkError::ConstructionFailure(_) => UNADDRESSED,
            // The SDK resolves the endpoint inside of the attempt, and has no other word for this.
            SdkError::DispatchFailure(_) if leaf.message.contains("Missing Region") => UNADDRESSED,
            _ => UNREACHABLE,
        };
        let gone = matches!(
            leaf.code.as_deref(),
            Some("DisabledException" | "NotFoundException" | "KMSInvalidStateException")
        );
        Self { kind, message, leaf, gone }
    }

    pub(crate) fn of_credentials(error: &CredentialsError, leaf: ServiceError) -> Self {
        const REFUSALS: [&str; 4] = ["AccessDenied", "not authorized", "InvalidIdentityToken", "ExpiredToken"];
        let refused = REFUSALS.into_iter().any(|refusal| leaf.message.contains(refusal));
        let (kind, message) = match error {
            CredentialsError::ProviderTimedOut(_) | CredentialsError::ProviderError(_) if !refused => (
                KeyErrorKind::Unavailable,
                "the AWS credentials cannot be fetched now; try again, and check the way to their provider",
            ),
            _ => (
                KeyErrorKind::AccessDenied,
                "there are no AWS credentials to be had; give this process a role that it may take, a profile or the AWS_* variables",
            ),
        };
        Self { kind, message, leaf, gone: false }
    }
}

impl From<Failure> for KeyError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind, failure.message).with_source(failure.leaf)
    }
}

type Advice = (KeyErrorKind, &'static str);

const UNREACHABLE: Advice = (
    KeyErrorKind::Unavailable,
    "AWS KMS cannot be reached or does not answer in time; try again, and check the network to its endpoint",
);
const UNADDRESSED: Advice = (
    KeyErrorKind::InvalidKey,
    "the request to AWS KMS cannot be built; set a Region (AWS_REGION, or in the profile) and an endpoint that is a URL",
);
const THROTTLED: Advice = (
    KeyErrorKind::Throttled,
    "AWS KMS throttles this account; try again later, and mint fewer tokens or raise the quota",
);
const FAILING: Advice = (KeyErrorKind::Unavailable, "AWS KMS fails for the moment; try again");
const GARBLED: Advice = (
    KeyErrorKind::InvalidResponse,
    "what answers does not speak the protocol of AWS KMS; check the endpoint and any proxy before it",
);

fn by_code(leaf: &ServiceError) -> Advice {
    match leaf.code.as_deref().unwrap_or_default() {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "SlowDown" => THROTTLED,
        "AccessDeniedException" | "AccessDenied" | "NotAuthorized" | "OptInRequired" => (
            KeyErrorKind::AccessDenied,
            "AWS denies the use of the key; allow kms:GetPublicKey and kms:Sign on it to this process's role",
        ),
        "ExpiredTokenException"
        | "ExpiredToken"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "SignatureDoesNotMatch" => (KeyErrorKind::AccessDenied, "AWS does not accept the credentials; renew them"),
        "RequestTimeTooSkewed" | "RequestExpired" | "InvalidSignatureException" | "RequestInTheFuture" => (
            KeyErrorKind::AccessDenied,
            "AWS does not accept the request's signature; set this machine's clock, or renew the credentials",
        ),
        "NotFoundException" => {
            (KeyErrorKind::NotFound, "AWS KMS knows no such key; correct its id, and check the Region and the account")
        }
        "InvalidArnException" | "ValidationException" => {
            (KeyErrorKind::NotFound, "AWS KMS does not take this key id; correct it")
        }
        "DisabledException" => (KeyErrorKind::InvalidKey, "the key is disabled; enable it"),
        "KMSInvalidStateException" => (
            KeyErrorKind::InvalidKey,
            "the key cannot be used in its state; cancel its deletion, or import its key material",
        ),
        "InvalidKeyUsageException" => (
            KeyErrorKind::InvalidKey,
            "the key is not for signing with RSA; create one with SIGN_VERIFY and RSA_2048 or more",
        ),
        "UnsupportedOperationException" => (
            KeyErrorKind::InvalidKey,
            "the key has no public half, as symmetric and HMAC keys have none; create one with SIGN_VERIFY and RSA_2048 or more",
        ),
        "KMSInternalException"
        | "KMSInternal"
        | "DependencyTimeoutException"
        | "KeyUnavailableException"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => FAILING,
        _ => by_http_status(leaf.status).unwrap_or(GARBLED),
    }
}

fn by_status(leaf: &ServiceError, error: &(dyn Error + 'static)) -> Advice {
    match by_http_status(leaf.status) {
        Some(advice) => advice,
        // The connection broke in the middle of an answer.
        None if cause::<io::Error>(error).is_some() => UNREACHABLE,
        None => GARBLED,
    }
}

fn by_http_status(status: Option<u16>) -> Option<Advice> {
    match status? {
        408 => Some(UNREACHABLE),
        429 => Some(THROTTLED),
        401 | 403 => {
            Some((KeyErrorKind::AccessDenied, "AWS refuses the request; check the credentials and the endpoint"))
        }
        500.. => Some(FAILING),
        _ => None,
    }
}

fn cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// What AWS said, with every ARN and account id taken out. The SDK's own error has them and never enters a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceError {
    code: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
    message: String,
}

impl ServiceError {
    fn of<E>(error: &SdkError<E, aws_sdk_kms::config::http::HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let message = match error.as_service_error().and_then(ProvideErrorMetadata::message) {
            Some(message) => message.to_owned(),
            None => last_cause(error),
        };
        Self {
            code: error.code().map(scrubbed),
            status: error.raw_response().map(|response| response.status().as_u16()),
            request_id: error.request_id().map(scrubbed),
            message: scrubbed(&message),
        }
    }

    pub(crate) fn of_cause(error: &(dyn Error + 'static)) -> Self {
        Self { code: None, status: None, request_id: None, message: scrubbed(&last_cause(error)) }
    }
}

impl fmt::Display for ServiceError {
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

impl Error for ServiceError {}

/// The innermost cause says most: the SDK's outer errors are "dispatch failure" and the like.
fn last_cause(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source()).last().unwrap_or(error).to_string()
}

/// Takes out ARNs, access key ids (they encode the account) and runs of 12 or more digits, cuts what is long and what other programs
/// have printed, and makes one line of it.
fn scrubbed(text: &str) -> String {
    const LONGEST: usize = 300;
    const ACCOUNT_ID: usize = 12;
    const ACCESS_KEY_ID: usize = 16;
    let mut clean = String::new();
    let mut rest = text.split("Stderr:").next().unwrap_or_default();
    while let Some(first) = rest.chars().next() {
        if clean.len() >= LONGEST {
            clean.push('…');
            break;
        }
        let arn = rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"));
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let word = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let access_key = word >= ACCESS_KEY_ID && (rest.starts_with("AKIA") || rest.starts_with("ASIA"));
        let taken = if access_key {
            clean.push_str("[access key]");
            word
        } else if first.is_control() {
            clean.push(' ');
            first.len_utf8()
        } else if arn {
            clean.push_str("[ARN]");
            rest.find(|char: char| char.is_whitespace() || "\"'`,;()[]{}<>".contains(char)).unwrap_or(rest.len())
        } else if digits >= ACCOUNT_ID {
            clean.push_str("[digits]");
            digits
        } else {
            let taken = digits.max(first.len_utf8());
            clean.push_str(&rest[..taken]);
            taken
        };
        rest = &rest[taken..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_and_account_ids_are_taken_out() {
        let message = "User: arn:aws:sts::123456789012:assumed-role/app/i-0 is not authorized to perform: kms:Sign on \
                       resource: \"arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1\" of 123456789012.";
        let expected = "User: [ARN] is not authorized to perform: kms:Sign on resource: \"[ARN]\" of [digits].";
        assert_eq!(scrubbed(message), expected);
        assert_eq!(scrubbed("key/123456789012345 at 12345678901 é"), "key/[digits] at 12345678901 é");
        assert_eq!(scrubbed("ARN:aws:kms"), "[ARN]");
        assert_eq!(scrubbed("Credential=AKIAIOSFODNN7EXAMPLE/20261122"), "Credential=[access key]/20261122");
        assert_eq!(scrubbed("failed\nStderr: + SECRET=x"), "failed ");
    }

    #[test]
    fn a_long_message_is_cut() {
        assert!(scrubbed(&"a".repeat(100_000)).len() < 400);
        assert_eq!(scrubbed(&"1".repeat(100_000)), "[digits]");
    }
}
