//! Control: the fault rules.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{delete, get};
use serde::Serialize;

use super::super::body::{json, parse};
use super::super::inject::CallBody;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::faults::{Effect, FaultId, FaultRule, FaultState};

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/faults", get(all).post(add).delete(clear))
        .route("/faults/{id}", delete(remove))
}

#[derive(Serialize)]
struct Added {
    id: FaultId,
}

#[derive(Serialize)]
struct FaultList {
    faults: Vec<FaultState>,
}

async fn add(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let rule: FaultRule = parse(&body)?;
    rule.check().map_err(ApiError::validation)?;
    check_bare(&rule, &body).map_err(ApiError::validation)?;
    let id = sandbox.add_fault(rule);
    Ok(json(StatusCode::CREATED, &Added { id }))
}

/// What `dropped_before` says beside its kind would be ignored: of an effect without fields, serde looks at none.
fn check_bare(rule: &FaultRule, body: &[u8]) -> Result<(), String> {
    if rule.effect != Effect::DroppedBefore {
        return Ok(());
    }
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let mut names = body["effect"].as_object().into_iter().flat_map(serde_json::Map::keys);
    match names.find(|name| *name != "kind") {
        Some(name) => Err(format!("dropped_before has no {name}")),
        None => Ok(()),
    }
}

async fn all(State(sandbox): State<Sandbox>) -> Response {
    let faults = sandbox.faults();
    json(StatusCode::OK, &FaultList { faults })
}

async fn remove(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    match id.parse() {
        Ok(id) if sandbox.remove_fault(id) => Ok(StatusCode::NO_CONTENT),
        _ => Err(ApiError::resource_not_found()),
    }
}

async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_faults();
    StatusCode::NO_CONTENT
}
