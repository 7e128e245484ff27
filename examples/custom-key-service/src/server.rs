//! The key service of this example: one key with several versions, protected by a password. A real adapter does not need this file.

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::{
    digest::{Digest, SHA256},
    encoding::{AsDer as _, PublicKeyX509Der},
    rand,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cobrowse_jwt_core::PublicKey;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The service on a free port of 127.0.0.1.
pub(crate) struct Server {
    url: String,
    #[cfg(test)]
    state: Arc<ServerState>,
}

impl Server {
    pub(crate) const PASSWORD: &str = "correct horse battery staple";

    /// Starts it with a new key.
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let state = Arc::new(ServerState {
            pair: KeyPair::generate(KeySize::Rsa2048)?,
            session: Mutex::default(),
            logins: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let routes = Router::new()
            .route("/login", post(log_in))
            .route("/resolve", post(resolve))
            .route("/sign", post(sign))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self {
            url,
            #[cfg(test)]
            state,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

#[cfg(test)]
impl Server {
    pub(crate) fn logins(&self) -> usize {
        self.state.logins.load(Ordering::SeqCst)
    }

    pub(crate) fn end_session(&self) {
        self.state.session.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

struct ServerState {
    pair: KeyPair,
    /// Empty: none.
    session: Mutex<String>,
    logins: AtomicUsize,
}

impl ServerState {
    const NAME: &str = "cobrowse";
    const VERSION: &str = "1";

    fn log_in(&self) -> Result<String, StatusCode> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        let session = STANDARD.encode(bytes);
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&session);
        self.logins.fetch_add(1, Ordering::SeqCst);
        Ok(session)
    }

    fn authorize(&self, headers: &HeaderMap) -> Result<(), StatusCode> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let is_valid = !session.is_empty() && given == Some(session.as_str());
        if is_valid { Ok(()) } else { Err(StatusCode::UNAUTHORIZED) }
    }

    fn sign(&self, digest: &str) -> Option<String> {
        let digest = Digest::import_less_safe(&STANDARD.decode(digest).ok()?, &SHA256).ok()?;
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).ok()?;
        Some(STANDARD.encode(signature))
    }

    fn public_key(&self) -> Option<PublicKey> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().ok()?;
        PublicKey::from_spki_der(der.as_ref()).ok()
    }
}

type Reply = Result<Json<Value>, StatusCode>;

async fn log_in(State(state): State<Arc<ServerState>>, Json(request): Json<Value>) -> Reply {
    if request["password"] != Server::PASSWORD {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(Json(json!({ "session": state.log_in()? })))
}

async fn resolve(State(state): State<Arc<ServerState>>, headers: HeaderMap, Json(request): Json<Value>) -> Reply {
    state.authorize(&headers)?;
    if request["key"] != ServerState::NAME {
        return Err(StatusCode::NOT_FOUND);
    }
    let public_key = state.public_key().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(json!({ "version": ServerState::VERSION, "public_key": public_key.to_pem() })))
}

async fn sign(State(state): State<Arc<ServerState>>, headers: HeaderMap, Json(request): Json<Value>) -> Reply {
    state.authorize(&headers)?;
    if request["key"] != ServerState::NAME {
        return Err(StatusCode::NOT_FOUND);
    }
    if request["version"] != ServerState::VERSION {
        return Err(StatusCode::GONE);
    }
    let signature = state.sign(request["sha256"].as_str().unwrap_or_default()).ok_or(StatusCode::BAD_REQUEST)?;
    Ok(Json(json!({ "version": ServerState::VERSION, "signature": signature })))
}
