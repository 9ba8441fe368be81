//! Sessions: tower-sessions on our own store, one cookie a widget for visitors and one for reps.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use parlor_engine::{Context, SecretHash, SessionRow, Store, Timestamp};
use parlor_protocol::WidgetKey;
use sha2::{Digest, Sha256};
use tower::{Layer, Service};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, SessionManagerLayer, SessionStore};

use crate::state::Server;

/// How long a visitor's session holds without being used.
const VISITOR_DAYS: i64 = 30;

/// How long a rep's session holds without being used: a working week and a weekend.
const REP_DAYS: i64 = 9;

/// tower-sessions' records in Parlor's store, each under the hash of its id.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn Store>,
    context: Context,
}

impl Sessions {
    /// Sessions in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, context: Context) -> Self {
        Self { store, context }
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sessions")
    }
}

fn row_id(id: Id) -> SecretHash {
    SecretHash(Sha256::digest(id.to_string().as_bytes()).into())
}

fn row(record: &Record) -> Result<SessionRow> {
    let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    let expires_at = Timestamp::from_millis(record.expiry_date.unix_timestamp() * 1_000);
    Ok(SessionRow {
        id: row_id(record.id),
        data,
        expires_at,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: parlor_engine::StoreError) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.store.create_session(row(record)?).await.map_err(failed)? {
            record.id = Id(i128::from_le_bytes(self.context.random()));
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.store.save_session(row(record)?).await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(row) = self
            .store
            .session(row_id(*id), self.context.now())
            .await
            .map_err(failed)?
        else {
            return Ok(None);
        };
        let data = serde_json::from_str(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires_at.millis() / 1_000)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.store.remove_session(row_id(*id)).await.map_err(failed)
    }
}

/// The name of a visitor's cookie in one widget. `__Host-` binds it to Parlor's host, `Path=/` and TLS.
#[must_use]
pub fn visitor_cookie(key: &WidgetKey) -> String {
    format!("__Host-parlor-{key}")
}

/// The rep's cookie. Without TLS, which only this machine's own address goes without, there is no `__Host-`.
#[must_use]
pub fn rep_cookie(is_https: bool) -> &'static str {
    if is_https { "__Host-parlor-rep" } else { "parlor-rep" }
}

/// The widget that a request is about, noted by the routes below a widget's address.
#[derive(Debug, Clone)]
pub(crate) struct RequestedWidget(pub parlor_engine::Widget);

impl<S: Sync> FromRequestParts<S> for RequestedWidget {
    type Rejection = axum::http::StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Self::Rejection> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(axum::http::StatusCode::NOT_FOUND)
    }
}

/// Gives a request about a widget that widget's session. The cookie is `Partitioned`: the only kind that every Chromium keeps in
/// a cross-site iframe; tower-sessions cannot say so, hence the rewriting.
pub(crate) async fn visitor_session(State(server): State<Server>, request: Request, next: Next) -> Response {
    let Some(RequestedWidget(widget)) = request.extensions().get::<RequestedWidget>().cloned() else {
        return next.run(request).await;
    };
    let name = visitor_cookie(&widget.settings.key);
    let layer = SessionManagerLayer::new(server.sessions.clone())
        .with_name(name.clone())
        .with_secure(true)
        .with_http_only(true)
        .with_same_site(SameSite::None)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::days(VISITOR_DAYS)))
        .with_always_save(true);
    let mut service = layer.layer(next);
    let mut response = match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    partition_cookies(&mut response, &name);
    response
}

/// Gives a request the rep's session.
pub(crate) async fn rep_session(State(server): State<Server>, request: Request, next: Next) -> Response {
    let is_https = server.settings.public_url.is_https();
    let layer = SessionManagerLayer::new(server.sessions.clone())
        .with_name(rep_cookie(is_https))
        .with_secure(is_https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::days(REP_DAYS)))
        .with_always_save(true);
    match layer.layer(next).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Makes every cookie of this name `Partitioned`. A removal must carry the same attributes, or the browser takes it for
/// another cookie's.
fn partition_cookies(response: &mut Response, name: &str) {
    let cookies: Vec<HeaderValue> = response.headers().get_all(SET_COOKIE).iter().cloned().collect();
    response.headers_mut().remove(SET_COOKIE);
    for cookie in cookies {
        let ours = cookie
            .to_str()
            .ok()
            .filter(|text| text.starts_with(&format!("{name}=")));
        let rewritten = ours.map(|text| {
            let is_removal = text.contains("Max-Age=0");
            let attributes = "HttpOnly; SameSite=None; Secure; Path=/; Partitioned";
            if is_removal {
                format!("{name}=; Max-Age=0; {attributes}")
            } else {
                format!("{text}; Partitioned")
            }
        });
        let value = rewritten
            .and_then(|text| HeaderValue::from_str(&text).ok())
            .unwrap_or(cookie);
        response.headers_mut().append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(cookie: &'static str) -> String {
        let mut response = Response::new(axum::body::Body::empty());
        response
            .headers_mut()
            .append(SET_COOKIE, HeaderValue::from_static(cookie));
        partition_cookies(&mut response, "__Host-parlor-demo4f7k2m9x");
        response.headers()[SET_COOKIE].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_visitors_cookie_and_its_removal_are_partitioned() {
        let kept = rewritten("__Host-parlor-demo4f7k2m9x=abc; HttpOnly; SameSite=None; Secure; Path=/");
        assert_eq!(
            kept,
            "__Host-parlor-demo4f7k2m9x=abc; HttpOnly; SameSite=None; Secure; Path=/; Partitioned"
        );
        let removed =
            rewritten("__Host-parlor-demo4f7k2m9x=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert!(
            removed.contains("Max-Age=0") && removed.ends_with("HttpOnly; SameSite=None; Secure; Path=/; Partitioned")
        );
    }

    #[test]
    fn other_cookies_are_left_alone() {
        assert_eq!(rewritten("other=1; Path=/"), "other=1; Path=/");
    }
}
