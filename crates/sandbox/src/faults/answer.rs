//! The answers that faults give, and what they do to those that others gave.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::response::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream;

use super::effect::has_no_body;
use crate::errors::ApiError;
use crate::limits::Bucket;

/// Marks an answer that is never sent, so that the log does not claim a status.
#[derive(Clone, Copy)]
pub(crate) struct NeverSent;

/// An answer that closes the connection instead: its body fails before its first byte, and the server then gives up the
/// connection with the head unsent.
pub(crate) fn dropped_connection() -> Response {
    let failure = Err::<Vec<u8>, _>(std::io::Error::other("the connection is dropped on demand"));
    let mut response = Response::new(Body::from_stream(stream::iter([failure])));
    response.extensions_mut().insert(NeverSent);
    response
}

/// The answer of [`Effect::Status`].
pub(crate) fn status_answer(
    status: u16,
    message: Option<String>,
    category: Option<&str>,
    body: Option<String>,
    content_type: Option<&str>,
    headers: &BTreeMap<String, String>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match (body, message) {
        _ if has_no_body(status.as_u16()) => status.into_response(),
        (Some(body), _) => {
            let content_type = content_type.and_then(|value| HeaderValue::from_str(value).ok());
            let content_type = content_type.unwrap_or(HeaderValue::from_static("text/html"));
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        (None, None) if status == StatusCode::TOO_MANY_REQUESTS => {
            ApiError::ten_seconds_exceeded(Bucket::Token("")).into_response()
        }
        (None, message) => {
            let message = message.unwrap_or_else(|| status.canonical_reason().unwrap_or("error").to_owned());
            ApiError::new(status, message, category).into_response()
        }
    };
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What becomes of an answer that is whole otherwise, on its way out.
#[derive(Clone, Debug)]
pub(crate) enum Mangled {
    CutShort {
        after_bytes: Option<usize>,
    },
    Wrong {
        status: Option<u16>,
        body: Option<String>,
        content_type: Option<String>,
    },
}

impl Mangled {
    /// Changes an answer; what it answers is the body as it is sent.
    pub(crate) fn apply(self, head: &mut Parts, body: Bytes) -> Bytes {
        match self {
            Self::CutShort { after_bytes } => {
                // The head promises all of it.
                head.headers
                    .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
                let all = body.len();
                let sent = after_bytes.unwrap_or(all / 2).min(all.saturating_sub(1));
                body.slice(..sent)
            }
            Self::Wrong {
                status,
                body: given,
                content_type,
            } => {
                if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
                    head.status = status;
                }
                if let Some(value) = content_type.and_then(|value| HeaderValue::from_str(&value).ok()) {
                    head.headers.insert(header::CONTENT_TYPE, value);
                }
                if has_no_body(head.status.as_u16()) {
                    head.headers.remove(header::CONTENT_TYPE);
                    head.headers.remove(header::CONTENT_LENGTH);
                    return Bytes::new();
                }
                given.map_or(body, Bytes::from)
            }
        }
    }
}

/// A body that ends too early: what there is of it is sent, then the connection is closed.
pub(crate) fn cut_body(sent: Bytes) -> Body {
    let sent = stream::once(async move { Ok::<_, std::io::Error>(sent) });
    let cut = stream::once(async {
        // What was handed over before goes out meanwhile.
        tokio::task::yield_now().await;
        Err::<Bytes, _>(std::io::Error::other("the answer is cut short on demand"))
    });
    Body::from_stream(sent.chain(cut))
}
