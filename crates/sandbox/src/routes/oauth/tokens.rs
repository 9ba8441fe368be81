//! The calls about tokens: exchange, introspection, revocation, and the older ones.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use url::form_urlencoded;

use super::super::body::{Pairs, first, json, parse};
use super::super::inject::CallBody;
use crate::Sandbox;
use crate::auth::{Caller, bearer};
use crate::errors::ApiError;
use crate::oauth::{Hub, PrivateAppToken};
use crate::state::Records;

const FORM: &str = "application/x-www-form-urlencoded";

/// The body as a form; an empty value counts as none. A body whose type is not told is taken for one.
fn form(headers: &HeaderMap, body: &[u8]) -> Result<Pairs, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_form = content_type.is_none_or(|value| {
        let media_type = value.split(|byte| *byte == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes())
    });
    if !is_form {
        return Err(ApiError::no_form());
    }
    Ok(form_urlencoded::parse(body)
        .into_owned()
        .filter(|(_, value)| !value.is_empty())
        .collect())
}

fn hub(records: &Records) -> Hub<'_> {
    Hub {
        id: records.portal_id,
        hosting_location: &records.account.data_hosting_location,
    }
}

/// A JSON answer that no cache keeps, as RFC 6749 demands of every answer with a token.
fn secret(value: &impl serde::Serialize) -> Response {
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (no_store, json(StatusCode::OK, value)).into_response()
}

pub(super) async fn exchange(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: CallBody,
) -> Result<Response, ApiError> {
    let form = form(&headers, &body)?;
    sandbox.change(|records, now| {
        // Not `hub(records)`, which would borrow the apps as well.
        let hub = Hub {
            id: records.portal_id,
            hosting_location: &records.account.data_hosting_location,
        };
        let answer = records.oauth.exchange(|name| first(&form, name), hub, now)?;
        Ok(secret(&answer))
    })
}

pub(super) async fn introspect(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: CallBody,
) -> Result<Response, ApiError> {
    let form = form(&headers, &body)?;
    let now = sandbox.now();
    sandbox.read(|records| {
        let answer = records.oauth.introspect(|name| first(&form, name), hub(records), now)?;
        Ok(secret(&answer))
    })
}

/// HubSpot's description names no status for success: RFC 7009's is taken.
pub(super) async fn revoke(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: CallBody,
) -> Result<StatusCode, ApiError> {
    let form = form(&headers, &body)?;
    sandbox.change(|records, _| {
        records.oauth.revoke(|name| first(&form, name))?;
        Ok(StatusCode::OK)
    })
}

/// What HubSpot answers for a token that is not known or has expired is not known.
pub(super) async fn access_token(
    State(sandbox): State<Sandbox>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let now = sandbox.now();
    sandbox.read(|records| {
        let known = records.oauth.legacy_access_token(&token, records.portal_id, now);
        known
            .map(|known| secret(&known))
            .ok_or_else(ApiError::resource_not_found)
    })
}

/// What HubSpot answers for a token that is not known is not known.
pub(super) async fn refresh_token(
    State(sandbox): State<Sandbox>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    sandbox.read(|records| {
        let known = records.oauth.legacy_refresh_token(&token, records.portal_id);
        known
            .map(|known| secret(&known))
            .ok_or_else(ApiError::resource_not_found)
    })
}

pub(super) async fn delete_refresh_token(
    State(sandbox): State<Sandbox>,
    Path(token): Path<String>,
) -> Result<StatusCode, ApiError> {
    sandbox.change(|records, _| {
        if records.oauth.delete_refresh_token(&token) {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(ApiError::resource_not_found())
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenKey {
    token_key: String,
}

/// The token is its own proof; for accounts outside of North America it has to come as bearer too. What HubSpot answers for a
/// token that is no private app's is not known.
pub(super) async fn private_app_token(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: CallBody,
) -> Result<Response, ApiError> {
    let TokenKey { token_key } = parse(&body)?;
    let now = sandbox.now();
    sandbox.read(|records| {
        let elsewhere = !records.account.data_hosting_location.starts_with("na");
        if elsewhere || bearer(&headers).is_some() {
            Caller::authenticate(records, &headers, now)?;
        }
        let known = PrivateAppToken::of(&records.tokens, &token_key, records.portal_id);
        known.map(|known| secret(&known)).ok_or_else(ApiError::unauthenticated)
    })
}
