//! The headers every answer carries, errors and redirects included.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use parlor_protocol::WidgetKey;

use crate::origin::PublicUrl;
use crate::problem::Problem;
use crate::state::Server;

/// Who may frame a page.
#[derive(Debug, Clone, Copy)]
pub enum FramedBy<'a> {
    /// Nobody.
    Nobody,
    /// The pages of these origins; none of them when the list is empty.
    Origins(&'a [String]),
}

/// The policy of a page with scripts of this nonce.
#[must_use]
pub fn page_policy(nonce: &str, framed_by: FramedBy<'_>, public: &PublicUrl, more_connections: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self' {}{more_connections}; base-uri 'none'; form-action 'self'; \
         frame-ancestors {}",
        public.socket_origin(),
        ancestors(framed_by),
    )
}

/// The policy of everything that is no page: an error, a script, a redirect.
#[must_use]
pub fn bare_policy(framed_by: FramedBy<'_>) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {}",
        ancestors(framed_by)
    )
}

/// What a policy says that lets nobody frame.
const FRAMED_BY_NOBODY: &str = "frame-ancestors 'none'";

fn ancestors(framed_by: FramedBy<'_>) -> String {
    match framed_by {
        FramedBy::Nobody | FramedBy::Origins([]) => "'none'".to_owned(),
        FramedBy::Origins(origins) => origins.join(" "),
    }
}

/// Adds what is missing to every answer. A page that may be framed has said so itself, by its policy.
pub(crate) async fn add_headers(State(server): State<Server>, request: Request, next: Next) -> Response {
    let widget = widget_in(request.uri().path());
    let mut response = next.run(request).await;
    frame_answer(&server, widget, &mut response).await;
    let headers = response.headers_mut();
    let may_be_framed = headers
        .get(CONTENT_SECURITY_POLICY)
        .and_then(|policy| policy.to_str().ok())
        .is_some_and(|policy| !policy.contains(FRAMED_BY_NOBODY));
    if !headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&bare_policy(FramedBy::Nobody))
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if !may_be_framed {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // `no-referrer` would make the Origin of a form post within the iframe `null`, and the post would be refused.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let permissions = HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()");
    headers.insert(HeaderName::from_static("permissions-policy"), permissions);
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if server.settings.public_url.is_https() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    }
    response
}

/// The widget whose page or form an address is.
fn widget_in(path: &str) -> Option<WidgetKey> {
    let key = path.strip_prefix("/widget/")?.split('/').next()?;
    WidgetKey::parse(key).ok()
}

/// An answer at a widget's address is for its iframe, or nobody sees it: errors too, and where no route of the widget answered.
async fn frame_answer(server: &Server, widget: Option<WidgetKey>, response: &mut Response) {
    let policy = response
        .headers()
        .get(CONTENT_SECURITY_POLICY)
        .and_then(|policy| policy.to_str().ok())
        .unwrap_or_default();
    let Some(key) = widget.filter(|_| policy.is_empty() || policy.contains(FRAMED_BY_NOBODY)) else {
        return;
    };
    let Ok(Some(widget)) = server.engine.widget(&key).await else {
        return;
    };
    let framed_by = FramedBy::Origins(&widget.settings.origins);
    let policy = if policy.is_empty() {
        bare_policy(framed_by)
    } else {
        policy.replace(FRAMED_BY_NOBODY, &format!("frame-ancestors {}", ancestors(framed_by)))
    };
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// Refuses a request whose end two servers could see in two places (request smuggling). hyper takes the Content-Length away
/// where both headers stand, so that what is ambiguous cannot be told from what is not; no browser sends `Transfer-Encoding`
/// by HTTP/1.1, and proxies pass on a body with its length.
pub(crate) async fn refuse_ambiguous(request: Request, next: Next) -> Response {
    use axum::http::header::{CONNECTION, TRANSFER_ENCODING};

    if request.headers().contains_key(TRANSFER_ENCODING) {
        let detail = "Send the body with a Content-Length, not with a Transfer-Encoding.";
        let problem = Problem::new(StatusCode::BAD_REQUEST, "transfer_encoding", detail);
        return ([(CONNECTION, "close")], problem).into_response();
    }
    next.run(request).await
}
