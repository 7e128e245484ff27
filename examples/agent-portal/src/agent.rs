use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use tower_sessions::Session;

use crate::{
    Portal,
    directory::{Agent, Customer},
    login, page,
};

/// The agent who is signed in: known from the session, and from nothing else in the request.
#[derive(Debug)]
pub(crate) struct SignedIn(pub(crate) Agent);

impl SignedIn {
    pub(crate) const SESSION_KEY: &str = "agent";
}

impl FromRequestParts<Arc<Portal>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, portal).await.map_err(IntoResponse::into_response)?;
        let email = session.get::<String>(Self::SESSION_KEY).await;
        let email = email.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
        let agent = email.and_then(|email| portal.directory.agent(&email));
        agent.cloned().map(Self).ok_or_else(|| (StatusCode::UNAUTHORIZED, login::page(None)).into_response())
    }
}

/// The customer whom the path names, and the agent who is signed in and serves this customer. Somebody else's customer is as
/// unknown as one who does not exist.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) agent: Agent,
    pub(crate) customer: Customer,
}

impl FromRequestParts<Arc<Portal>> for Case {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Response> {
        let SignedIn(agent) = SignedIn::from_request_parts(parts, portal).await?;
        let Path(id) = Path::<String>::from_request_parts(parts, portal).await.map_err(IntoResponse::into_response)?;
        let customer = portal.directory.customers_of(&agent).find(|customer| customer.id == id).cloned();
        customer.map(|customer| Self { agent, customer }).ok_or_else(|| page::not_found().into_response())
    }
}
