//! The routes: which address leads where, and through which layers.

mod files;
mod functions;
mod health;
mod inbox;
mod inbox_forms;
mod inbox_people;
mod inbox_settings;
mod visitor_forms;
mod visitor_token;
mod widget;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::classify::{
    ClassifiedResponse, ClassifyResponse, NeverClassifyEos, ServerErrorsAsFailures, ServerErrorsFailureClass,
    SharedClassifier,
};
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::problem::Expected;
use crate::state::Server;
use crate::{errors, origin, page, relay, security, session};

/// A form or a server function's input is at most a message in its widest encoding, and some words about it.
const BODY_BYTES: usize = 64 * 1024;

/// A proof, or an address with names.
const PROOF_BYTES: usize = 8 * 1024;

/// No page takes longer. Sockets are not counted: their answer is the upgrade.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Everything that Parlor itself serves.
pub fn router(server: Server) -> Router {
    let visitor = Router::new()
        .route("/widget/{key}", get(widget::page))
        .route("/widget/{key}/theme.css", get(widget::theme))
        .route("/widget/{key}/register", post(visitor_forms::register))
        .route("/widget/{key}/messages", post(visitor_forms::message))
        .route("/widget/{key}/api/visitor/{function}", post(widget::function))
        .route("/ws/visitor", get(relay::upgrade_visitor))
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(server.clone(), widget::find))
                .layer(from_fn_with_state(server.clone(), session::visitor_session)),
        );
    let rep = Router::new()
        .route("/inbox", get(inbox::list))
        .route("/inbox/{conversation}", get(inbox::conversation))
        .route("/inbox/{conversation}/messages", post(inbox_forms::message))
        .route("/inbox/{conversation}/forget", post(inbox_people::forget))
        .route("/inbox/{conversation}/export", post(inbox_people::export))
        .route(
            "/inbox/sign-in",
            get(inbox_forms::sign_in_page).post(inbox_forms::sign_in),
        )
        .route("/inbox/sign-out", post(inbox_forms::sign_out))
        .route(
            "/inbox/password",
            get(inbox_forms::password_page).post(inbox_forms::change_password),
        )
        .route("/inbox/settings", get(inbox_settings::page))
        .route("/inbox/settings/hubspot", post(inbox_settings::offer))
        .route("/inbox/settings/hubspot/use", post(inbox_settings::use_offer))
        .route("/inbox/settings/replay", post(inbox_settings::replay))
        .route("/api/inbox/{function}", post(inbox::function))
        .route("/ws/inbox", get(relay::upgrade_inbox))
        .layer(from_fn_with_state(server.clone(), session::rep_session));
    let open = Router::new()
        .route("/", get(files::root))
        .route("/w/{key}/embed.js", get(widget::loader))
        .route("/pkg/{*path}", get(files::package))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/ws/{*rest}", any(relay::not_an_upgrade))
        .fallback(files::file_or_not_found);
    // For other origins: they take no cookie, and judge each origin themselves.
    let foreign = Router::new()
        .route(
            "/api/visitor-token",
            post(visitor_token::exchange)
                .options(visitor_token::preflight)
                .fallback(visitor_token::no_such_method),
        )
        .route(
            "/api/visitor-token/revoke",
            post(visitor_token::revoke)
                .options(visitor_token::preflight)
                .fallback(visitor_token::no_such_method),
        )
        .layer(DefaultBodyLimit::max(PROOF_BYTES));
    let trusted: std::sync::Arc<[ipnet::IpNet]> = server.settings.trusted_proxies.clone().into();
    // Our own origin counts whatever Host a proxy made of it; an address that browsers cannot send is refused with the settings.
    let csrf = CsrfLayer::new()
        .add_trusted_origin(server.settings.public_url.origin())
        .unwrap_or_else(|_| CsrfLayer::new());
    let request_id = HeaderName::from_static("x-request-id");
    Router::new()
        .merge(Router::new().merge(visitor).merge(rep).merge(open).layer(csrf))
        .merge(foreign)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(request_id.clone(), MakeRequestUuid))
                .layer(TraceLayer::new(SharedClassifier::new(UnexpectedErrors)).make_span_with(span))
                .layer(PropagateRequestIdLayer::new(request_id))
                .layer(from_fn_with_state(server.clone(), security::add_headers))
                .layer(from_fn_with_state(server.clone(), errors::in_our_words))
                .layer(CatchPanicLayer::custom(panicked))
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::SERVICE_UNAVAILABLE,
                    ANSWER_WITHIN,
                ))
                .layer(from_fn(security::refuse_ambiguous))
                .layer(from_fn_with_state(trusted, origin::note_client_address))
                .layer(DefaultBodyLimit::max(BODY_BYTES)),
        )
        .with_state(server)
}

/// What the log calls a failure: every answer of 500 or more that nobody expected.
#[derive(Clone, Copy)]
struct UnexpectedErrors;

impl ClassifyResponse for UnexpectedErrors {
    type FailureClass = ServerErrorsFailureClass;
    type ClassifyEos = NeverClassifyEos<ServerErrorsFailureClass>;

    fn classify_response<B>(
        self,
        response: &axum::http::Response<B>,
    ) -> ClassifiedResponse<Self::FailureClass, Self::ClassifyEos> {
        if response.extensions().get::<Expected>().is_some() {
            return ClassifiedResponse::Ready(Ok(()));
        }
        ServerErrorsAsFailures::new().classify_response(response)
    }

    fn classify_error<E: std::fmt::Display + 'static>(self, error: &E) -> Self::FailureClass {
        ServerErrorsAsFailures::new().classify_error(error)
    }
}

/// What the log tells of a request: neither query nor headers, which may carry what is nobody's business, and the path only in
/// its general form.
fn span(request: &Request) -> tracing::Span {
    let path = request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map_or("(other)", |path| path.as_str());
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path, id)
}

async fn method_not_allowed(State(server): State<Server>) -> Response {
    let text = "This address does not take that kind of request.";
    page::message(
        &server,
        StatusCode::METHOD_NOT_ALLOWED,
        security::FramedBy::Nobody,
        "Not possible",
        text,
    )
}

/// A panic is our mistake; what it said stays in the log.
fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    use axum::response::IntoResponse;

    metrics::counter!("parlor_panics_total").increment(1);
    tracing::error!("a request panicked");
    crate::problem::Problem::internal().into_response()
}
