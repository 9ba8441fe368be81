//! What a path names: kinds of records, and records.

use axum::extract::rejection::{NestedPathRejection, RawPathParamsRejection};
use axum::extract::{FromRequestParts, NestedPath, RawPathParams};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};

use crate::errors::ApiError;
use crate::state::object_types::ObjectType;

/// The placeholders in routes.
pub(crate) const OBJECT_TYPE: &str = "object_type";
pub(crate) const OBJECT_ID: &str = "object_id";
pub(crate) const TO_OBJECT_TYPE: &str = "to_object_type";
pub(crate) const TO_OBJECT_ID: &str = "to_object_id";

/// The kind of record at the other end of an association.
pub(crate) struct ToObjectType(pub(crate) ObjectType);

/// A record, by its id or by the property that `idProperty` says.
pub(crate) struct ObjectName(pub(crate) String);

/// The record at the other end of an association.
pub(crate) struct ToObjectName(pub(crate) String);

async fn placeholder<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Result<String, ApiError> {
    let unreadable = |error: RawPathParamsRejection| ApiError::validation(error.to_string());
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(unreadable)?;
    let value = params.iter().find(|(candidate, _)| *candidate == name);
    // A route without the placeholder is a mistake of the sandbox's own.
    let missing = || ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error", None);
    value.map(|(_, value)| value.to_owned()).ok_or_else(missing)
}

/// The kind of record that a name stands for: else HubSpot's 400.
pub(crate) fn object_type(name: &str) -> Result<ObjectType, ApiError> {
    name.parse().map_err(|_| ApiError::unknown_object_type(name))
}

impl<S: Send + Sync> FromRequestParts<S> for ObjectType {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        object_type(&placeholder(parts, state, OBJECT_TYPE).await?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ToObjectType {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        object_type(&placeholder(parts, state, TO_OBJECT_TYPE).await?).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ObjectName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        placeholder(parts, state, OBJECT_ID).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ToObjectName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        placeholder(parts, state, TO_OBJECT_ID).await.map(Self)
    }
}

/// The address that was called: inside a router, the request has only the end of it.
pub(crate) struct Called {
    /// Scheme and host, as the client named them.
    origin: String,
    /// What the router of the records is under: `/crm/v3/objects`.
    nested: String,
    path: String,
    query: String,
}

impl Called {
    /// The address of the page that follows: the same call, from there on.
    pub(crate) fn next_page(&self, limit: usize, after: impl std::fmt::Display) -> String {
        let named_here = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default();
            ["", "limit", "after"].contains(&name)
        };
        let others = self.query.split('&').filter(|pair| !named_here(pair));
        let others: String = others.flat_map(|pair| [pair, "&"]).collect();
        let Self {
            origin, nested, path, ..
        } = self;
        format!("{origin}{nested}{path}?{others}limit={limit}&after={after}")
    }

    /// The address that all records of this version are under.
    pub(crate) fn objects(&self) -> String {
        format!("{}{}", self.origin, self.nested)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Called {
    type Rejection = NestedPathRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NestedPathRejection> {
        let nested = NestedPath::from_request_parts(parts, state).await?;
        let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(|| parts.uri.authority().map(Authority::as_str));
        Ok(Self {
            origin: format!("http://{}", host.unwrap_or("localhost")),
            nested: nested.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}
