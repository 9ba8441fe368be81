//! What every batch has in common: its size, and the envelope of its answer.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::body::json;
use crate::Moment;
use crate::errors::{ApiError, BatchError};

/// How many inputs HubSpot takes in one call.
pub(crate) const MOST_INPUTS: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchAnswer<'a, T> {
    status: &'static str,
    results: &'a [T],
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [BatchError],
    started_at: Moment,
    completed_at: Moment,
}

/// The answer of a batch: 207 when some inputs failed.
pub(crate) fn answer<T: Serialize>(success: StatusCode, results: &[T], errors: &[BatchError], now: Moment) -> Response {
    let failed = !errors.is_empty();
    let body = BatchAnswer {
        status: "COMPLETE",
        results,
        num_errors: failed.then_some(errors.len()),
        errors,
        started_at: now,
        completed_at: now,
    };
    json(if failed { StatusCode::MULTI_STATUS } else { success }, &body)
}

/// HubSpot's exact words for too many inputs are not known.
pub(crate) fn check_size(inputs: usize, most: usize) -> Result<(), ApiError> {
    if inputs > most {
        return Err(ApiError::validation(format!(
            "The maximum number of inputs supported in a batch request is {most}, but {inputs} were given"
        )));
    }
    Ok(())
}
