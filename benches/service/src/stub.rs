use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use aws_lc_rs::{
    digest::{Digest, SHA256},
    encoding::{AsDer as _, PublicKeyX509Der},
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, body::Bytes, body::Incoming, http::request::Parts, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, runtime, time::sleep};

/// Builds the body of the response to a request.
type Respond = dyn Fn(&Parts, &Value) -> Bytes + Send + Sync;

/// A key service on a separate thread, so that its CPU time is not in the figures of the client.
#[derive(Debug)]
pub struct Stub {
    address: SocketAddr,
    latency: Arc<AtomicU64>,
}

impl Stub {
    /// Starts a stub that responds to the head and the JSON of each request.
    #[must_use]
    pub fn start(respond: impl Fn(&Parts, &Value) -> Bytes + Send + Sync + 'static) -> Self {
        let respond: Arc<Respond> = Arc::new(respond);
        let latency = Arc::new(AtomicU64::new(0));
        let (sender, address) = mpsc::channel();
        let added = Arc::clone(&latency);
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (respond, added) = (Arc::clone(&respond), Arc::clone(&added));
                    let service = service_fn(move |request| answer(Arc::clone(&respond), Arc::clone(&added), request));
                    runtime::Handle::current()
                        .spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                }
            });
        });
        Self { address: address.recv().unwrap(), latency }
    }

    /// Returns the endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets how long the stub waits before each response.
    pub fn latency(&self, latency: Duration) {
        self.latency.store(latency.as_millis().try_into().unwrap(), Ordering::Relaxed);
    }
}

async fn answer(
    respond: Arc<Respond>,
    latency: Arc<AtomicU64>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let content = respond(&head, &serde_json::from_slice(&body).unwrap_or_default());
    let latency = latency.load(Ordering::Relaxed);
    if latency > 0 {
        sleep(Duration::from_millis(latency)).await;
    }
    let response = Response::builder()
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amzn-requestid", "c0ffee00-0000-4000-8000-000000000000");
    Ok(response.body(Full::new(content)).unwrap())
}

/// The key of a stub. Caches the response with the signature of each digest.
#[derive(Debug)]
pub struct Signer {
    pair: KeyPair,
    signed: Mutex<HashMap<String, Bytes>>,
}

impl Signer {
    /// Parses a private key in PKCS#8 PEM.
    #[must_use]
    pub fn new(pem: &str) -> Self {
        let (_, der) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
        Self { pair: KeyPair::from_pkcs8(&der).unwrap(), signed: Mutex::default() }
    }

    /// Returns the SPKI DER of the public key in base64.
    #[must_use]
    pub fn public_key(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        STANDARD.encode(der.as_ref())
    }

    /// Returns the response with the signature of a digest, both in base64.
    pub fn sign(&self, digest: &str, response: impl FnOnce(&str) -> Value) -> Bytes {
        let mut signed = self.signed.lock().unwrap();
        let signed = signed.entry(digest.to_owned()).or_insert_with(|| {
            let digest = Digest::import_less_safe(&STANDARD.decode(digest).unwrap(), &SHA256).unwrap();
            let mut signature = vec![0; self.pair.public_modulus_len()];
            self.pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).unwrap();
            response(&STANDARD.encode(signature)).to_string().into()
        });
        signed.clone()
    }
}
