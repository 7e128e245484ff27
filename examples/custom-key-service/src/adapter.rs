//! The adapter, which contains the paths, members and status codes of one service. The engine `RemoteKey` does the rest.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::Bytes,
    http::{
        Request, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey, SigningInput, async_trait};
use cobrowse_jwt_remote::{KeyService, KeyVersion, ResolvedKey, ServiceSignature, redact};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// A key in the HTTP service. The client uses plain http, which is for loopback only; for https, use `hyper-rustls`.
pub(crate) struct HttpKeyService {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    key: String,
    password: String,
    session: Mutex<Option<String>>,
}

impl HttpKeyService {
    pub(crate) fn new(url: impl Into<String>, key: impl Into<String>, password: impl Into<String>) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, url: url.into(), key: key.into(), password: password.into(), session: Mutex::default() }
    }

    /// Sends a request within the session. Logs in if no session exists, or if the service has ended it.
    async fn call<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, KeyError> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(session) = session {
            match self.send(path, Some(&session), body).await {
                Err(error) if error.kind() == KeyErrorKind::AccessDenied => {}
                result => return result,
            }
        }
        let session = self.log_in().await?;
        self.send(path, Some(&session), body).await
    }

    async fn log_in(&self) -> Result<String, KeyError> {
        #[derive(Deserialize)]
        struct Session {
            session: String,
        }
        let Session { session } = self.send("/login", None, &json!({ "password": self.password })).await?;
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        Ok(session)
    }

    async fn send<T: DeserializeOwned>(&self, path: &str, session: Option<&str>, body: &Value) -> Result<T, KeyError> {
        /// The body is read no further.
        const RESPONSE_LIMIT: usize = 64 * 1024;
        let mut request = Request::post(format!("{}{path}", self.url)).header(CONTENT_TYPE, "application/json");
        if let Some(session) = session {
            request = request.header(AUTHORIZATION, format!("Bearer {session}"));
        }
        let request = request
            .body(Full::from(body.to_string()))
            .map_err(|_| KeyError::new(KeyErrorKind::InvalidKey, "invalid URL of the key service"))?;
        let response = self.client.request(request).await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(by_status(response.status()));
        }
        let body = Limited::new(response.into_body(), RESPONSE_LIMIT).collect().await;
        let body =
            body.map_err(|error| if error.is::<LengthLimitError>() { invalid_response() } else { unreachable(error) })?;
        serde_json::from_slice(&body.to_bytes()).map_err(|_| invalid_response())
    }
}

#[async_trait]
impl KeyService for HttpKeyService {
    async fn authenticate(&self) -> Result<(), KeyError> {
        self.log_in().await.map(drop)
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        #[derive(Deserialize)]
        struct Resolved {
            version: String,
            public_key: String,
        }
        let Resolved { version, public_key } = self.call("/resolve", &json!({ "key": self.key })).await?;
        let public_key = PublicKey::from_pem(&public_key)
            .map_err(|error| KeyError::new(KeyErrorKind::InvalidKey, "key cannot sign RS256").with_source(error))?;
        Ok(ResolvedKey { version: KeyVersion::new(version), public_key, pinned: false })
    }

    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        #[derive(Deserialize)]
        struct Signed {
            version: String,
            signature: String,
        }
        let digest = STANDARD.encode(input.sha256());
        let request = json!({ "key": self.key, "version": version.as_str(), "sha256": digest });
        let Signed { version, signature } = self.call("/sign", &request).await?;
        let bytes = STANDARD.decode(signature).map_err(|_| invalid_response())?;
        Ok(ServiceSignature { bytes, version: Some(KeyVersion::new(version)) })
    }
}

impl fmt::Debug for HttpKeyService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpKeyService").finish_non_exhaustive()
    }
}

fn by_status(status: StatusCode) -> KeyError {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            KeyError::new(KeyErrorKind::AccessDenied, "access to the key denied").with_hint("check the password")
        }
        StatusCode::NOT_FOUND => KeyError::new(KeyErrorKind::NotFound, "key not found"),
        StatusCode::GONE => KeyError::new(KeyErrorKind::Superseded, "key version cannot sign any more"),
        StatusCode::TOO_MANY_REQUESTS => KeyError::new(KeyErrorKind::Throttled, "too many requests"),
        _ if status.is_server_error() => KeyError::new(KeyErrorKind::Unavailable, "key service failed"),
        _ => invalid_response(),
    }
}

/// The message of the client can contain an address, so it is redacted.
fn unreachable(error: impl fmt::Display) -> KeyError {
    KeyError::new(KeyErrorKind::Unavailable, "failed to reach the key service").with_source(redact(&error.to_string()))
}

fn invalid_response() -> KeyError {
    KeyError::new(KeyErrorKind::InvalidResponse, "invalid response from the key service")
}
