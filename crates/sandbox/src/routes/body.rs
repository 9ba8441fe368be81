//! Reading request bodies and queries, and writing JSON answers, the way HubSpot does.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::{ApiError, JSON};

/// The body as JSON of this shape; else HubSpot's 400.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(ApiError::no_body());
    }
    serde_json::from_slice(body).map_err(|error| ApiError::invalid_json(&error))
}

/// Refuses a body that does not say that it is JSON. HubSpot's own answer, also to a body that says nothing, is not known.
pub(crate) async fn only_json(request: Request, next: Next) -> Response {
    let may_have_one = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    if !may_have_one || request.body().is_end_stream() || says_json(request.headers()) {
        next.run(request).await
    } else {
        ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "HTTP 415 Unsupported Media Type: use application/json",
            None,
        )
        .into_response()
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| {
        let media_type = value.as_bytes().split(|byte| *byte == b';').next();
        let media_type = media_type.unwrap_or_default().trim_ascii();
        media_type.eq_ignore_ascii_case(b"application/json")
    })
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, JSON)], bytes).into_response(),
        Err(error) => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), None).into_response(),
    }
}

/// A query whose names may come several times.
pub(crate) type Pairs = Vec<(String, String)>;

/// The first value of a name.
pub(crate) fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value)| value.as_str())
}

/// All values of a name: it may come several times, and each time with commas.
pub(crate) fn list<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(candidate, _)| candidate == name)
        .flat_map(|(_, value)| value.split(','))
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .collect()
}
