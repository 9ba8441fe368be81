//! Control: apps, their installation, and what the account says of itself.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{delete, get};
use serde::{Deserialize, Serialize};

use super::super::body::{json, parse};
use super::super::inject::CallBody;
use super::refusal;
use crate::Sandbox;
use crate::account::Account;
use crate::errors::{self, ApiError};
use crate::oauth::{Consent, DEFAULT_CLIENT_ID, InstalledApp, OauthApp};
use crate::plan::Plan;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/apps", get(apps).post(add_app))
        .route("/apps/{client_id}", delete(remove_app))
        .route("/installs", get(installs).post(install))
        .route("/installs/{client_id}", delete(uninstall))
        .route("/consent", get(consent).post(set_consent))
        .route("/account", get(account).post(set_account))
        .route("/plan", get(plan).post(set_plan))
}

#[derive(Serialize)]
struct AppList {
    apps: Vec<OauthApp>,
}

async fn apps(State(sandbox): State<Sandbox>) -> Response {
    let apps = sandbox.apps();
    json(StatusCode::OK, &AppList { apps })
}

/// What is left out is made up, or as the default app has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    client_id: Option<String>,
    client_secret: Option<String>,
    app_id: Option<u64>,
    name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    optional_scopes: Option<Vec<String>>,
}

async fn add_app(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let new: NewApp = parse(&body)?;
    let default = OauthApp::default();
    let client_id = new.client_id.unwrap_or_else(errors::new_id);
    let before = sandbox.apps().into_iter().find(|app| app.client_id == client_id);
    let app = OauthApp {
        client_secret: new.client_secret.unwrap_or_else(errors::new_id),
        app_id: new
            .app_id
            .or(before.map(|before| before.app_id))
            .unwrap_or_else(|| sandbox.read(|records| records.oauth.free_app_id())),
        client_id,
        name: new.name.unwrap_or(default.name),
        redirect_uris: new.redirect_uris.unwrap_or(default.redirect_uris),
        scopes: new.scopes.unwrap_or(default.scopes),
        optional_scopes: new.optional_scopes.unwrap_or(default.optional_scopes),
    };
    sandbox.add_app(app.clone()).map_err(|error| refusal(&error))?;
    Ok(json(StatusCode::CREATED, &app))
}

async fn remove_app(State(sandbox): State<Sandbox>, Path(client_id): Path<String>) -> Result<StatusCode, ApiError> {
    sandbox.remove_app(&client_id).map_err(|error| refusal(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct InstallList {
    installs: Vec<InstalledApp>,
}

async fn installs(State(sandbox): State<Sandbox>) -> Response {
    let installs = sandbox.installed_apps();
    json(StatusCode::OK, &InstallList { installs })
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NewInstall {
    client_id: String,
    scopes: Vec<String>,
    /// Seconds.
    expires_in: u64,
    access_token: Option<String>,
}

impl Default for NewInstall {
    fn default() -> Self {
        Self {
            client_id: DEFAULT_CLIENT_ID.to_owned(),
            scopes: vec!["*".to_owned()],
            expires_in: 1_800,
            access_token: None,
        }
    }
}

async fn install(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let new: NewInstall = parse(&body)?;
    let tokens = sandbox
        .install_app_with(
            &new.client_id,
            new.scopes.iter().map(String::as_str),
            Duration::from_secs(new.expires_in),
            new.access_token.as_deref(),
        )
        .map_err(|error| refusal(&error))?;
    Ok(json(StatusCode::CREATED, &tokens))
}

async fn uninstall(State(sandbox): State<Sandbox>, Path(client_id): Path<String>) -> Result<StatusCode, ApiError> {
    sandbox.uninstall_app(&client_id).map_err(|error| refusal(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ConsentAnswer {
    consent: Consent,
}

async fn consent(State(sandbox): State<Sandbox>) -> Response {
    let consent = sandbox.state().consent;
    json(StatusCode::OK, &ConsentAnswer { consent })
}

async fn set_consent(State(sandbox): State<Sandbox>, body: CallBody) -> Result<StatusCode, ApiError> {
    let ConsentAnswer { consent } = parse(&body)?;
    sandbox.set_consent(consent);
    Ok(StatusCode::NO_CONTENT)
}

async fn account(State(sandbox): State<Sandbox>) -> Response {
    json(StatusCode::OK, &sandbox.account())
}

async fn set_account(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let account: Account = parse(&body)?;
    sandbox.set_account(account.clone());
    Ok(json(StatusCode::OK, &account))
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct AccountPlan {
    plan: Plan,
    /// What is left out stays as it was; none are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_limit_increases: Option<u8>,
}

async fn plan(State(sandbox): State<Sandbox>) -> Response {
    let plan = AccountPlan {
        plan: sandbox.plan(),
        api_limit_increases: Some(sandbox.api_limit_increases()).filter(|increases| *increases > 0),
    };
    json(StatusCode::OK, &plan)
}

async fn set_plan(State(sandbox): State<Sandbox>, body: CallBody) -> Result<StatusCode, ApiError> {
    let AccountPlan {
        plan,
        api_limit_increases,
    } = parse(&body)?;
    sandbox.set_plan(plan);
    if let Some(increases) = api_limit_increases {
        sandbox.set_api_limit_increases(increases);
    }
    Ok(StatusCode::NO_CONTENT)
}
