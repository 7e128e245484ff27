//! The two ways to give the iframe a token. An application needs one of them; prefer `postMessage`.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use cobrowse_jwt::{Access, AgentClaims, AgentToken, EmbedUrl, Lifetime, Policy, Rule};

use crate::{
    Portal,
    agent::Case,
    failure::Failure,
    page,
    security::{SameOrigin, SameOriginFrame},
};

/// Short, because the browser writes the URL with the token to its disk, and a sign-out does not remove it. The page cannot renew
/// this token.
pub(crate) const REDIRECT_LIFETIME: Duration = Duration::from_mins(5);

/// Longer, because the browser keeps this token in memory only. The page renews it; after a sign-out it stays valid until it expires.
const POST_MESSAGE_LIFETIME: Duration = Duration::from_mins(15);

pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/customers/{id}/cobrowse", get(redirect).layer(map_response(page::with_error_in_frame)))
        .route("/customers/{id}/token", post(token))
}

/// Redirects the iframe to a URL that contains the token.
async fn redirect(_: SameOriginFrame, case: Case, State(portal): State<Arc<Portal>>) -> Result<Response, Failure> {
    let token = mint(&portal, &case, REDIRECT_LIFETIME).await?;
    Ok(embed_url(&portal, &case).with_token(&token)?.redirect().into_response())
}

/// Returns the token to the page's script, which sends it to the iframe by `postMessage`. No URL contains the token.
async fn token(_: SameOrigin, case: Case, State(portal): State<Arc<Portal>>) -> Result<Response, Failure> {
    let token = mint(&portal, &case, POST_MESSAGE_LIFETIME).await?;
    Ok(portal.instance.token_response(&token).map(String::from).into_response())
}

/// Mints a token for the signed-in agent that gives access to the devices and sessions of one customer only.
async fn mint(portal: &Portal, Case { agent, customer }: &Case, lifetime: Duration) -> Result<AgentToken, Failure> {
    let customer = Rule::custom_data("user_id", &customer.id);
    let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
    let claims = AgentClaims::new(agent.email.as_str(), Access::PolicyOnly(policy))?
        .with_display_name(agent.name.as_str())?
        .with_lifetime(Lifetime::new(lifetime)?);
    Ok(portal.minter.mint(&claims).await?)
}

/// Returns the page to embed. The filter shortens the list of devices; access control is the policy's.
pub(crate) fn embed_url(portal: &Portal, case: &Case) -> EmbedUrl {
    EmbedUrl::dashboard(&portal.instance).filter("user_id", &case.customer.id)
}
