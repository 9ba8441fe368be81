//! Who calls: a private app with its static token, or a public app with an access token from OAuth; and which scopes it has.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderMap, Method, header};
use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::errors::ApiError;
use crate::limits::Bucket;
use crate::oauth::AccessToken;
use crate::scopes::{self, Scopes};
use crate::state::Records;

/// The token that every sandbox grants every scope, unless its options say otherwise.
pub const DEFAULT_TOKEN: &str = "pat-sandbox";

/// The scope that stands for all of them.
pub const EVERY_SCOPE: &str = "*";

/// The static tokens that are good, each with its scopes: those of private apps and service keys.
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

    /// The scopes of a token that is good.
    pub(crate) fn scopes(&self, token: &str) -> Option<&Scopes> {
        self.0.get(token)
    }
}

/// Who makes a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller<'a> {
    /// A private app, or whoever has a service key.
    PrivateApp { token: &'a str, scopes: &'a Scopes },
    /// An app that was installed by OAuth.
    PublicApp(&'a AccessToken),
}

/// The public app that makes a call, for the handlers; `None` for a static token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallingApp(pub(crate) Option<u64>);

impl<'a> Caller<'a> {
    /// Who has the token that came with a call: else HubSpot's 401.
    pub(crate) fn authenticate(records: &'a Records, headers: &'a HeaderMap, now: Moment) -> Result<Self, ApiError> {
        let token = bearer(headers).ok_or_else(ApiError::unauthenticated)?;
        if let Some(scopes) = records.tokens.scopes(token) {
            return Ok(Self::PrivateApp { token, scopes });
        }
        let access = records
            .oauth
            .access_token(token)
            .ok_or_else(ApiError::unauthenticated)?;
        match access.expired_for(now) {
            Some(seconds) => Err(ApiError::token_expired(seconds)),
            None => Ok(Self::PublicApp(access)),
        }
    }

    /// Whether the caller may make the call: else HubSpot's 403 that names the scopes.
    pub(crate) fn authorize(&self, method: &Method, path: &str) -> Result<(), ApiError> {
        let required = scopes::required(method, path);
        if required.iter().all(|scope| self.has(scope)) {
            Ok(())
        } else {
            Err(ApiError::missing_scopes(&required))
        }
    }

    /// What the caller's calls are counted against.
    pub(crate) fn bucket(&self) -> Bucket<'a> {
        match self {
            Self::PrivateApp { token, .. } => Bucket::Token(token),
            Self::PublicApp(access) => Bucket::App(access.app_id),
        }
    }

    pub(crate) fn app(&self) -> CallingApp {
        match self {
            Self::PrivateApp { .. } => CallingApp(None),
            Self::PublicApp(access) => CallingApp(Some(access.app_id)),
        }
    }

    fn has(&self, scope: &str) -> bool {
        match self {
            // `oauth` is what an app has by being installed; every static token may make the calls that need nothing else.
            Self::PrivateApp { scopes, .. } => {
                scope == scopes::OAUTH || scopes.contains(EVERY_SCOPE) || scopes.contains(scope)
            }
            Self::PublicApp(access) => access.scopes.contains(EVERY_SCOPE) || access.scopes.contains(scope),
        }
    }
}

/// The token of an `Authorization: Bearer …` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
}
