//! Server functions: called, and their errors given the HTTP status that goes with them (leptos answers 500 to each).

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use leptos::server_fn::axum::get_server_fn_service;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use parlor_app::api::ApiError;

use crate::problem::Problem;

/// An error is a sentence and its code.
const ERROR_BYTES: usize = 64 * 1024;

/// Calls the server function of the request's address with what it needs to know.
pub(super) async fn call<C: Clone + Send + Sync + 'static>(request: Request, context: C) -> Response {
    // leptos would explain to whoever asks how its functions are mounted.
    if get_server_fn_service(request.uri().path(), request.method().clone()).is_none() {
        return Problem::not_found().into_response();
    }
    let response = leptos_axum::handle_server_fns_with_context(move || provide_context(context.clone()), request)
        .await
        .into_response();
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ERROR_BYTES).await else {
        return Problem::unavailable().into_response();
    };
    let error: Option<ApiError> = serde_json::from_slice(&bytes).ok();
    if let Some(status) = error.and_then(|error| StatusCode::from_u16(error.status()).ok()) {
        parts.status = status;
    }
    Response::from_parts(parts, Body::from(bytes))
}
