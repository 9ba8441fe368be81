//! `POST /api/visitor-token`: a site's proof for HubSpot's visitor identification token. It is for other origins: it stands
//! outside the CSRF layer, takes no cookie, and answers the widget's exact origins. `docs/identity.md` describes it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    AUTHORIZATION, HeaderName, ORIGIN, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use parlor_engine::Widget;
use parlor_engine::identity::{Credential, ExchangeError, Exchanged, ProofError, TokenError};
use parlor_protocol::{ClaimedEmail, PersonName, WidgetKey};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::state::Server;

#[derive(Deserialize)]
struct OfWidget {
    #[serde(default)]
    widget: String,
}

/// What is sent: a proof, or, with the widget's secret in `Authorization`, an address.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    token: String,
    email: String,
    given_name: String,
    family_name: String,
}

/// Who asks: for which widget, and from which page, which must be one that may embed it. A site's server has no origin.
pub(super) struct Caller {
    widget: Arc<Widget>,
    origin: Option<HeaderValue>,
}

impl FromRequestParts<Server> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let key = Query::<OfWidget>::try_from_uri(&parts.uri)
            .ok()
            .and_then(|of| WidgetKey::parse(of.0.widget).ok())
            .ok_or_else(|| refusal(None, &ExchangeError::NoWidget))?;
        let found = server.engine.identity().widget(&key).await;
        let widget = found.map_err(|error| refusal(None, &error))?;
        let origin = parts.headers.get(ORIGIN).cloned();
        let may_ask = |origin: &HeaderValue| widget.settings.origins.iter().any(|allowed| origin == allowed.as_str());
        if origin.as_ref().is_none_or(may_ask) {
            return Ok(Self { widget, origin });
        }
        Err(refused(
            Some(&widget),
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "This page's origin is not among the widget's: its operator adds it with parlor widget origins.",
        ))
    }
}

impl Caller {
    /// The page whose origin was checked may read the answer, and no other.
    fn told(self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed = HeaderName::from_static("access-control-expose-headers");
            headers.insert(exposed, HeaderValue::from_static("retry-after"));
        }
        response
    }

    /// The body is JSON whatever its type is called: a page that calls it text/plain saves itself a preflight.
    fn asked(&self, body: &[u8]) -> Result<Asked, Problem> {
        serde_json::from_slice(body).map_err(|_| {
            refused(
                Some(&self.widget),
                StatusCode::BAD_REQUEST,
                "unreadable",
                "The body must be a JSON object, like {\"token\": \"…\"}.",
            )
        })
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    token: &'a str,
    email: &'a str,
    /// RFC 3339, UTC.
    expires_at: String,
}

/// Exchanges.
pub(super) async fn exchange(
    State(server): State<Server>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = exchanged(&server, &caller, headers.get(AUTHORIZATION), &body).await;
    caller.told(answer)
}

/// Revokes a proof, at the user's sign-out.
pub(super) async fn revoke(State(server): State<Server>, caller: Caller, body: Bytes) -> Response {
    let answer = revoked(&server, &caller, &body).await;
    caller.told(answer)
}

/// A browser's question whether a page may ask.
pub(super) async fn preflight(caller: Caller) -> Response {
    let mut response = caller.told(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Any other method; the router says which there are.
pub(super) async fn no_such_method() -> Problem {
    refused(
        None,
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address takes POST only.",
    )
}

async fn exchanged(
    server: &Server,
    caller: &Caller,
    authorization: Option<&HeaderValue>,
    body: &[u8],
) -> Result<Response, Problem> {
    let (widget, asked) = (&caller.widget, caller.asked(body)?);
    match authorization {
        None => answered(server, widget, Credential::Proof(&asked.token)).await,
        Some(_) if caller.origin.is_some() => Err(refused(
            Some(widget),
            StatusCode::FORBIDDEN,
            "secret_in_page",
            "The widget's secret came from a page, where everybody can read it: make a new one with parlor widget identity, and \
                 use it on your server alone.",
        )),
        Some(secret) => called_by_server(server, widget, secret, &asked).await,
    }
}

async fn revoked(server: &Server, caller: &Caller, body: &[u8]) -> Result<StatusCode, Problem> {
    let asked = caller.asked(body)?;
    let revoked = server.engine.identity().revoke(&caller.widget, &asked.token).await;
    revoked.map_err(|error| refusal(Some(&caller.widget), &error))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn called_by_server(
    server: &Server,
    widget: &Widget,
    authorization: &HeaderValue,
    asked: &Asked,
) -> Result<Response, Problem> {
    let wrong = |field: &str, what: &str| {
        let detail = format!("`{field}` {what}");
        refused(Some(widget), StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    };
    let secret = authorization
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("Bearer "))
        .unwrap_or_default();
    let email = ClaimedEmail::parse(&asked.email).map_err(|error| wrong("email", &error.to_string()))?;
    let name = |field: &str, text: &str| match text.trim() {
        "" => Ok(None),
        text => PersonName::parse(text)
            .map(Some)
            .map_err(|error| wrong(field, &error.to_string())),
    };
    let (first_name, last_name) = (
        name("given_name", &asked.given_name)?,
        name("family_name", &asked.family_name)?,
    );
    let credential = Credential::ServerCall {
        secret,
        email: &email,
        first_name: first_name.as_ref(),
        last_name: last_name.as_ref(),
    };
    answered(server, widget, credential).await
}

async fn answered(server: &Server, widget: &Widget, credential: Credential<'_>) -> Result<Response, Problem> {
    let exchanged = server.engine.identity().exchange(widget, credential).await;
    let Exchanged { token, email } = exchanged.map_err(|error| refusal(Some(widget), &error))?;
    let answer = Answer {
        token: token.token.expose_secret(),
        email: email.as_str(),
        expires_at: token.expires_at.rfc3339(),
    };
    Ok(Json(answer).into_response())
}

/// What the engine refused.
fn refusal(widget: Option<&Widget>, error: &ExchangeError) -> Problem {
    let status = match error {
        ExchangeError::NoWidget => StatusCode::NOT_FOUND,
        ExchangeError::Proof(ProofError::NotVerified) | ExchangeError::VouchingNotAllowed => StatusCode::FORBIDDEN,
        ExchangeError::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        ExchangeError::Token(TokenError::Refused) => StatusCode::UNPROCESSABLE_ENTITY,
        ExchangeError::Token(TokenError::KeyRefused | TokenError::ScopeMissing | TokenError::PlanLacksIt) => {
            StatusCode::BAD_GATEWAY
        }
        ExchangeError::Proof(ProofError::SecretUnreadable)
        | ExchangeError::TooManyRevocations
        | ExchangeError::Token(_) => StatusCode::SERVICE_UNAVAILABLE,
        ExchangeError::Proof(_) | ExchangeError::Secret => StatusCode::UNAUTHORIZED,
    };
    let problem = refused(widget, status, error.code(), error.to_string());
    match error {
        ExchangeError::RateLimited(wait) => {
            problem.retry_after(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
        }
        ExchangeError::TooManyRevocations => problem.retry_after(60),
        ExchangeError::Token(error) if error.passes_by_itself() => problem.retry_after(5),
        _ => problem,
    }
}

/// Every refusal is logged by its code, never with what was sent: not even a widget's key that is none.
fn refused(widget: Option<&Widget>, status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
    let widget = widget.map_or("(none)", |widget| widget.settings.key.as_str());
    match code {
        // Somebody has to do something about these.
        "secret_in_page" | "too_many_revocations" => {
            tracing::warn!(widget, code, "a request for a visitor's token was refused");
        }
        _ => tracing::info!(widget, code, "a request for a visitor's token was refused"),
    }
    Problem::new(status, code, detail)
}
