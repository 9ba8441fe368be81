//! The stand-in of HubSpot's chat script, served as HubSpot serves its own from `js.hs-scripts.com`, and what it reports.
//!
//! These are another host's routes at HubSpot: they take no token and stand apart from the API's limits, faults, outage and
//! request log. Every page may use them, as every page may embed HubSpot's script.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::body::{json, parse};
use super::inject::CallBody;
use crate::Sandbox;
use crate::chat::ChatCall;
use crate::errors::{self, ApiError};

const SCRIPT: &str = include_str!("../chat.js");

/// What one report may hold; as many as are kept fit into memory many times over.
const LONGEST_REPORT: usize = 16 * 1024;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/{portal}", get(script))
        .route("/{portal}/visits", post(visit))
        .route("/{portal}/calls", post(call))
        .layer(DefaultBodyLimit::max(LONGEST_REPORT))
        .layer(middleware::from_fn(open_to_every_page))
}

/// Lets pages of every origin read the answers. No cookie is set, and none that comes is looked at.
async fn open_to_every_page(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let mut response = errors::finish(response, &errors::new_id());
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `/scripts/891936587.js`: only for this account's number, so that a wrong one in a snippet shows.
async fn script(State(sandbox): State<Sandbox>, Path(file): Path<String>) -> Result<Response, ApiError> {
    let portal = file.strip_suffix(".js").ok_or_else(ApiError::resource_not_found)?;
    check_portal(&sandbox, portal)?;
    let content_type = HeaderValue::from_static("text/javascript; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, content_type)], SCRIPT).into_response())
}

fn check_portal(sandbox: &Sandbox, portal: &str) -> Result<(), ApiError> {
    if sandbox.read(|records| records.portal_id.to_string()) == portal {
        Ok(())
    } else {
        Err(ApiError::resource_not_found())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VisitReport {
    hub_id: String,
    page: String,
    email: Option<String>,
    token: Option<String>,
}

/// Sent as `text/plain`, which needs no preflight; the body is JSON.
async fn visit(
    State(sandbox): State<Sandbox>,
    Path(portal): Path<String>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let report: VisitReport = parse(&body)?;
    check_portal(&sandbox, &portal)?;
    check_portal(&sandbox, &report.hub_id)?;
    let outcome = sandbox.visit(report.page, report.email, report.token);
    Ok(json(StatusCode::OK, &outcome))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CallReport {
    hub_id: String,
    page: String,
    call: String,
    arguments: Vec<Value>,
    settings: Value,
    ignored: Option<String>,
}

async fn call(
    State(sandbox): State<Sandbox>,
    Path(portal): Path<String>,
    body: CallBody,
) -> Result<StatusCode, ApiError> {
    let report: CallReport = parse(&body)?;
    check_portal(&sandbox, &portal)?;
    check_portal(&sandbox, &report.hub_id)?;
    sandbox.chat_call(|number, at| ChatCall {
        number,
        at,
        page: report.page,
        call: report.call,
        arguments: report.arguments,
        settings: report.settings,
        ignored: report.ignored,
    });
    Ok(StatusCode::NO_CONTENT)
}
