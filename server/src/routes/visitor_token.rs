//! `POST /api/visitor-token`: a site's proof for HubSpot's visitor identification token. It is for other origins: it stands
//! outside the CSRF layer, takes no cookie, and answers the widget's exact origins. `docs/identity.md` describes it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    AUTHORIZATION, HeaderName, ORIGIN, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use parlor_engine::Widget;
use parlor_engine::identity::{Credential, ExchangeError, Exchanged, ProofError, TokenError, name_of};
use parlor_protocol::{ClaimedEmail, WidgetKey};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::state::Server;

#[derive(Deserialize)]
struct OfWidget {
    #[serde(default)]
    widget: String,
}

/// What is sent: a proof, or, with the widget's secret in `Authorization`, an address.
struct Asked(Map<String, Value>);

impl Asked {
    /// The body is JSON whatever its type is called: a page that calls it text/plain saves itself a preflight.
    fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, Refusal> {
        let body = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body may have 8 KiB.")
            }
            _ => Self::unreadable(),
        })?;
        serde_json::from_slice(&body).map(Self).map_err(|_| Self::unreadable())
    }

    fn unreadable() -> Refusal {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "unreadable",
            "The body must be a JSON object, like {\"token\": \"…\"}.",
        )
    }

    /// A field's text; what is missing or `null` is an empty one.
    fn text(&self, field: &str) -> Result<&str, Refusal> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Refusal::invalid(field, "must be a text.")),
        }
    }
}

/// Why there is no token, before it is told.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retry_after: None,
        }
    }

    fn invalid(field: &str, what: &str) -> Self {
        let detail = format!("`{field}`: {what}");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }

    /// What the engine refused.
    fn of(server: &Server, error: &ExchangeError) -> Self {
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
        Self {
            retry_after: server.engine.identity().retry_after(error),
            ..Self::new(status, error.code(), error.to_string())
        }
    }

    /// The answer, once the log and the metrics know of it: by its code, never with what was sent.
    fn told(self, server: &Server, widget: Option<&Widget>) -> Problem {
        let widget = widget.map(|widget| widget.settings.key.as_str());
        server.refusals.note(widget, self.code);
        let problem = Problem::new(self.status, self.code, self.detail).expected();
        match self.retry_after {
            Some(wait) => problem.retry_after(whole_seconds(wait)),
            None => problem,
        }
    }
}

/// A wait in the whole seconds of `Retry-After`, never too short.
fn whole_seconds(wait: Duration) -> u32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

/// Who asks: for which widget, and from which page, which must be one that may embed it. A site's server has no origin.
pub(super) struct Caller {
    widget: Arc<Widget>,
    origin: Option<HeaderValue>,
}

impl FromRequestParts<Server> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let found = Self::find(parts, server).await;
        found.map_err(|(widget, refusal)| refusal.told(server, widget.as_deref()))
    }
}

impl Caller {
    async fn find(parts: &Parts, server: &Server) -> Result<Self, (Option<Arc<Widget>>, Refusal)> {
        let refused = |error: &ExchangeError| (None, Refusal::of(server, error));
        let key = Query::<OfWidget>::try_from_uri(&parts.uri)
            .ok()
            .and_then(|of| WidgetKey::parse(of.0.widget).ok())
            .ok_or_else(|| refused(&ExchangeError::NoWidget))?;
        let found = server.engine.identity().widget(&key).await;
        let widget = found.map_err(|error| refused(&error))?;
        let origin = parts.headers.get(ORIGIN).cloned();
        let may_ask = |origin: &HeaderValue| widget.settings.origins.iter().any(|allowed| origin == allowed.as_str());
        if origin.as_ref().is_none_or(may_ask) {
            return Ok(Self { widget, origin });
        }
        let refusal = Refusal::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "This page's origin is not among the widget's: its operator adds it with parlor widget origins.",
        );
        Err((Some(widget), refusal))
    }

    /// The page whose origin was checked may read the answer, and no other.
    fn told(self, server: &Server, answer: Result<impl IntoResponse, Refusal>) -> Response {
        let mut response = match answer {
            Ok(answer) => answer.into_response(),
            Err(refusal) => refusal.told(server, Some(&self.widget)).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed = HeaderName::from_static("access-control-expose-headers");
            headers.insert(exposed, HeaderValue::from_static("retry-after"));
        }
        response
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
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let answer = exchanged(&server, &caller, headers.get(AUTHORIZATION), body).await;
    caller.told(&server, answer)
}

/// Revokes a proof, at the user's sign-out.
pub(super) async fn revoke(
    State(server): State<Server>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let answer = revoked(&server, &caller, body).await;
    caller.told(&server, answer)
}

/// A browser's question whether a page may ask.
pub(super) async fn preflight(State(server): State<Server>, caller: Caller) -> Response {
    let mut response = caller.told(&server, Ok(StatusCode::NO_CONTENT));
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Any other method, whoever asks; the router says which there are.
pub(super) async fn no_such_method(State(server): State<Server>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let refusal = Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address takes POST only.",
    );
    match Caller::find(&parts, &server).await {
        Ok(caller) => caller.told(&server, Err::<(), _>(refusal)),
        Err(_) => refusal.told(&server, None).into_response(),
    }
}

async fn exchanged(
    server: &Server,
    caller: &Caller,
    authorization: Option<&HeaderValue>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let (widget, asked) = (&caller.widget, Asked::read(body)?);
    let token = asked.text("token")?;
    match authorization.map(bearer) {
        Some(Some(_)) if caller.origin.is_some() => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "secret_in_page",
            "The widget's secret came from a page, where everybody can read it: make a new one with parlor widget identity, and \
                 use it on your server alone.",
        )),
        Some(Some(secret)) => called_by_server(server, widget, secret, &asked).await,
        // Of another scheme (a site under construction has its own password, say): the proof counts, and where there is none the
        // secret is what is missing.
        Some(None) if token.is_empty() => Err(Refusal::of(server, &ExchangeError::Secret)),
        Some(None) | None => answered(server, widget, Credential::Proof(token)).await,
    }
}

/// The secret in a header of the scheme `Bearer`, in any case of its letters; `None` for another scheme.
fn bearer(authorization: &HeaderValue) -> Option<&str> {
    let text = authorization.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

async fn revoked(server: &Server, caller: &Caller, body: Result<Bytes, BytesRejection>) -> Result<StatusCode, Refusal> {
    let asked = Asked::read(body)?;
    let revoked = server
        .engine
        .identity()
        .revoke(&caller.widget, asked.text("token")?)
        .await;
    revoked.map_err(|error| Refusal::of(server, &error))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn called_by_server(server: &Server, widget: &Widget, secret: &str, asked: &Asked) -> Result<Response, Refusal> {
    // First: whoever has no secret learns nothing of what else is wrong.
    let checked = server.engine.identity().check_secret(widget, secret).await;
    checked.map_err(|error| Refusal::of(server, &error))?;
    let email = ClaimedEmail::parse(asked.text("email")?);
    let email = email.map_err(|error| Refusal::invalid("email", &error.to_string()))?;
    let name = |field: &str| name_of(asked.text(field)?).map_err(|error| Refusal::invalid(field, &error.to_string()));
    let (first_name, last_name) = (name("given_name")?, name("family_name")?);
    let credential = Credential::ServerCall {
        secret,
        email: &email,
        first_name: first_name.as_ref(),
        last_name: last_name.as_ref(),
    };
    answered(server, widget, credential).await
}

async fn answered(server: &Server, widget: &Widget, credential: Credential<'_>) -> Result<Response, Refusal> {
    let exchanged = server.engine.identity().exchange(widget, credential).await;
    let Exchanged { token, email } = exchanged.map_err(|error| Refusal::of(server, &error))?;
    let answer = Answer {
        token: token.token.expose_secret(),
        email: email.as_str(),
        expires_at: token.expires_at.rfc3339(),
    };
    Ok(Json(answer).into_response())
}
