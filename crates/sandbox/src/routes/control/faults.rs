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
use crate::faults::{FaultId, FaultRule, FaultState};

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
    let id = sandbox.add_fault(rule);
    Ok(json(StatusCode::CREATED, &Added { id }))
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
