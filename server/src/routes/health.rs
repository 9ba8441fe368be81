//! `/healthz`: the process lives. `/readyz`: it can commit. HubSpot being down makes it neither.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::state::Server;

pub(super) async fn live() -> &'static str {
    "alive\n"
}

pub(super) async fn ready(State(server): State<Server>) -> Response {
    if server.stop.is_cancelled() {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "The server is stopping.").into_response();
    }
    match tokio::time::timeout(Duration::from_secs(5), server.engine.store().probe()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "the store cannot commit");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "cannot_commit",
                "The store cannot commit; see the log.",
            )
            .into_response()
        }
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "slow_store",
            "The store took over five seconds.",
        )
        .into_response(),
    }
}
