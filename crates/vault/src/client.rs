use std::{fmt, fs, io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    address::Address,
    error::{CallError, Details},
};

/// Calls the HTTP API of Vault. Follows no redirect, because a request contains a token.
#[derive(Clone)]
pub(crate) struct Client {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: Address,
    namespace: Option<HeaderValue>,
    /// Redacted from errors.
    key: Arc<str>,
}

const VAULT_REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const VAULT_NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const VAULT_TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
/// The maximum size of a response: about 100 versions of a 2048-bit key, because a lookup returns all from `min_decryption_version` on.
const RESPONSE_LIMIT: usize = 64 * 1024;

impl Client {
    pub(crate) fn new(
        address: Address,
        namespace: Option<HeaderValue>,
        key: Arc<str>,
        ca_cert: Option<&Path>,
    ) -> Result<Self, KeyError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // It is divided among the addresses of a family (IPv4, IPv6): one that does not respond leaves time for the next.
        tcp.set_connect_timeout(Some(Duration::from_secs(1)));
        let tls = tls(ca_cert, address.is_https)?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let http = HttpClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector.wrap_connector(tcp));
        Ok(Self { http, address, namespace, key })
    }

    /// Sends a request. If the connection breaks, sends it once more, because the server may have closed an idle connection. Does not
    /// repeat a log-in (a request without a token), because a secret id can have a limited number of uses.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        token: Option<&HeaderValue>,
        body: Bytes,
    ) -> Result<T, CallError> {
        let (status, bytes) = match self.exchange(method, path, token, body.clone()).await {
            Err(CallError::Connection(_)) if token.is_some() => self.exchange(method, path, token, body).await?,
            result => result?,
        };
        if status == StatusCode::OK {
            return serde_json::from_slice(&bytes).map_err(|_| CallError::Malformed);
        }
        let errors = serde_json::from_slice::<Errors>(&bytes).unwrap_or_default().errors;
        Err(CallError::Status(status, Details::response(status, errors.join(" "), &self.key)))
    }

    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        token: Option<&HeaderValue>,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), CallError> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.address.url(path))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            // Vault Agent can require it.
            .header(VAULT_REQUEST, HeaderValue::from_static("true"));
        if let Some(namespace) = &self.namespace {
            request = request.header(VAULT_NAMESPACE, namespace);
        }
        if let Some(token) = token {
            request = request.header(VAULT_TOKEN, token);
        }
        let request = request.body(Full::new(body)).map_err(|_| CallError::Malformed)?;
        let response = self.http.request(request).await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        match Limited::new(response.into_body(), RESPONSE_LIMIT).collect().await {
            Ok(body) => Ok((status, body.to_bytes())),
            Err(error) if !error.is::<LengthLimitError>() => Err(self.broken(&*error)),
            Err(_) if status == StatusCode::OK => Err(CallError::TooLarge),
            // The page of a proxy, for example.
            Err(_) => Ok((status, Bytes::new())),
        }
    }

    fn broken(&self, error: &(dyn std::error::Error + 'static)) -> CallError {
        CallError::Connection(Details::connection(error, &self.key))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The body of an error.
#[derive(Default, Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<String>,
}

/// Trusts the certificates in the file, or those of the platform. Plain http needs neither.
fn tls(ca_cert: Option<&Path>, is_https: bool) -> Result<ClientConfig, KeyError> {
    let invalid = |error: Box<dyn std::error::Error + Send + Sync>| {
        KeyError::new(KeyErrorKind::InvalidKey, "no usable root certificates")
            .with_hint("set VAULT_CACERT to a PEM file, or install the certificates of the platform")
            .with_source(error)
    };
    // Not the default provider of the process, which another crate may have set.
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(error.into()))?;
    let builder = match ca_cert {
        _ if !is_https => builder.with_root_certificates(RootCertStore::empty()),
        Some(file) => builder.with_root_certificates(read_roots(file).map_err(|error| invalid(error.into()))?),
        None => builder.with_native_roots().map_err(|error| invalid(error.kind().to_string().into()))?,
    };
    Ok(builder.with_no_client_auth())
}

fn read_roots(file: &Path) -> io::Result<RootCertStore> {
    let pem = fs::read(file).map_err(|error| io::Error::from(error.kind()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        roots.add(certificate).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    }
    if roots.is_empty() { Err(io::ErrorKind::InvalidData.into()) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn status_of_a_response_over_the_limit_is_kept_unless_it_is_200() {
        for (status, kept) in [(502, true), (200, false)] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = Address::new(&format!("http://{}", listener.local_addr().unwrap()), false).unwrap();
            thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
                let body = "x".repeat(RESPONSE_LIMIT + 1);
                write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
                // Until the client closes the connection.
                let _ = stream.read(&mut [0]);
            });
            let client = Client::new(address, None, "key".into(), None).unwrap();
            let error = client.send::<Value>(&Method::GET, "x", None, Bytes::new()).await.unwrap_err();
            match error {
                CallError::Status(found, _) => assert!(kept && found == status),
                error => assert!(!kept && matches!(error, CallError::TooLarge), "{error:?}"),
            }
        }
    }
}
