//! HubSpot's calls that set an app's webhooks up: settings and subscriptions.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::body::{self, json, parse};
use super::inject::{self, CallBody};
use super::{admission, batch};
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::Records;
use crate::webhooks::apps::{
    DEFAULT_DEVELOPER_KEY, MOST_SUBSCRIPTIONS, Refusal, Throttling, WebhookApp, parse_target, stays_here,
};
use crate::webhooks::subscriptions::{NewSubscription, Subscription, SubscriptionId};

/// Where they are in each version: HubSpot renamed the area in `2026-09`.
const AREAS: [&str; 3] = ["/webhooks/v3", "/webhooks/2026-03", "/app-webhooks/2026-09"];

/// HubSpot lets an app ask for more than so many requests at once, not for fewer.
const CONCURRENCY_ABOVE: u32 = 5;

pub(crate) fn router(sandbox: &Sandbox) -> Router<Sandbox> {
    let app = Router::new()
        .route(
            "/{app_id}/settings",
            get(settings).put(configure).delete(clear_settings),
        )
        .route("/{app_id}/subscriptions", get(subscriptions).post(subscribe))
        .route("/{app_id}/subscriptions/batch/update", post(batch_update))
        .route(
            "/{app_id}/subscriptions/{subscription_id}",
            get(subscription).patch(update).delete(unsubscribe),
        );
    AREAS
        .iter()
        .fold(Router::new(), |router, area| router.nest(area, app.clone()))
        .route_layer(middleware::from_fn_with_state(sandbox.clone(), inject::inject))
        .route_layer(middleware::from_fn(body::only_json))
        .route_layer(middleware::from_fn_with_state(sandbox.clone(), admit))
}

/// These calls are the developer's, who has a key of their own; a token with the scopes for it is as good.
async fn admit(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let key = query.split('&').find_map(|pair| pair.strip_prefix("hapikey="));
    match key {
        Some(DEFAULT_DEVELOPER_KEY) => next.run(request).await,
        Some(_) => ApiError::wrong_developer_key().into_response(),
        None => admission::admit(State(sandbox), request, next).await,
    }
}

/// The app of a path. HubSpot's own answer for an app that is not there is not known.
fn known(records: &Records, app_id: &str) -> Result<u64, ApiError> {
    let app_id = app_id.parse().ok();
    app_id
        .filter(|app_id| records.oauth.app_by_number(*app_id).is_some())
        .ok_or_else(ApiError::resource_not_found)
}

/// What the app of a path has, if it has any webhooks.
fn webhooks_of<'a>(records: &'a Records, app_id: &str) -> Result<Option<&'a WebhookApp>, ApiError> {
    let app_id = known(records, app_id)?;
    Ok(records.webhook_apps.get(app_id))
}

fn webhooks_of_mut<'a>(records: &'a mut Records, app_id: &str) -> Result<&'a mut WebhookApp, ApiError> {
    let app_id = known(records, app_id)?;
    Ok(records.webhook_apps.of(app_id))
}

async fn settings(State(sandbox): State<Sandbox>, Path(app_id): Path<String>) -> Result<Response, ApiError> {
    sandbox.read(|records| {
        let settings = webhooks_of(records, &app_id)?.and_then(|app| app.settings.as_ref());
        let settings = settings.ok_or_else(ApiError::resource_not_found)?;
        Ok(json(StatusCode::OK, settings))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsChange {
    target_url: String,
    throttling: Throttling,
}

/// Here HubSpot's exact words are not known.
async fn configure(
    State(sandbox): State<Sandbox>,
    Path(app_id): Path<String>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let SettingsChange { target_url, throttling } = parse(&body)?;
    let url = parse_target(&target_url).map_err(ApiError::validation)?;
    if url.scheme() != "https" && !stays_here(&url) && !sandbox.options().allow_public {
        return Err(ApiError::validation("targetUrl must begin with https"));
    }
    if throttling.max_concurrent_requests <= CONCURRENCY_ABOVE {
        return Err(ApiError::validation("maxConcurrentRequests must be greater than 5"));
    }
    sandbox.change(|records, now| {
        let app = webhooks_of_mut(records, &app_id)?;
        Ok(json(StatusCode::OK, app.configure(&target_url, throttling, now)))
    })
}

async fn clear_settings(State(sandbox): State<Sandbox>, Path(app_id): Path<String>) -> Result<StatusCode, ApiError> {
    sandbox.change(|records, _| {
        webhooks_of_mut(records, &app_id)?.settings = None;
        Ok(StatusCode::NO_CONTENT)
    })
}

#[derive(Serialize)]
struct SubscriptionList<'a> {
    results: Vec<&'a Subscription>,
}

async fn subscriptions(State(sandbox): State<Sandbox>, Path(app_id): Path<String>) -> Result<Response, ApiError> {
    sandbox.read(|records| {
        let app = webhooks_of(records, &app_id)?;
        let results = app.into_iter().flat_map(WebhookApp::subscriptions).collect();
        Ok(json(StatusCode::OK, &SubscriptionList { results }))
    })
}

async fn subscribe(
    State(sandbox): State<Sandbox>,
    Path(app_id): Path<String>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let new: NewSubscription = parse(&body)?;
    let new = new.checked().map_err(ApiError::validation)?;
    sandbox.change(|records, now| {
        let app_id = known(records, &app_id)?;
        let subscription = records.webhook_apps.subscribe(app_id, new, now).map_err(refused)?;
        Ok(json(StatusCode::CREATED, subscription))
    })
}

/// HubSpot's exact words are not known.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Exists(id) => ApiError::new(
            StatusCode::CONFLICT,
            format!("The subscription already exists. Existing ID: {id}"),
            Some("CONFLICT"),
        ),
        Refusal::TooMany => ApiError::validation(format!("An app has at most {MOST_SUBSCRIPTIONS} subscriptions")),
    }
}

/// As HubSpot's description of its batch answer has it.
fn subscription_not_found(id: impl std::fmt::Display) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        format!("Failed to find subscriptions by id `{id}`."),
        Some("SUBSCRIPTION_ID_NOT_FOUND"),
    )
}

fn parse_id(id: &str) -> Result<SubscriptionId, ApiError> {
    id.parse().map_err(|_| subscription_not_found(id))
}

async fn subscription(
    State(sandbox): State<Sandbox>,
    Path((app_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    sandbox.read(|records| {
        let (app, id) = (webhooks_of(records, &app_id)?, parse_id(&id)?);
        let subscription = app.and_then(|app| app.subscription(id));
        let subscription = subscription.ok_or_else(|| subscription_not_found(id))?;
        Ok(json(StatusCode::OK, subscription))
    })
}

#[derive(Deserialize)]
struct SubscriptionPatch {
    active: Option<bool>,
}

async fn update(
    State(sandbox): State<Sandbox>,
    Path((app_id, id)): Path<(String, String)>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let SubscriptionPatch { active } = parse(&body)?;
    sandbox.change(|records, now| {
        let app = webhooks_of_mut(records, &app_id)?;
        let subscription = app.subscription_mut(parse_id(&id)?);
        let subscription = subscription.ok_or_else(|| subscription_not_found(&id))?;
        if let Some(active) = active {
            subscription.set_active(active, now);
        }
        Ok(json(StatusCode::OK, &*subscription))
    })
}

async fn unsubscribe(
    State(sandbox): State<Sandbox>,
    Path((app_id, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    sandbox.change(|records, _| {
        let app = webhooks_of_mut(records, &app_id)?;
        let removed = app.unsubscribe(parse_id(&id)?);
        removed
            .map(|_| StatusCode::NO_CONTENT)
            .ok_or_else(|| subscription_not_found(&id))
    })
}

#[derive(Deserialize)]
struct BatchUpdate {
    inputs: Vec<BatchInput>,
}

#[derive(Deserialize)]
struct BatchInput {
    id: SubscriptionId,
    active: bool,
}

async fn batch_update(
    State(sandbox): State<Sandbox>,
    Path(app_id): Path<String>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let BatchUpdate { inputs } = parse(&body)?;
    sandbox.change(|records, now| {
        let app = webhooks_of_mut(records, &app_id)?;
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for BatchInput { id, active } in inputs {
            match app.subscription_mut(id) {
                Some(subscription) => {
                    subscription.set_active(active, now);
                    results.push(subscription.clone());
                }
                None => errors.push(subscription_not_found(id).into_batch_error(None)),
            }
        }
        Ok(batch::answer(StatusCode::OK, &results, &errors, now))
    })
}
