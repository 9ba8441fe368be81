//! The control calls: what a test or a person does to the sandbox from outside. The crate's README documents them.

mod apps;
mod clock;
mod faults;
mod index;
mod records;
pub(crate) mod requests;
mod webhooks;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, patch, post};
use serde::{Deserialize, Serialize};

use super::body::{json, parse};
use super::guard;
use super::inject::CallBody;
use crate::chat::{ChatCall, ChatVisit};
use crate::errors::{self, ApiError};
use crate::limits::Limits;
use crate::seed::Seed;
use crate::state::values::RawValues;
use crate::state::visitor_tokens::VisitorToken;
use crate::{ContactView, Sandbox, SandboxError};

pub(crate) fn router(sandbox: &Sandbox) -> Router<Sandbox> {
    let calls = Router::new()
        .route("/", get(index::index))
        .merge(faults::router())
        .merge(requests::router())
        .merge(clock::router())
        .route("/reset", post(reset))
        .route("/seed", post(seed))
        .route("/contacts", get(contacts).post(seed_contact))
        .route("/contacts/{id}", patch(set_properties).delete(archive))
        .route("/merge", post(merge))
        .route("/tokens", post(set_token))
        .route("/limits", get(limits).post(set_limits))
        .route("/visitor-tokens", get(visitor_tokens))
        .route("/visits", get(visits))
        .route("/down", post(set_down))
        .merge(records::router())
        .merge(apps::router())
        .nest("/webhooks", webhooks::router());
    Router::new()
        .nest("/_control", calls)
        .layer(middleware::from_fn_with_state(sandbox.clone(), guard::own_site))
        .layer(middleware::from_fn(finish))
}

/// Gives errors their correlation id.
async fn finish(request: Request, next: Next) -> Response {
    errors::finish(next.run(request).await, &errors::new_id())
}

pub(crate) fn refusal(error: &SandboxError) -> ApiError {
    ApiError::validation(error.to_string())
}

#[derive(Serialize)]
struct ContactList {
    contacts: Vec<ContactView>,
}

async fn reset(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.reset();
    StatusCode::NO_CONTENT
}

async fn seed(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let seed: Seed = parse(&body)?;
    let seeded = sandbox.seed(seed)?;
    Ok(json(StatusCode::CREATED, &seeded))
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
