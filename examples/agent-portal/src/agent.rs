use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use tower_sessions::Session;

use crate::{
    Portal,
    customer::Choice,
    directory::{Agent, Customer},
    login::{self, Form, NextPage},
    page,
};

/// The agent who is signed in, taken from the session only.
#[derive(Debug)]
pub(crate) struct SignedIn(pub(crate) Agent);

impl SignedIn {
    pub(crate) const SESSION_KEY: &str = "agent";
}

impl FromRequestParts<Arc<Portal>> for SignedIn {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, StatusCode> {
        let session = Session::from_request_parts(parts, portal).await.map_err(|(status, _)| status)?;
        let email = session.get::<String>(Self::SESSION_KEY).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        let agent = email.and_then(|email| portal.directory.agent(&email));
        agent.cloned().map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// The customer of the path, and the signed-in agent who serves this customer. Another agent's customer gets the same response as
/// a customer who does not exist.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) agent: Agent,
    pub(crate) customer: Customer,
}

impl FromRequestParts<Arc<Portal>> for Case {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Response> {
        let Path(id) = Path::<String>::from_request_parts(parts, portal).await.map_err(IntoResponse::into_response)?;
        let agent = match SignedIn::from_request_parts(parts, portal).await {
            Ok(SignedIn(agent)) => agent,
            Err(StatusCode::UNAUTHORIZED) => {
                let query = Query::<Choice>::from_request_parts(parts, portal).await;
                let embed = query.ok().and_then(|Query(choice)| choice.embed);
                let form = Form { next: NextPage { customer: Some(id), embed }, ..Form::default() };
                return Err((StatusCode::UNAUTHORIZED, login::page(&form)).into_response());
            }
            Err(status) => return Err(status.into_response()),
        };
        let customer = portal.directory.customer_of(&agent, &id).cloned();
        customer.map(|customer| Self { agent, customer }).ok_or_else(|| page::not_found().into_response())
    }
}
