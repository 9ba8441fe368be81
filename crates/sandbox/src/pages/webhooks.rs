//! The page of webhooks: who is told of what, and the last deliveries.

use std::fmt::Write;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::layout::{Page, escape};
use crate::Sandbox;
use crate::webhooks::apps::WebhookApp;
use crate::webhooks::deliveries::WebhookDelivery;

/// How many deliveries it shows.
const SHOWN: usize = 50;

pub(crate) async fn show(State(sandbox): State<Sandbox>) -> Response {
    let mut subscriptions = String::new();
    sandbox.read(|records| {
        for app in records.oauth.apps() {
            let webhooks = records.webhook_apps.get(app.app_id);
            let target = webhooks.and_then(|webhooks| Some(webhooks.settings.as_ref()?.target_url.as_str()));
            let goes_to = match target {
                Some(_) if records.oauth.was_uninstalled(app.app_id) => "uninstalled: nothing is sent".to_owned(),
                Some(target) => escape(target),
                None => "no target: nothing is sent".to_owned(),
            };
            let _ = writeln!(
                subscriptions,
                "<h2>{} <small>{}, {goes_to}</small></h2>",
                escape(&app.name),
                app.app_id
            );
            let mut rows = String::new();
            for subscription in webhooks.into_iter().flat_map(WebhookApp::subscriptions) {
                let _ = writeln!(
                    rows,
                    "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                    escape(&subscription.short()),
                    if subscription.active { "active" } else { "paused" },
                    subscription.id
                );
            }
            if rows.is_empty() {
                rows.push_str("<tr><td>There is no subscription.</td></tr>");
            }
            let _ = writeln!(
                subscriptions,
                "<div class=\"wide\"><table><tbody>\n{rows}</tbody></table></div>"
            );
        }
    });
    let (deliveries, (waiting, under_way), dropped) = {
        let state = sandbox.state();
        (
            state.webhooks.log.latest(SHOWN),
            state.webhooks.counts(),
            state.webhooks.dropped,
        )
    };
    let table = if deliveries.is_empty() {
        "<p>Nothing was sent yet.</p>".to_owned()
    } else {
        let rows: String = deliveries.iter().map(row).collect();
        format!(
            "<div class=\"wide\"><table><thead><tr><th class=\"number\">No.</th><th>When</th><th>Answer</th>\
             <th class=\"number\">Attempt</th><th>Events</th><th>Again at</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
        )
    };
    let body = format!(
        "<h1>Webhooks</h1>\n{subscriptions}<h2>Deliveries</h2>\n\
         <p>Waiting: {waiting}. Under way: {under_way}. Dropped: {dropped}.</p>\n{table}"
    );
    Page {
        status: StatusCode::OK,
        section: "/webhooks",
        title: "Webhooks",
        refreshes: true,
        body: &body,
    }
    .into_response()
}

fn row(delivery: &WebhookDelivery) -> String {
    let answer = match (delivery.status, &delivery.failure) {
        (Some(status), _) => status.to_string(),
        (None, failure) => escape(failure.as_deref().unwrap_or("nothing")),
    };
    let mut types: Vec<&str> = delivery
        .events
        .iter()
        .filter_map(|event| {
            event
                .get("subscriptionType")
                .or_else(|| event.get("eventType"))?
                .as_str()
        })
        .collect();
    let count = types.len();
    types.sort_unstable();
    types.dedup();
    let again = match delivery.next_attempt_at {
        Some(moment) => moment.iso(),
        None if delivery.given_up > 0 => format!("never: {} given up", delivery.given_up),
        None => "–".to_owned(),
    };
    format!(
        "<tr><td class=\"number\">{}</td><td>{}</td><td>{answer}</td><td class=\"number\">{}</td><td>{count}: {}</td>\
         <td>{again}</td></tr>\n",
        delivery.number,
        delivery.at.iso(),
        delivery.attempt,
        escape(&types.join(", "))
    )
}
