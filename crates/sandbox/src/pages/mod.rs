//! The pages: what is in the sandbox and what happened to it, as plain HTML that needs no script and no token.
//!
//! Pages that only show refresh themselves; those with a form to fill in do not, for that would empty it.

mod clock;
mod contacts;
mod faults;
pub(crate) mod layout;
mod records;
mod requests;
mod webhooks;

use axum::Router;
use axum::http::header;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::Sandbox;
use crate::routes::guard;

pub(crate) fn router(sandbox: &Sandbox) -> Router<Sandbox> {
    let shown = Router::new()
        .route("/", get(contacts::list))
        .route("/contacts/{id}", get(records::contact))
        .route("/objects", get(records::all))
        .route("/objects/{object_type}/{id}", get(records::one))
        .route("/requests", get(requests::list))
        .route("/requests/{number}", get(requests::one))
        .route("/faults", get(faults::list))
        .route("/webhooks", get(webhooks::show))
        .route("/clock", get(clock::show))
        .layer(middleware::from_fn_with_state(sandbox.clone(), guard::own_name));
    let done = Router::new()
        .route("/requests/clear", post(requests::clear))
        .route("/faults", post(faults::add))
        .route("/faults/clear", post(faults::clear))
        .route("/faults/{id}/remove", post(faults::remove))
        .route("/clock", post(clock::set))
        .layer(middleware::from_fn_with_state(sandbox.clone(), guard::own_site));
    shown.merge(done)
}

/// After a form was sent: the page that shows what it did, which can be loaded again without sending it again.
fn see(path: &'static str) -> Response {
    (axum::http::StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}
