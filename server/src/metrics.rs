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
    metrics::describe_gauge!("parlor_delivery_backlog", "Conversations with something undelivered.");
    metrics::describe_gauge!(
        "parlor_erasures_waiting",
        "HubSpot contacts from which somebody who was forgotten is still to be removed."
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
