//! Keeps pages of other sites away from control and pages: a browser on this machine would carry their requests here.

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::errors::{self, ApiError};
use crate::{Sandbox, SandboxOptions};

/// Refuses what a page of another site makes a browser send.
pub(crate) async fn own_site(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if comes_from_elsewhere(headers) || !has_own_name(headers, sandbox.options()) {
        refused()
    } else {
        next.run(request).await
    }
}

/// Refuses calls by a name that is not this machine's, as a site sends them that gave its name this machine's address.
/// Links of other sites may lead here: they show the page to whoever follows them, and the site does not see it.
pub(crate) async fn own_name(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    if has_own_name(request.headers(), sandbox.options()) {
        next.run(request).await
    } else {
        refused()
    }
}

fn refused() -> Response {
    let message = "The control calls cannot be made by a page of another site";
    let refusal = ApiError::new(StatusCode::FORBIDDEN, message, None).into_response();
    errors::finish(refusal, &errors::new_id())
}

pub(super) fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let cross_site = text("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site));
    let own_host = text(header::HOST.as_str()).unwrap_or_default();
    let foreign_origin = text(header::ORIGIN.as_str())
        .is_some_and(|origin| origin.split_once("://").is_none_or(|(_, host)| host != own_host));
    cross_site || foreign_origin
}

/// An address, or `localhost`: nobody else can have them. In a network of its own the sandbox has what name it is given.
fn has_own_name(headers: &HeaderMap, options: &SandboxOptions) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return options.allow_public || headers.get(header::HOST).is_none();
    };
    let name = host.host().trim_matches(['[', ']']);
    options.allow_public
        || name.parse::<std::net::IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
}
