//! Errors in our words: whatever refuses a request, the answer is a problem document or one of our pages.
//!
//! axum's extractors, tower's layers and leptos answer in plain text or with nothing at all. What passes here in such a form is
//! said again: as a page for a browser that opens an address or posts a form, as a problem for everybody else.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

use crate::page;
use crate::problem::{PROBLEM_JSON, Problem};
use crate::security::FramedBy;
use crate::state::Server;

/// Says errors that are not in our words again. Status and headers stay.
pub(crate) async fn in_our_words(State(server): State<Server>, request: Request, next: Next) -> Response {
    let takes_page = text_of(request.headers(), ACCEPT).contains("text/html");
    let response = next.run(request).await;
    if is_ours(&response) {
        return response;
    }
    let (parts, _) = response.into_parts();
    let (title, problem) = about(parts.status);
    let mut ours = if takes_page {
        page::message(&server, parts.status, FramedBy::Nobody, title, problem.detail())
    } else {
        problem.into_response()
    };
    // What else was said holds: who may frame it, which methods there are, when to come again.
    let mut kept = parts.headers;
    kept.remove(CONTENT_TYPE);
    kept.remove(CONTENT_LENGTH);
    ours.headers_mut().extend(kept);
    ours
}

fn text_of(headers: &HeaderMap, name: axum::http::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn is_ours(response: &Response) -> bool {
    let (status, headers) = (response.status(), response.headers());
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = text_of(headers, CONTENT_TYPE);
    // A server function's error is read by the function's caller.
    !is_error || headers.contains_key(SERVER_FN_ERROR_HEADER) || kind == PROBLEM_JSON || kind.starts_with("text/html")
}

/// What a status says when nobody has said it better: the page's heading, and the problem.
fn about(status: StatusCode) -> (&'static str, Problem) {
    let (title, code, detail) = match status {
        StatusCode::NOT_FOUND => return ("Not found", Problem::not_found()),
        StatusCode::UPGRADE_REQUIRED => return ("Not a page", Problem::upgrade_required()),
        StatusCode::SERVICE_UNAVAILABLE => return ("Please try again", Problem::unavailable()),
        status if status.is_server_error() => return ("Our mistake", Problem::internal()),
        StatusCode::FORBIDDEN => (
            "Not allowed",
            "cross_origin",
            "This came from a page that is not Parlor’s own. Please open Parlor’s page again and try once more.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "Too much at once",
            "too_large",
            "This is more than Parlor takes at once. Please go back and send less.",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY => (
            "Not understood",
            "unreadable",
            "What was sent could not be read. Please go back, reload the page and send it again.",
        ),
        _ => (
            "Not understood",
            "bad_request",
            "Parlor does not understand this request. If a link led you here, it may be broken.",
        ),
    };
    (title, Problem::new(status, code, detail))
}
