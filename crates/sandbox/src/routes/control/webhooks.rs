//! Control: webhooks: set them up at once, misbehave, look, and wait. The crate's README documents them.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::super::body::{json, parse};
use super::super::inject::CallBody;
use super::refusal;
use crate::errors::ApiError;
use crate::state::Records;
use crate::webhooks::Setup;
use crate::webhooks::apps::WebhookApp;
use crate::webhooks::behaviour::WebhookBehaviour;
use crate::webhooks::deliveries::WebhookDelivery;
use crate::{DEFAULT_APP_ID, OauthApp, Sandbox};

/// How long a flush waits when it is not told.
const PATIENCE_MILLISECONDS: u64 = 10_000;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/", get(overview).post(set_up).delete(remove))
        .route("/behaviour", get(behaviour).post(set_behaviour))
        .route("/deliveries", get(deliveries).delete(clear_deliveries))
        .route("/flush", post(flush))
}

#[derive(Serialize)]
struct ShownApp {
    app_id: u64,
    client_id: String,
    client_secret: String,
    target_url: Option<String>,
    max_concurrent_requests: Option<u32>,
    subscriptions: Vec<ShownSubscription>,
}

#[derive(Serialize)]
struct ShownSubscription {
    id: u64,
    #[serde(rename = "type")]
    kind: String,
    active: bool,
}

impl ShownApp {
    fn new(records: &Records, app: &OauthApp) -> Self {
        let webhooks = records.webhook_apps.get(app.app_id);
        let settings = webhooks.and_then(|webhooks| webhooks.settings.as_ref());
        Self {
            app_id: app.app_id,
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            target_url: settings.map(|settings| settings.target_url.clone()),
            max_concurrent_requests: settings.map(|settings| settings.throttling.max_concurrent_requests),
            subscriptions: webhooks
                .into_iter()
                .flat_map(WebhookApp::subscriptions)
                .map(|subscription| ShownSubscription {
                    id: subscription.id,
                    kind: subscription.short(),
                    active: subscription.active,
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct Overview {
    apps: Vec<ShownApp>,
    waiting: usize,
    under_way: usize,
    dropped: u64,
}

async fn overview(State(sandbox): State<Sandbox>) -> Response {
    let state = sandbox.state();
    let (waiting, under_way) = state.webhooks.counts();
    let apps = state.records.oauth.apps().iter();
    let overview = Overview {
        apps: apps.map(|app| ShownApp::new(&state.records, app)).collect(),
        waiting,
        under_way,
        dropped: state.webhooks.dropped,
    };
    json(StatusCode::OK, &overview)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSetup {
    target_url: String,
    app_id: Option<u64>,
    client_secret: Option<String>,
    max_concurrent_requests: Option<u32>,
    subscriptions: Option<Vec<String>>,
}

async fn set_up(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let new: NewSetup = parse(&body)?;
    let subscriptions = new
        .subscriptions
        .map(|types| types.iter().map(|text| text.parse()).collect::<Result<_, _>>())
        .transpose()
        .map_err(|error: String| ApiError::validation(error))?;
    sandbox
        .set_up_webhooks(Setup {
            app_id: new.app_id.unwrap_or(DEFAULT_APP_ID),
            target_url: &new.target_url,
            client_secret: new.client_secret.as_deref(),
            max_concurrent_requests: new.max_concurrent_requests,
            subscriptions,
        })
        .map_err(|error| refusal(&error))?;
    Ok(overview(State(sandbox)).await)
}

async fn remove(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.remove_webhooks();
    StatusCode::NO_CONTENT
}

async fn behaviour(State(sandbox): State<Sandbox>) -> Response {
    json(StatusCode::OK, &sandbox.webhook_behaviour())
}

async fn set_behaviour(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let behaviour: WebhookBehaviour = parse(&body)?;
    sandbox
        .set_webhook_behaviour(behaviour.clone())
        .map_err(|error| refusal(&error))?;
    Ok(json(StatusCode::OK, &behaviour))
}

#[derive(Serialize)]
struct DeliveryList {
    deliveries: Vec<WebhookDelivery>,
}

async fn deliveries(State(sandbox): State<Sandbox>) -> Response {
    let deliveries = sandbox.webhook_deliveries();
    json(StatusCode::OK, &DeliveryList { deliveries })
}

async fn clear_deliveries(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_webhook_deliveries();
    StatusCode::NO_CONTENT
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Flush {
    /// Whether to wait for retries and delays instead of sending at once.
    patiently: bool,
    within_milliseconds: Option<u64>,
}

#[derive(Serialize)]
struct Flushed {
    quiet: bool,
    waiting: usize,
    under_way: usize,
}

async fn flush(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let Flush {
        patiently,
        within_milliseconds,
    } = if body.is_empty() {
        Flush::default()
    } else {
        parse(&body)?
    };
    let within = Duration::from_millis(within_milliseconds.unwrap_or(PATIENCE_MILLISECONDS));
    let sent = async {
        if patiently {
            sandbox.webhooks_quiet(within).await
        } else {
            sandbox.flush_webhooks(within).await
        }
    };
    let quiet = tokio::select! {
        quiet = sent => quiet,
        () = sandbox.stopping() => false,
    };
    let (waiting, under_way) = sandbox.state().webhooks.counts();
    let flushed = Flushed {
        quiet,
        waiting,
        under_way,
    };
    Ok(json(StatusCode::OK, &flushed))
}
