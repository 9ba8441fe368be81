//! Bearer tokens and their scopes.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderMap, Method, header};
use serde::{Deserialize, Serialize};

use crate::errors::ApiError;

/// The token that every sandbox grants every scope, unless its options say otherwise.
pub const DEFAULT_TOKEN: &str = "pat-sandbox";

/// The scope that stands for all of them.
pub const EVERY_SCOPE: &str = "*";

/// The tokens that are good, each with its scopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tokens(BTreeMap<String, BTreeSet<String>>);

impl Default for Tokens {
    /// Only [`DEFAULT_TOKEN`], with every scope.
    fn default() -> Self {
        let mut tokens = Self::none();
        tokens.grant(DEFAULT_TOKEN, [EVERY_SCOPE]);
        tokens
    }
}

impl Tokens {
    /// No token at all: every call answers 401.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Makes a token good for these scopes, in place of those it had.
    pub fn grant<Scope: Into<String>>(&mut self, token: &str, scopes: impl IntoIterator<Item = Scope>) {
        self.0
            .insert(token.to_owned(), scopes.into_iter().map(Into::into).collect());
    }

    /// Makes a token worthless.
    pub fn revoke(&mut self, token: &str) {
        self.0.remove(token);
    }

    /// The token of a call, when it is good: else HubSpot's 401.
    pub(crate) fn authenticate(&self, headers: &HeaderMap) -> Result<String, ApiError> {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| self.0.contains_key(*token))
            .map(str::to_owned)
            .ok_or_else(ApiError::unauthenticated)
    }

    /// Whether the token may make the call: else HubSpot's 403 that names the scope.
    pub(crate) fn authorize(&self, token: &str, method: &Method, path: &str) -> Result<(), ApiError> {
        let Some(scope) = required_scope(method, path) else {
            return Ok(());
        };
        let granted = self
            .0
            .get(token)
            .is_some_and(|scopes| scopes.contains(EVERY_SCOPE) || scopes.contains(scope));
        if granted {
            Ok(())
        } else {
            Err(ApiError::missing_scope(scope))
        }
    }
}

/// The scope a call needs. Account details need none beyond a good token.
fn required_scope(method: &Method, path: &str) -> Option<&'static str> {
    let reads = method == Method::GET || path.ends_with("/batch/read");
    let mut parts = path.split('/').skip(1);
    match parts.next() {
        Some("crm") => {}
        Some("visitor-identification") => return Some("conversations.visitor_identification.tokens.create"),
        Some("webhooks" | "app-webhooks") if reads => return Some("developers-read"),
        Some("webhooks" | "app-webhooks") => return Some("developers-write"),
        _ => return None,
    }
    // `/crm/v3/properties/…` and `/crm/properties/2026-03/…` name the area in either of the next two parts.
    let area = parts.take(2).find(|part| ["objects", "properties"].contains(part));
    match (area, reads) {
        (Some("properties"), true) => Some("crm.schemas.contacts.read"),
        (Some("properties"), false) => Some("crm.schemas.contacts.write"),
        (_, true) => Some("crm.objects.contacts.read"),
        (_, false) => Some("crm.objects.contacts.write"),
    }
}
