//! Code shared by the programs of this package.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bench_service::{BareCall, Calls, Signer, Stub};
use cobrowse_jwt::vault::{VaultAuth, VaultKey};
use harness::private_key;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use serde_json::json;

const TOKEN: &str = "hvs.CAESIJ5h3mZ0kq8vY2p1rLxN7tWc4sBd6fGhJkQaZeUoIi";

/// Starts a stub of Vault and clients for it.
#[must_use]
pub fn start() -> Calls<Vault> {
    let signer = Signer::new(&private_key(2048));
    let stub = Stub::start(move |head, body| match head.uri.path() {
        "/v1/transit/sign/cobrowse" => signer.sign(
            body["input"].as_str().unwrap(),
            |signature| json!({"data": {"key_version": 1, "signature": format!("vault:v1:{signature}")}}),
        ),
        "/v1/transit/keys/cobrowse" => {
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", signer.public_key());
            json!({"data": {"type": "rsa-2048", "keys": {"1": {"public_key": pem}}}}).to_string().into()
        }
        _ => json!({"auth": {"client_token": TOKEN, "lease_duration": 0, "renewable": false}}).to_string().into(),
    });
    let url = stub.url();
    let auth = VaultAuth::app_role("a-role-id", "a-secret-id");
    let builder = VaultKey::builder(url.as_str(), "cobrowse").auth(auth);
    let source = builder.operation_timeout(Duration::from_mins(1)).build().unwrap();
    Calls::new(stub, Vault::new(&url), source)
}

/// Sends the HTTP request of a mint, which is built only once.
#[derive(Clone, Debug)]
pub struct Vault {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    request: Arc<Request<Full<Bytes>>>,
}

impl Vault {
    /// Builds a client with the settings of `crates/vault/src/client.rs`, which is private.
    fn new(url: &str) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(1)));
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector.wrap_connector(tcp));
        let body = json!({
            "input": STANDARD.encode(Self::INPUT.sha256()),
            "prehashed": true,
            "hash_algorithm": "sha2-256",
            "signature_algorithm": "pkcs1v15",
            "key_version": 1,
        });
        let request = Request::post(format!("{url}/v1/transit/sign/cobrowse"))
            .header("content-type", "application/json")
            .header("x-vault-request", "true")
            .header("x-vault-token", TOKEN)
            .body(Full::from(body.to_string()))
            .unwrap();
        Self { client, request: Arc::new(request) }
    }
}

impl BareCall for Vault {
    async fn call(&self) {
        let response = self.client.request((*self.request).clone()).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap().to_bytes();
    }
}
