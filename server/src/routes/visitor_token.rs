//! `POST /api/visitor-token`: a site's proof for HubSpot's visitor identification token. It is for other origins: it stands
//! outside the CSRF layer, takes no cookie, and answers the widget's exact origins. `docs/identity.md` describes it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    AUTHORIZATION, HeaderName, ORIGIN, VARY,
};
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
pub(super) struct OfWidget {
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
    Query(of): Query<OfWidget>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let widget = match widget_for(&server, of, &headers).await {
        Ok(widget) => widget,
        Err(problem) => return problem.into_response(),
    };
    let answer = match asked(&body) {
        Ok(asked) => answer(&server, &widget, &headers, &asked).await,
        Err(problem) => problem.into_response(),
    };
    readable_by(&headers, answer)
}

/// Revokes a proof, at the user's sign-out.
pub(super) async fn revoke(
    State(server): State<Server>,
    Query(of): Query<OfWidget>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let widget = match widget_for(&server, of, &headers).await {
        Ok(widget) => widget,
        Err(problem) => return problem.into_response(),
    };
    let answer = match asked(&body) {
        Ok(asked) => match server.engine.identity().revoke(&widget, &asked.token).await {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => problem(&widget, &error).into_response(),
        },
        Err(problem) => problem.into_response(),
    };
    readable_by(&headers, answer)
}

/// A browser's question whether a page may ask.
pub(super) async fn preflight(
    State(server): State<Server>,
    Query(of): Query<OfWidget>,
    headers: HeaderMap,
) -> Response {
    match widget_for(&server, of, &headers).await {
        Ok(_) => {
            let mut response = readable_by(&headers, StatusCode::NO_CONTENT.into_response());
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// The widget that the query names; a page that asks must be one that may embed it.
async fn widget_for(server: &Server, of: OfWidget, headers: &HeaderMap) -> Result<Widget, Problem> {
    let no_widget = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no_widget",
            "There is no such widget: name it in the address, /api/visitor-token?widget=<key>.",
        )
    };
    let key = WidgetKey::parse(of.widget).map_err(|_| no_widget())?;
    let widget = server.engine.widget(&key).await?.ok_or_else(no_widget)?;
    match headers.get(ORIGIN).map(HeaderValue::to_str) {
        None => Ok(widget),
        Some(Ok(origin)) if widget.settings.origins.iter().any(|allowed| allowed == origin) => Ok(widget),
        Some(_) => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "This page's origin is not among the widget's: its operator adds it with parlor widget origins.",
        )),
    }
}

/// The body is JSON whatever its type is called: a page that calls it text/plain saves itself a preflight.
fn asked(body: &[u8]) -> Result<Asked, Problem> {
    serde_json::from_slice(body).map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "unreadable",
            "The body must be a JSON object, like {\"token\": \"…\"}.",
        )
    })
}

async fn answer(server: &Server, widget: &Widget, headers: &HeaderMap, asked: &Asked) -> Response {
    let exchanged = match headers.get(AUTHORIZATION) {
        None => {
            server
                .engine
                .identity()
                .exchange(widget, Credential::Proof(&asked.token))
                .await
        }
        Some(_) if headers.contains_key(ORIGIN) => {
            return Problem::new(
                StatusCode::FORBIDDEN,
                "secret_in_page",
                "The widget's secret came from a page, where everybody can read it: make a new one with parlor widget identity, and \
                 use it on your server alone.",
            )
            .into_response();
        }
        Some(secret) => match called_by_server(server, widget, secret, asked).await {
            Ok(exchanged) => exchanged,
            Err(problem) => return problem.into_response(),
        },
    };
    match exchanged {
        Ok(exchanged) => as_json(&exchanged),
        Err(error) => problem(widget, &error).into_response(),
    }
}

async fn called_by_server(
    server: &Server,
    widget: &Widget,
    authorization: &HeaderValue,
    asked: &Asked,
) -> Result<Result<Exchanged, ExchangeError>, Problem> {
    let wrong = |field: &str, what: &str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", format!("`{field}` {what}"))
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
    Ok(server.engine.identity().exchange(widget, credential).await)
}

fn as_json(exchanged: &Exchanged) -> Response {
    Json(Answer {
        token: exchanged.token.token.expose_secret(),
        email: exchanged.email.as_str(),
        expires_at: exchanged.token.expires_at.rfc3339(),
    })
    .into_response()
}

fn problem(widget: &Widget, error: &ExchangeError) -> Problem {
    tracing::info!(widget = %widget.settings.key, code = error.code(), "a visitor's proof was not exchanged");
    let status = match error {
        ExchangeError::Proof(ProofError::NotVerified) | ExchangeError::VouchingNotAllowed => StatusCode::FORBIDDEN,
        ExchangeError::Proof(_) | ExchangeError::Secret => StatusCode::UNAUTHORIZED,
        ExchangeError::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        ExchangeError::Token(TokenError::Refused) => StatusCode::UNPROCESSABLE_ENTITY,
        ExchangeError::Token(TokenError::KeyRefused | TokenError::ScopeMissing | TokenError::PlanLacksIt) => {
            StatusCode::BAD_GATEWAY
        }
        ExchangeError::SecretUnreadable | ExchangeError::Token(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let problem = Problem::new(status, error.code(), error.to_string());
    match error {
        ExchangeError::RateLimited(wait) => {
            problem.retry_after(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
        }
        ExchangeError::Token(error) if error.passes_by_itself() => problem.retry_after(5),
        _ => problem,
    }
}

/// The page whose origin was checked may read the answer, and no other.
fn readable_by(asked: &HeaderMap, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = asked.get(ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = HeaderName::from_static("access-control-expose-headers");
        headers.insert(exposed, HeaderValue::from_static("retry-after"));
    }
    response
}
