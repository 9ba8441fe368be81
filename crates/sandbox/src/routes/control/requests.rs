//! Control: the request log.

use std::str::FromStr;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::super::body::{Pairs, first, json};
use crate::Sandbox;
use crate::errors::ApiError;
use crate::request_log::{LoggedBodies, LoggedRequest, RequestFilter};

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/requests", get(some).delete(clear))
        .route("/requests/{number}", get(one))
}

#[derive(Serialize)]
struct RequestList {
    requests: Vec<LoggedRequest>,
}

async fn some(State(sandbox): State<Sandbox>, Query(query): Query<Pairs>) -> Result<Response, ApiError> {
    let filter = filter(&query)?;
    let requests = {
        let state = sandbox.state();
        let admitted = state.log.all().filter(|request| filter.admits(request));
        admitted.cloned().collect()
    };
    Ok(json(StatusCode::OK, &RequestList { requests }))
}

/// The requests that a query asks for; a name that is none is told, since it would show too much.
pub(crate) fn filter(query: &Pairs) -> Result<RequestFilter, ApiError> {
    for (name, _) in query {
        if !["method", "path", "status", "fault", "after"].contains(&name.as_str()) {
            return Err(ApiError::validation(format!(
                "There is no filter {name}: use method, path, status, fault or after"
            )));
        }
    }
    let text = |name| first(query, name).filter(|value| !value.is_empty());
    Ok(RequestFilter {
        method: text("method").map(str::to_owned),
        path: text("path").map(str::to_owned),
        status: parsed("status", text("status"), "a number, 4xx or none")?,
        fault: parsed("fault", text("fault"), "a rule's id, any or none")?,
        after: parsed("after", text("after"), "a request's number")?,
    })
}

fn parsed<T: FromStr>(name: &str, value: Option<&str>, expected: &str) -> Result<Option<T>, ApiError> {
    value
        .map(str::parse)
        .transpose()
        .map_err(|_| ApiError::validation(format!("{name} must be {expected}")))
}

#[derive(Serialize)]
struct OneRequest<'a> {
    #[serde(flatten)]
    request: &'a LoggedRequest,
    bodies: LoggedBodies,
}

async fn one(State(sandbox): State<Sandbox>, Path(number): Path<String>) -> Result<Response, ApiError> {
    let state = sandbox.state();
    let logged = number.parse().ok().and_then(|number| state.log.one(number));
    let (request, bodies) = logged.ok_or_else(ApiError::resource_not_found)?;
    Ok(json(StatusCode::OK, &OneRequest { request, bodies }))
}

async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_requests();
    StatusCode::NO_CONTENT
}
