//! A placeholder for the log-in of a real portal, which is often single sign-on. A real portal also has to take the agent's email from
//! a session that scripts cannot read and other sites cannot use.

use std::sync::Arc;

use axum::{
    Router,
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

use crate::{
    Portal,
    agent::SignedIn,
    customer::{Embedding, customer_path},
    page,
    security::SameOrigin,
};

pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/login", get(|| async { page(&Form::default()) }).post(sign_in))
        .route("/logout", post(sign_out))
}

pub(crate) fn sessions(is_https: bool) -> SessionManagerLayer<MemoryStore> {
    SessionManagerLayer::new(MemoryStore::default())
        .with_name(if is_https { "__Host-portal" } else { "portal" })
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(is_https)
        // Eight hours from the log-in: nothing else changes a session.
        .with_expiry(Expiry::OnInactivity(Duration::hours(8)))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
    #[serde(flatten)]
    next: NextPage,
}

/// The page to open after the log-in. Contains names from which the portal builds a path, and no URL, so an open redirect is impossible.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct NextPage {
    pub(crate) customer: Option<String>,
    pub(crate) embed: Option<Embedding>,
}

async fn sign_in(
    _: SameOrigin,
    State(portal): State<Arc<Portal>>,
    session: Session,
    axum::Form(Credentials { email, password, next }): axum::Form<Credentials>,
) -> Result<Response, StatusCode> {
    let Some(agent) = portal.directory.authenticate(&email, &password) else {
        let form = Form { email, next, error: Some("Email or password is wrong.") };
        return Ok((StatusCode::UNAUTHORIZED, page(&form)).into_response());
    };
    // A new id prevents session fixation.
    session.cycle_id().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    session.insert(SignedIn::SESSION_KEY, &agent.email).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let customer = next.customer.and_then(|id| portal.directory.customer_of(agent, &id));
    let path = customer.map_or_else(|| "/".to_owned(), |customer| customer_path(customer, next.embed));
    Ok(Redirect::to(&path).into_response())
}

async fn sign_out(_: SameOrigin, session: Session) -> Result<Redirect, StatusCode> {
    session.flush().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/login"))
}

/// The contents of the log-in form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) email: String,
    pub(crate) next: NextPage,
    pub(crate) error: Option<&'static str>,
}

pub(crate) fn page(Form { email, next, error }: &Form) -> Markup {
    let is_retry = error.is_some();
    page::plain(
        "Sign in",
        &html! {
            form.login method="post" action="/login" {
                h1 { "Sign in" }
                label {
                    "Email"
                    input type="email" name="email" value=(email) autocomplete="username" required autofocus[!is_retry];
                }
                label {
                    "Password"
                    input type="password" name="password" autocomplete="current-password" required autofocus[is_retry];
                }
                @if let Some(customer) = &next.customer { input type="hidden" name="customer" value=(customer); }
                @if let Some(embed) = next.embed { input type="hidden" name="embed" value=(embed.as_str()); }
                @if let Some(error) = error { p.error role="alert" { (error) } }
                button { "Sign in" }
                small { "This log-in is a placeholder. Replace it with your own before you deploy the portal." }
            }
        },
    )
}
