//! Metrics for Prometheus, on a listener of their own: nothing of them is ever on the public one.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use self::Kind::{Counter, Gauge};

/// How a metric goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Up, until the program starts again.
    Counter,
    /// Up and down.
    Gauge,
}

/// Every metric there is; `docs/deploy.md` tells when to look at each.
pub const METRICS: &[(Kind, &str, &str)] = &[
    (
        Gauge,
        "parlor_delivery_oldest_undelivered_seconds",
        "How long the oldest message has waited that HubSpot is still to be given.",
    ),
    (
        Gauge,
        "parlor_delivery_backlog",
        "Conversations with something undelivered.",
    ),
    (
        Gauge,
        "parlor_delivery_paused",
        "1 while delivery waits for a person: no token, a bad one, a missing scope, the property.",
    ),
    (
        Gauge,
        "parlor_delivery_blocked",
        "1 while HubSpot as a whole is not written to.",
    ),
    (
        Gauge,
        "parlor_delivery_breaker",
        "0 while HubSpot is worked with, 1 while it rests after a failure, 2 while one thing alone is tried now and then.",
    ),
    (
        Counter,
        "parlor_delivery_retries_total",
        "Failures that are followed by another try, of the portal or of a contact.",
    ),
    (Counter, "parlor_delivered_records_total", "HubSpot records written."),
    (
        Gauge,
        "parlor_unconfirmed_records",
        "Records with a write of unclear outcome, yet to be confirmed.",
    ),
    (Counter, "parlor_notes_total", "Notes made in HubSpot, by kind."),
    (Counter, "parlor_hubspot_calls_total", "Calls to HubSpot, by outcome."),
    (Counter, "parlor_hubspot_rate_limited_total", "Answers 429."),
    (
        Counter,
        "parlor_hubspot_turns_total",
        "Turns given within HubSpot's limits, by share.",
    ),
    (
        Gauge,
        "parlor_hubspot_day_used_ratio",
        "How much of the account's calls of today is used, 0 to 1.",
    ),
    (
        Gauge,
        "parlor_hubspot_day_calls_left",
        "How many of the account's calls of today are left.",
    ),
    (Gauge, "parlor_dead_letters", "Contacts that rest as dead letters."),
    (Counter, "parlor_dead_letters_total", "Contacts given up, by why."),
    (
        Counter,
        "parlor_refused_records_total",
        "HubSpot records refused for good.",
    ),
    (
        Counter,
        "parlor_gone_records_total",
        "Contacts found deleted in HubSpot.",
    ),
    (
        Gauge,
        "parlor_erasures_waiting",
        "HubSpot contacts from which somebody who was forgotten is still to be removed.",
    ),
    (
        Counter,
        "parlor_erased_records_total",
        "HubSpot contacts from which somebody who was forgotten has been removed.",
    ),
    (Counter, "parlor_registrations_total", "Registrations, held or not."),
    (Counter, "parlor_messages_total", "Messages committed, by author."),
    (
        Counter,
        "parlor_messages_rate_limited_total",
        "Messages refused for their rate.",
    ),
    (Gauge, "parlor_sockets", "Open WebSockets."),
    (
        Counter,
        "parlor_sockets_refused_total",
        "WebSockets refused, by reason.",
    ),
    (
        Counter,
        "parlor_slow_sockets_total",
        "WebSockets dropped because nothing was read.",
    ),
    (Counter, "parlor_sign_ins_refused_total", "Sign-ins refused."),
    (
        Counter,
        "parlor_visitor_tokens_total",
        "Visitor tokens handed out, by where they came from.",
    ),
    (
        Counter,
        "parlor_visitor_token_failures_total",
        "Visitor tokens that HubSpot did not create, by code.",
    ),
    (
        Counter,
        "parlor_visitor_token_refusals_total",
        "Requests for a visitor token that were refused, by code.",
    ),
    (
        Counter,
        "parlor_accept_errors_total",
        "Times no connection could be accepted.",
    ),
    (Counter, "parlor_panics_total", "Panics caught: each is a defect."),
];

/// Starts recording; before anything that is measured.
pub fn record() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    for (kind, name, words) in METRICS {
        match kind {
            Counter => metrics::describe_counter!(*name, *words),
            Gauge => metrics::describe_gauge!(*name, *words),
        }
    }
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
