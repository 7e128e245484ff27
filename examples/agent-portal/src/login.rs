//! Signing in and out. A real portal has its own way, often single sign-on; what matters here is that the agent's email comes out
//! of a session that scripts cannot read and other sites cannot use.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use serde::Deserialize;
use tower_sessions::{
    Expiry, MemoryStore, Session, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
};

use crate::{Portal, agent::SignedIn, page, security::SameOrigin};

pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/login", get(|| async { page(None) }).post(sign_in)).route("/logout", post(sign_out))
}

pub(crate) fn sessions(secure: bool) -> SessionManagerLayer<MemoryStore> {
    SessionManagerLayer::new(MemoryStore::default())
        .with_name(if secure { "__Host-portal" } else { "portal" })
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(secure)
        // A working day from signing in, which is the only time that a session changes.
        .with_expiry(Expiry::OnInactivity(Duration::hours(8)))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn sign_in(
    _: SameOrigin,
    State(portal): State<Arc<Portal>>,
    session: Session,
    Form(credentials): Form<Credentials>,
) -> Result<Response, StatusCode> {
    let Some(agent) = portal.directory.authenticate(&credentials.email, &credentials.password) else {
        let refused = page(Some("Email or password is wrong."));
        return Ok((StatusCode::UNAUTHORIZED, refused).into_response());
    };
    // A new id, so that nobody can have planted the one that is now worth something.
    session.cycle_id().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    session.insert(SignedIn::SESSION_KEY, &agent.email).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/").into_response())
}

async fn sign_out(_: SameOrigin, session: Session) -> Result<Redirect, StatusCode> {
    session.flush().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/login"))
}

/// The form, and what was wrong with the last try.
pub(crate) fn page(refusal: Option<&str>) -> Markup {
    page::plain(
        "Sign in",
        &html! {
            form.login method="post" action="/login" {
                h1 { "Sign in" }
                label { "Email" input type="email" name="email" autocomplete="username" required autofocus; }
                label { "Password" input type="password" name="password" autocomplete="current-password" required; }
                @if let Some(refusal) = refusal { p.refusal role="alert" { (refusal) } }
                button { "Sign in" }
            }
        },
    )
}
