//! Files: bundles below their digest, icons at the root, and the page for everything that is not there.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Redirect, Response};

use crate::page;
use crate::problem::Problem;
use crate::state::Server;

pub(super) async fn root() -> Redirect {
    Redirect::to("/inbox")
}

pub(super) async fn package(State(server): State<Server>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    server
        .assets
        .serve(&path, &headers)
        .unwrap_or_else(|| Problem::not_found().into_response())
}

pub(super) async fn file_or_not_found(State(server): State<Server>, request: Request) -> Response {
    let name = request.uri().path().trim_start_matches('/');
    // The loaders have an address of their own, with a widget's settings in it; the bare scripts are no one's.
    let is_loader = matches!(name, "embed.js" | "hubspot.js");
    let is_file = request.method() == Method::GET && !is_loader && !name.contains('/');
    let file = if is_file {
        server.assets.serve(name, request.headers())
    } else {
        None
    };
    file.unwrap_or_else(|| page::not_found(&server))
}
