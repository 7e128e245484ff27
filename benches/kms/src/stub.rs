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
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime, time::sleep};

/// A KMS on a separate thread, so that its CPU time is not in the figures of the client. It caches the signature of each digest.
#[derive(Debug)]
pub struct Stub {
    address: SocketAddr,
    latency: Arc<AtomicU64>,
}

impl Stub {
    /// The ARN of the key.
    pub const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    /// Starts the stub with a private key in PKCS#8 PEM.
    #[must_use]
    pub fn start(pem: &str) -> Self {
        let (_, der) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
        let account = Arc::new(Account { pair: KeyPair::from_pkcs8(&der).unwrap(), signed: Mutex::default() });
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
                    let (account, added) = (Arc::clone(&account), Arc::clone(&added));
                    let service = service_fn(move |request| answer(Arc::clone(&account), Arc::clone(&added), request));
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

#[derive(Debug)]
struct Account {
    pair: KeyPair,
    signed: Mutex<HashMap<String, Bytes>>,
}

impl Account {
    fn public_key(&self) -> Bytes {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        let response = json!({
            "KeyId": Stub::ARN,
            "KeySpec": "RSA_2048",
            "KeyUsage": "SIGN_VERIFY",
            "SigningAlgorithms": ["RSASSA_PKCS1_V1_5_SHA_256"],
            "PublicKey": STANDARD.encode(der.as_ref()),
        });
        response.to_string().into()
    }

    fn sign(&self, digest: &str) -> Bytes {
        let mut signed = self.signed.lock().unwrap();
        let answer = signed.entry(digest.to_owned()).or_insert_with(|| {
            let digest = Digest::import_less_safe(&STANDARD.decode(digest).unwrap(), &SHA256).unwrap();
            let mut signature = vec![0; self.pair.public_modulus_len()];
            self.pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).unwrap();
            let signature = STANDARD.encode(signature);
            let answer =
                json!({"KeyId": Stub::ARN, "Signature": signature, "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"});
            answer.to_string().into()
        });
        answer.clone()
    }
}

async fn answer(
    account: Arc<Account>,
    latency: Arc<AtomicU64>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_sign = request.headers()["x-amz-target"] == "TrentService.Sign";
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let content = if is_sign { account.sign(request["Message"].as_str().unwrap()) } else { account.public_key() };
    let latency = latency.load(Ordering::Relaxed);
    if latency > 0 {
        sleep(Duration::from_millis(latency)).await;
    }
    let response = Response::builder()
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amzn-requestid", "c0ffee00-0000-4000-8000-000000000000");
    Ok(response.body(Full::new(content)).unwrap())
}
