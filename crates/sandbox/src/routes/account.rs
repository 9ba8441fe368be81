//! Account details, and how many calls the account has made today.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::body::json;
use crate::Sandbox;
use crate::clock::Moment;
use crate::limits::Limits;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/details", get(details))
        .route("/api-usage/daily/private-apps", get(private_apps_usage))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountDetails {
    portal_id: u64,
    account_type: String,
    time_zone: String,
    company_currency: String,
    additional_currencies: Vec<String>,
    utc_offset: String,
    utc_offset_milliseconds: i64,
    ui_domain: String,
    data_hosting_location: String,
}

async fn details(State(sandbox): State<Sandbox>) -> Response {
    let account = sandbox.account();
    let details = AccountDetails {
        portal_id: sandbox.read(|records| records.portal_id),
        ui_domain: account.ui_domain(),
        account_type: account.account_type,
        time_zone: account.time_zone,
        company_currency: account.company_currency,
        additional_currencies: account.additional_currencies,
        utc_offset: account.utc_offset.text(),
        utc_offset_milliseconds: account.utc_offset.milliseconds(),
        data_hosting_location: account.data_hosting_location,
    };
    json(StatusCode::OK, &details)
}

#[derive(Serialize)]
struct UsageList {
    results: [ApiUsage; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiUsage {
    name: &'static str,
    usage_limit: u32,
    current_usage: u32,
    collected_at: Moment,
    fetch_status: &'static str,
    resets_at: Moment,
}

/// HubSpot answers from a cache that is five minutes old at most; here it is always fresh. With the limit switched off, the
/// plan's is told, since HubSpot always tells one.
async fn private_apps_usage(State(sandbox): State<Sandbox>) -> Response {
    let now = sandbox.now();
    let usage = {
        let state = sandbox.state();
        let account = &state.records.account;
        let limit = state
            .limits
            .daily
            .or(Limits::of(state.plan, state.api_limit_increases).daily);
        ApiUsage {
            name: "private-apps-api-calls-daily",
            usage_limit: limit.unwrap_or_default(),
            current_usage: state.usage.on(account.day(now)),
            collected_at: now,
            fetch_status: "SUCCESS",
            resets_at: account.next_midnight(now),
        }
    };
    json(StatusCode::OK, &UsageList { results: [usage] })
}
