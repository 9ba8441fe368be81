//! Metrics for Prometheus, on a listener of their own: nothing of them is ever on the public one.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Starts recording; before anything that is measured.
pub fn record() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    metrics::describe_gauge!("parlor_sockets", "Open WebSockets.");
    metrics::describe_counter!("parlor_messages_total", "Messages committed, by author.");
    metrics::describe_counter!("parlor_messages_rate_limited_total", "Messages refused for their rate.");
    metrics::describe_counter!("parlor_registrations_total", "Registrations, held or not.");
    metrics::describe_counter!("parlor_sockets_refused_total", "WebSockets refused, by reason.");
    metrics::describe_counter!(
        "parlor_slow_sockets_total",
        "WebSockets dropped because nothing was read."
    );
    metrics::describe_counter!("parlor_sign_ins_refused_total", "Sign-ins refused.");
    metrics::describe_counter!("parlor_delivered_records_total", "HubSpot records written.");
    metrics::describe_counter!("parlor_refused_records_total", "HubSpot records refused for good.");
    metrics::describe_gauge!(
        "parlor_delivery_blocked",
        "1 while HubSpot as a whole is not written to."
    );
    metrics::describe_gauge!(
        "parlor_delivery_breaker",
        "0 while HubSpot is worked with, 1 while it rests after a failure, 2 while one thing alone is tried now and then."
    );
    metrics::describe_counter!(
        "parlor_delivery_retries_total",
        "Failures of HubSpot as a whole, each followed by another try."
    );
    metrics::describe_counter!(
        "parlor_hubspot_turns_total",
        "Turns given within HubSpot's limits, by share."
    );
    metrics::describe_counter!("parlor_hubspot_calls_total", "Delivery's calls to HubSpot, by outcome.");
    metrics::describe_counter!("parlor_hubspot_rate_limited_total", "Answers 429.");
    metrics::describe_gauge!(
        "parlor_hubspot_day_used_ratio",
        "How much of the account's calls of today is used, 0 to 1."
    );
    metrics::describe_gauge!("parlor_dead_letters", "Contacts that rest as dead letters.");
    metrics::describe_counter!("parlor_dead_letters_total", "Contacts given up, by why.");
    metrics::describe_counter!("parlor_gone_records_total", "Contacts found deleted in HubSpot.");
    metrics::describe_gauge!("parlor_delivery_backlog", "Conversations with something undelivered.");
    metrics::describe_gauge!(
        "parlor_erasures_waiting",
        "HubSpot contacts from which somebody who was forgotten is still to be removed."
    );
    metrics::describe_counter!(
        "parlor_visitor_tokens_total",
        "Visitor tokens handed out, by where they came from."
    );
    metrics::describe_counter!(
        "parlor_visitor_token_failures_total",
        "Visitor tokens that HubSpot did not create, by code."
    );
    metrics::describe_counter!(
        "parlor_visitor_token_refusals_total",
        "Requests for a visitor token that were refused, by code."
    );
    metrics::describe_counter!("parlor_accept_errors_total", "Times no connection could be accepted.");
    metrics::describe_counter!("parlor_panics_total", "Panics caught: each is a defect.");
    Ok(handle)
}

/// The metrics' routes.
pub fn router(handle: PrometheusHandle) -> Router {
    let render = move || {
        let text = handle.render();
        async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    Router::new().route("/metrics", get(render))
}
