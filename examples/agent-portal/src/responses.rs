//! The two ways in which a token leaves the backend. An application needs one of them; `postMessage` is the one to prefer.

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

pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/customers/{id}/cobrowse", get(redirect).layer(map_response(page::in_frame)))
        .route("/customers/{id}/token", post(token))
}

/// By redirect: the iframe's `src` names this route, and the token stands in the URL that the iframe ends up with. It is never
/// renewed, so it lives as long as an agent may look at one customer.
async fn redirect(_: SameOriginFrame, case: Case, State(portal): State<Arc<Portal>>) -> Result<Response, Failure> {
    let token = mint(&portal, &case, Lifetime::default()).await?;
    Ok(embed_url(&portal, &case).with_token(&token)?.redirect().into_response())
}

/// By `postMessage`: the page's script asks for the token and hands it to the iframe, and it stands in no URL. The script renews
/// it, so it can be short-lived: after a sign-out it still works for as long as it lives.
async fn token(_: SameOrigin, case: Case, State(portal): State<Arc<Portal>>) -> Result<Response, Failure> {
    let token = mint(&portal, &case, Lifetime::new(Duration::from_mins(15))?).await?;
    Ok(portal.instance.token_response(&token).map(String::from).into_response())
}

/// A token for the agent of the session, who sees the devices and sessions of this one customer and nothing else.
async fn mint(portal: &Portal, Case { agent, customer }: &Case, lifetime: Lifetime) -> Result<AgentToken, Failure> {
    let customer = Rule::custom_data("user_id", &customer.id);
    let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
    let claims = AgentClaims::new(agent.email.as_str(), Access::PolicyOnly(policy))?
        .with_display_name(agent.name.as_str())?
        .with_lifetime(lifetime);
    Ok(portal.minter.mint(&claims).await?)
}

/// The page to embed. The filter only spares the agent a look at an empty list; what may be seen, the policy decides.
pub(crate) fn embed_url(portal: &Portal, case: &Case) -> EmbedUrl {
    EmbedUrl::dashboard(&portal.instance).filter("user_id", &case.customer.id)
}
