//! The innermost layer: faults strike here, and here writes on hold get their turn.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::RequestNumber;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::faults::Effect;
use crate::faults::answer::{self, Mangled};
use crate::late_writes::{self, LateWrite, Touched};

/// Longer than a batch of a hundred contacts with a full transcript each, whatever their escapes.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

pub(crate) async fn inject(
    State(sandbox): State<Sandbox>,
    named: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST_BODY).await else {
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large", None).into_response();
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let (struck, touched) = {
        let mut state = sandbox.state();
        let struck = state.faults.strike(&parts.method, path, &body);
        if let (Some(id), Some(RequestNumber(number))) = (struck.id, parts.extensions.get()) {
            state.log.met_fault(*number, id);
        }
        if let Some(RequestNumber(number)) = parts.extensions.get() {
            state.log.asked(*number, &body);
        }
        let named = named.iter().flat_map(RawPathParams::iter);
        let touched = late_writes::touched(
            &state.records,
            &parts.method,
            parts.uri.path(),
            parts.uri.query().unwrap_or_default(),
            named,
            &body,
        );
        (struck, touched)
    };
    if !struck.delay.is_zero() {
        wait(&sandbox, struck.delay).await;
    }
    let write = LateWrite { parts, body, next };
    match struck.effect {
        None | Some(Effect::Delay { .. }) => apply(&sandbox, touched, write).await,
        Some(Effect::Status {
            status,
            message,
            category,
            body,
            content_type,
            headers,
        }) => answer::status_answer(
            status,
            message,
            category.as_deref(),
            body,
            content_type.as_deref(),
            &headers,
        ),
        Some(Effect::DroppedBefore) => answer::dropped_connection(),
        Some(Effect::CutShort { after_bytes }) => {
            mangled(apply(&sandbox, touched, write).await, Mangled::CutShort { after_bytes })
        }
        Some(Effect::WrongAnswer {
            status,
            body,
            content_type,
        }) => {
            let mangle = Mangled::Wrong {
                status,
                body,
                content_type,
            };
            mangled(apply(&sandbox, touched, write).await, mangle)
        }
        Some(Effect::AppliedNotAnswered { hang }) => {
            apply(&sandbox, touched, write).await;
            give_up(&sandbox, hang).await
        }
        Some(Effect::AppliedLate {
            after_writes,
            after_milliseconds,
            hang,
        }) => {
            hold(&sandbox, touched, after_writes, after_milliseconds, write);
            give_up(&sandbox, hang).await
        }
    }
}

/// The outermost layer does it, when the answer is whole.
fn mangled(mut response: Response, mangle: Mangled) -> Response {
    response.extensions_mut().insert(mangle);
    response
}

/// Lets the call go its way. Writes on hold whose turn comes with it are applied before it is answered, so that whoever has
/// the answer finds them applied.
async fn apply(sandbox: &Sandbox, touched: BTreeSet<Touched>, write: LateWrite) -> Response {
    let reads = write.parts.method == Method::GET;
    let LateWrite { parts, body, next } = write;
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !reads && response.status().is_success() {
        let due = sandbox.state().late_writes.after_write(&touched);
        for late in due {
            late.apply().await;
        }
    }
    response
}

fn hold(
    sandbox: &Sandbox,
    touched: BTreeSet<Touched>,
    after_writes: Option<u32>,
    after_milliseconds: Option<u64>,
    write: LateWrite,
) {
    let id = sandbox.state().late_writes.hold(touched, after_writes, write);
    if let Some(milliseconds) = after_milliseconds {
        let sandbox = sandbox.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            let due = sandbox.state().late_writes.take(id);
            if let Some(late) = due {
                late.apply().await;
            }
        });
    }
}

/// Closes the connection, at once or when the client has had enough.
async fn give_up(sandbox: &Sandbox, hang: bool) -> Response {
    if hang {
        // The server drops this future when the client goes away.
        sandbox.stopping().await;
    }
    answer::dropped_connection()
}

/// Waits, but not longer than the server lives.
async fn wait(sandbox: &Sandbox, duration: Duration) {
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        () = sandbox.stopping() => {}
    }
}

/// The body of a call, for the handlers.
pub(crate) type CallBody = Bytes;
