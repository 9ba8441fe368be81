//! Account details.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::body::json;
use crate::Sandbox;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/details", get(details))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountDetails {
    portal_id: u64,
    account_type: &'static str,
    time_zone: &'static str,
    company_currency: &'static str,
    additional_currencies: [&'static str; 0],
    utc_offset: &'static str,
    utc_offset_milliseconds: i32,
    ui_domain: &'static str,
    data_hosting_location: &'static str,
}

async fn details(State(sandbox): State<Sandbox>) -> Response {
    let account = AccountDetails {
        portal_id: sandbox.read(|records| records.portal_id),
        account_type: "STANDARD",
        time_zone: "UTC",
        company_currency: "USD",
        additional_currencies: [],
        utc_offset: "+00:00",
        utc_offset_milliseconds: 0,
        ui_domain: "app.hubspot.com",
        data_hosting_location: "na1",
    };
    json(StatusCode::OK, &account)
}
