//! Control: the sandbox's clock, and how long search lags behind.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::super::body::{json, parse};
use super::super::inject::CallBody;
use super::refusal;
use crate::errors::ApiError;
use crate::{Moment, Sandbox};

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/clock", get(clock).post(move_clock))
        .route("/search-lag", get(search_lag).post(set_search_lag))
}

#[derive(Serialize)]
struct ClockState {
    now: Moment,
    unix_milliseconds: i64,
    /// Whether it stands still until it is moved.
    manual: bool,
}

async fn clock(State(sandbox): State<Sandbox>) -> Response {
    let now = sandbox.now();
    let state = ClockState {
        now,
        unix_milliseconds: now.unix_milliseconds(),
        manual: sandbox.options().clock.is_manual(),
    };
    json(StatusCode::OK, &state)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance_milliseconds: Option<u64>,
    set: Option<Moment>,
}

async fn move_clock(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let moved = match parse(&body)? {
        Move {
            advance_milliseconds: Some(milliseconds),
            set: None,
        } => sandbox.advance_clock(Duration::from_millis(milliseconds)),
        Move {
            advance_milliseconds: None,
            set: Some(to),
        } => sandbox.set_clock(to),
        _ => return Err(ApiError::validation("Give either advance_milliseconds or set")),
    };
    moved.map_err(|error| refusal(&error))?;
    Ok(clock(State(sandbox)).await)
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SearchLag {
    milliseconds: u64,
}

async fn search_lag(State(sandbox): State<Sandbox>) -> Response {
    let milliseconds = u64::try_from(sandbox.search_lag().as_millis()).unwrap_or(u64::MAX);
    json(StatusCode::OK, &SearchLag { milliseconds })
}

async fn set_search_lag(State(sandbox): State<Sandbox>, body: CallBody) -> Result<StatusCode, ApiError> {
    let SearchLag { milliseconds } = parse(&body)?;
    sandbox.set_search_lag(Duration::from_millis(milliseconds));
    Ok(StatusCode::NO_CONTENT)
}
