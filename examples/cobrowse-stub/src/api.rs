//! `/api/1`: the calls that Cobrowse's Agent SDK makes.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Query, State},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Stub,
    access::{Caller, Permission, Resource},
    account::{Refusal, verify},
    data::{Device, Session},
};

pub(crate) fn routes() -> Router<Stub> {
    Router::new()
        .route("/users/me", get(me))
        .route("/accounts", get(accounts))
        .route("/devices", get(devices))
        .route("/devices/{id}", get(device))
        .route("/sessions", get(sessions).post(start_session))
        .route("/sessions/{id}", get(session).put(update_session))
        .fallback(|| async { ApiError::NotFound })
}

/// An error in the format of the Agent SDK.
#[derive(Clone, Copy, Debug)]
enum ApiError {
    Unauthorized(Refusal),
    Forbidden,
    NotFound,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, id, message) = match self {
            Self::Unauthorized(refusal) => (StatusCode::UNAUTHORIZED, "unauthorized", refusal.to_string()),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "not permitted".to_owned()),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "not found".to_owned()),
        };
        (status, Json(json!({"id": id, "message": message}))).into_response()
    }
}

impl FromRequestParts<Stub> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, stub: &Stub) -> Result<Self, Response> {
        let token = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        token
            .ok_or(Refusal::Missing)
            .and_then(|token| verify(&stub.0.accounts, token))
            .map_err(|refusal| ApiError::Unauthorized(refusal).into_response())
    }
}

async fn me(caller: Caller) -> Json<Value> {
    let token = format!("notifications-of-{}", caller.agent);
    Json(json!({
        "id": caller.agent,
        "email": caller.agent,
        "name": caller.display_name,
        "notification_token": token,
        "notification_url": "/",
    }))
}

async fn accounts(caller: Caller) -> Json<Value> {
    Json(json!([{"id": "account", "license_key": caller.license_key, "features": []}]))
}

async fn devices(
    caller: Caller,
    State(stub): State<Stub>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Json<Vec<Device>>, ApiError> {
    let wanted = |device: &Device| {
        let filters = query.iter().filter_map(|(name, value)| Some((name.strip_prefix("filter_")?, value)));
        filters.into_iter().all(|(name, value)| device.custom_data.get(name) == Some(value))
    };
    Ok(Json(readable(&caller, &stub.data().devices)?.filter(|device| wanted(device)).cloned().collect()))
}

async fn device(caller: Caller, State(stub): State<Stub>, Path(id): Path<String>) -> Result<Json<Device>, ApiError> {
    find(&caller, &stub.data().devices, &id).cloned().map(Json)
}

async fn sessions(
    caller: Caller,
    State(stub): State<Stub>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Json<Vec<Session>>, ApiError> {
    let of_all_agents = query.get("agent").is_some_and(|agent| agent == "all");
    if of_all_agents && !caller.is_administrator {
        return Err(ApiError::Forbidden);
    }
    let data = stub.data();
    let sessions = readable(&caller, &data.sessions)?;
    Ok(Json(sessions.filter(|session| of_all_agents || session.agent.email == caller.agent).cloned().collect()))
}

async fn session(caller: Caller, State(stub): State<Stub>, Path(id): Path<String>) -> Result<Json<Session>, ApiError> {
    find(&caller, &stub.data().sessions, &id).cloned().map(Json)
}

#[derive(Deserialize)]
struct NewSession {
    device: String,
}

async fn start_session(
    caller: Caller,
    State(stub): State<Stub>,
    Json(new): Json<NewSession>,
) -> Result<Json<Session>, ApiError> {
    // As in Cobrowse, which wakes the device with a push message.
    if !caller.may_any("sessions", Permission::Create) || !caller.may_any("push", Permission::Create) {
        return Err(ApiError::Forbidden);
    }
    let mut data = stub.data();
    let device = find(&caller, &data.devices, &new.device)?.clone();
    Ok(Json(data.start_session(&caller.agent, &device)))
}

#[derive(Deserialize)]
struct SessionUpdate {
    state: SessionState,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SessionState {
    Ended,
}

async fn update_session(
    caller: Caller,
    State(stub): State<Stub>,
    Path(id): Path<String>,
    Json(SessionUpdate { state: SessionState::Ended }): Json<SessionUpdate>,
) -> Result<Json<Session>, ApiError> {
    let mut data = stub.data();
    let session = data.sessions.iter_mut().find(|session| session.id == id).ok_or(ApiError::NotFound)?;
    if !caller.may(session, Permission::Update) {
        return Err(ApiError::Forbidden);
    }
    session.state = "ended";
    Ok(Json(session.clone()))
}

/// Returns the objects that the caller can read, or an error if the policy denies the whole resource.
fn readable<'a, R: Resource>(caller: &'a Caller, all: &'a [R]) -> Result<impl Iterator<Item = &'a R>, ApiError> {
    if !caller.may_any(R::NAME, Permission::Read) {
        return Err(ApiError::Forbidden);
    }
    Ok(all.iter().filter(|resource| caller.may(*resource, Permission::Read)))
}

/// Returns the object with this id. An object that the caller cannot read is not found.
fn find<'a, R: Resource>(caller: &Caller, all: &'a [R], id: &str) -> Result<&'a R, ApiError> {
    let found = all.iter().find(|resource| resource.id() == id && caller.may(*resource, Permission::Read));
    found.ok_or(ApiError::NotFound)
}
