//! The control calls: what a test or a person does to the sandbox from outside. The crate's README documents them.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use serde::{Deserialize, Serialize};

use super::body::{json, parse};
use super::control_apps;
use super::control_records;
use super::inject::CallBody;
use super::webhooks_control;
use crate::chat::{ChatCall, ChatVisit};
use crate::errors::{self, ApiError};
use crate::faults::{FaultId, FaultRule, FaultState};
use crate::limits::Limits;
use crate::request_log::LoggedRequest;
use crate::state::values::RawValues;
use crate::state::visitor_tokens::VisitorToken;
use crate::{ContactView, Sandbox, SandboxError};

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/reset", post(reset))
        .route("/requests", get(requests))
        .route("/contacts", get(contacts).post(seed_contact))
        .route("/contacts/{id}", patch(set_properties).delete(archive))
        .route("/merge", post(merge))
        .route("/tokens", post(set_token))
        .route("/limits", get(limits).post(set_limits))
        .route("/visitor-tokens", get(visitor_tokens))
        .route("/visits", get(visits))
        .route("/down", post(set_down))
        .merge(control_records::router())
        .merge(control_apps::router())
        .nest("/webhooks", webhooks_control::router())
        .layer(middleware::from_fn(guard))
}

/// Refuses pages of other sites: a browser on this machine would carry their requests here.
async fn guard(request: Request, next: Next) -> Response {
    let response = if comes_from_elsewhere(request.headers()) {
        let message = "The control calls cannot be made by a page of another site";
        ApiError::new(StatusCode::FORBIDDEN, message, None).into_response()
    } else {
        next.run(request).await
    };
    errors::finish(response, &errors::new_id())
}

pub(super) fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let cross_site = text("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site));
    let own_host = text(header::HOST.as_str()).unwrap_or_default();
    let foreign_origin = text(header::ORIGIN.as_str())
        .is_some_and(|origin| origin.split_once("://").is_none_or(|(_, host)| host != own_host));
    cross_site || foreign_origin
}

fn refusal(error: &SandboxError) -> ApiError {
    ApiError::validation(error.to_string())
}

#[derive(Serialize)]
struct Added {
    id: FaultId,
}

#[derive(Serialize)]
struct FaultList {
    faults: Vec<FaultState>,
}

#[derive(Serialize)]
struct RequestList {
    requests: Vec<LoggedRequest>,
}

#[derive(Serialize)]
struct ContactList {
    contacts: Vec<ContactView>,
}

async fn add_fault(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let rule: FaultRule = parse(&body)?;
    rule.check().map_err(ApiError::validation)?;
    let id = sandbox.add_fault(rule);
    Ok(json(StatusCode::CREATED, &Added { id }))
}

async fn faults(State(sandbox): State<Sandbox>) -> Response {
    let faults = sandbox.faults();
    json(StatusCode::OK, &FaultList { faults })
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_faults();
    StatusCode::NO_CONTENT
}

async fn reset(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.reset();
    StatusCode::NO_CONTENT
}

async fn requests(State(sandbox): State<Sandbox>) -> Response {
    let requests = sandbox.requests();
    json(StatusCode::OK, &RequestList { requests })
}

async fn contacts(State(sandbox): State<Sandbox>) -> Response {
    let contacts = sandbox.contacts();
    json(StatusCode::OK, &ContactList { contacts })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Values {
    properties: RawValues,
}

async fn seed_contact(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let Values { properties } = parse(&body)?;
    let contact = sandbox.create_contact(properties)?;
    Ok(json(StatusCode::CREATED, &contact))
}

async fn set_properties(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Values { properties } = parse(&body)?;
    let contact = sandbox.update_contact(&id, properties)?;
    Ok(json(StatusCode::OK, &contact))
}

async fn archive(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    sandbox.archive(&id).map_err(|error| refusal(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    primary: String,
    other: String,
}

async fn merge(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let Merge { primary, other } = parse(&body)?;
    let contact = sandbox.merge(&primary, &other).map_err(|error| refusal(&error))?;
    Ok(json(StatusCode::OK, &contact))
}

/// No scopes revoke the token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    token: String,
    scopes: Option<Vec<String>>,
}

async fn set_token(State(sandbox): State<Sandbox>, body: CallBody) -> Result<StatusCode, ApiError> {
    let Token { token, scopes } = parse(&body)?;
    match scopes {
        Some(scopes) => sandbox.add_token(&token, scopes.iter().map(String::as_str)),
        None => sandbox.remove_token(&token),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn limits(State(sandbox): State<Sandbox>) -> Response {
    let limits = sandbox.state().limits.clone();
    json(StatusCode::OK, &limits)
}

async fn set_limits(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let limits: Limits = parse(&body)?;
    sandbox.set_limits(limits.clone());
    Ok(json(StatusCode::OK, &limits))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Down {
    down: bool,
}

async fn set_down(State(sandbox): State<Sandbox>, body: CallBody) -> Result<StatusCode, ApiError> {
    let Down { down } = parse(&body)?;
    sandbox.set_down(down);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct VisitorTokenList {
    visitor_tokens: Vec<VisitorToken>,
}

async fn visitor_tokens(State(sandbox): State<Sandbox>) -> Response {
    let visitor_tokens = sandbox.visitor_tokens();
    json(StatusCode::OK, &VisitorTokenList { visitor_tokens })
}

#[derive(Serialize)]
struct Visits {
    visits: Vec<ChatVisit>,
    calls: Vec<ChatCall>,
}

async fn visits(State(sandbox): State<Sandbox>) -> Response {
    let (visits, calls) = (sandbox.visits(), sandbox.chat_calls());
    json(StatusCode::OK, &Visits { visits, calls })
}
