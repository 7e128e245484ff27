//! The two ways in which a token leaves the backend. An application needs one of them; `postMessage` is the one to prefer.

use std::{error::Error, iter, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use cobrowse_jwt::{Access, AgentClaims, AgentToken, EmbedUrl, Policy, Rule};

use crate::{
    Portal,
    agent::Case,
    security::{SameOrigin, SameOriginFrame},
};

pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/customers/{id}/cobrowse", get(redirect)).route("/customers/{id}/token", post(token))
}

/// By redirect: the iframe's `src` names this route, and the token stands in the URL that the iframe ends up with.
async fn redirect(_: SameOriginFrame, case: Case, State(portal): State<Arc<Portal>>) -> Result<Response, Failure> {
    let token = mint(&portal, &case).await?;
    Ok(embed_url(&portal, &case)?.with_token(&token)?.redirect().into_response())
}

/// By `postMessage`: the page's script asks for the token and hands it to the iframe, and it stands in no URL.
async fn token(_: SameOrigin, case: Case, State(portal): State<Arc<Portal>>) -> Result<Response, Failure> {
    let token = mint(&portal, &case).await?;
    Ok(portal.instance.token_response(&token).into_response())
}

/// A token for the agent of the session, who sees the devices and sessions of this one customer and nothing else.
async fn mint(portal: &Portal, case: &Case) -> Result<AgentToken, Failure> {
    let customer = Rule::custom_data("user_id", &case.customer.id)?;
    let policy = Policy::new().devices(customer.clone())?.sessions(customer)?.push(Rule::any())?;
    let claims = AgentClaims::new(case.agent.email.as_str(), Access::PolicyOnly(policy))?
        .with_display_name(case.agent.name.as_str())?;
    Ok(portal.minter.mint(&claims).await?)
}

/// The page to embed. The filter only spares the agent a look at an empty list; what may be seen, the policy decides.
pub(crate) fn embed_url(portal: &Portal, case: &Case) -> Result<EmbedUrl, Failure> {
    Ok(EmbedUrl::dashboard(&portal.instance).filter("user_id", &case.customer.id)?)
}

/// Logged for whoever runs the portal; the browser learns nothing of it.
#[derive(Debug)]
pub(crate) struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        eprintln!("no token: {}", self.0);
        for cause in iter::successors(self.0.source(), |&cause| cause.source()) {
            eprintln!("  because: {cause}");
        }
        (StatusCode::SERVICE_UNAVAILABLE, "Cobrowse cannot be opened now").into_response()
    }
}
