//! Pages of the user interface as answers: rendered, with their policy.

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use leptos::prelude::IntoView;
use leptos::view;
use parlor_app::ui::document::{MessagePage, Rendered, render};

use crate::assets::Bundle;
use crate::security::{FramedBy, page_policy};
use crate::state::Server;

/// Renders a page and says who may frame it.
pub(crate) fn page<V: IntoView>(
    server: &Server,
    status: StatusCode,
    framed_by: FramedBy<'_>,
    make: impl FnOnce() -> V,
) -> Response {
    let Rendered { html, nonce } = render(make);
    let development = server.assets.development_connections();
    let policy = page_policy(&nonce, framed_by, &server.settings.public_url, &development);
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // What a page shows is one person's: no cache may keep it, not even the browser's own for the way back.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The same page, with how long to wait before what it is about is tried again.
pub(crate) fn retry_after(mut page: Response, wait: Duration) -> Response {
    // In whole seconds; what is nearly over is one.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    page.headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    page
}

/// A page with nothing but words.
pub(crate) fn message(
    server: &Server,
    status: StatusCode,
    framed_by: FramedBy<'_>,
    title: &str,
    text: &str,
) -> Response {
    let assets = server.assets.page(Bundle::Widget);
    let (title, text) = (title.to_owned(), text.to_owned());
    page(server, status, framed_by, || {
        view! { <MessagePage title=title text=text status=status.as_u16() assets=assets/> }
    })
}

/// The page for an address where nothing is.
pub(crate) fn not_found(server: &Server) -> Response {
    let text = "There is nothing at this address. If a link led you here, it may be old.";
    message(server, StatusCode::NOT_FOUND, FramedBy::Nobody, "Not found", text)
}

/// The page for what did not work now.
pub(crate) fn unavailable(server: &Server, framed_by: FramedBy<'_>) -> Response {
    let text = "This did not work now. Nothing is lost; please try again in a moment.";
    message(
        server,
        StatusCode::SERVICE_UNAVAILABLE,
        framed_by,
        "Please try again",
        text,
    )
}
