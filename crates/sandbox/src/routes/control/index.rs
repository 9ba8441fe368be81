//! Control: the list of the control calls, for whoever meets the sandbox without its README.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::super::body::json;

#[derive(Serialize)]
struct Index {
    /// Where each call is explained with an example.
    documentation: &'static str,
    calls: Vec<Call>,
}

#[derive(Serialize)]
struct Call {
    method: &'static str,
    path: &'static str,
    what: &'static str,
}

/// Method, path and what the call does.
const CALLS: &[(&str, &str, &str)] = &[
    ("GET", "/_control", "this list"),
    ("POST", "/_control/reset", "back to how the sandbox was started"),
    (
        "POST",
        "/_control/seed",
        "many properties and records at once, all or none",
    ),
    ("GET", "/_control/contacts", "every contact with all its values"),
    (
        "POST",
        "/_control/contacts",
        "a contact, as if a person made it in HubSpot",
    ),
    (
        "PATCH",
        "/_control/contacts/{id}",
        "other values, as if a person edited the contact",
    ),
    (
        "DELETE",
        "/_control/contacts/{id}",
        "the contact archived, as if a person did it",
    ),
    (
        "POST",
        "/_control/contacts/{id}/restore",
        "the contact brought back, as if a person did it",
    ),
    (
        "GET",
        "/_control/objects/{object_type}",
        "every record of a kind with all its values",
    ),
    (
        "POST",
        "/_control/objects/{object_type}",
        "a record, as if a person made it in HubSpot",
    ),
    (
        "PATCH",
        "/_control/objects/{object_type}/{object_id}",
        "other values, as if a person edited the record",
    ),
    (
        "DELETE",
        "/_control/objects/{object_type}/{object_id}",
        "the record archived, as if a person did it",
    ),
    (
        "POST",
        "/_control/objects/{object_type}/{object_id}/restore",
        "the record brought back, as if a person did it",
    ),
    ("GET", "/_control/changes", "what happened to the records"),
    ("GET", "/_control/blocklist", "the addresses on the block-list"),
    ("POST", "/_control/blocklist", "whether the block-list is enforced"),
    ("POST", "/_control/merge", "two contacts merged, as if a person did it"),
    (
        "POST",
        "/_control/tokens",
        "a token with scopes; without scopes it is revoked",
    ),
    ("GET", "/_control/limits", "the limits"),
    ("POST", "/_control/limits", "other limits"),
    ("GET", "/_control/plan", "the account's plan"),
    ("POST", "/_control/plan", "another plan"),
    ("GET", "/_control/apps", "the apps that may ask to be installed"),
    (
        "POST",
        "/_control/apps",
        "an app, in place of the one with its client id",
    ),
    (
        "DELETE",
        "/_control/apps/{client_id}",
        "an app gone, with its tokens and webhooks",
    ),
    ("GET", "/_control/installs", "the apps that are installed"),
    ("POST", "/_control/installs", "an app installed, without a browser"),
    (
        "DELETE",
        "/_control/installs/{client_id}",
        "an app uninstalled, as if a person did it",
    ),
    ("GET", "/_control/consent", "what the person answers who is asked"),
    ("POST", "/_control/consent", "another answer"),
    ("GET", "/_control/account", "what the account says of itself"),
    ("POST", "/_control/account", "something else"),
    ("POST", "/_control/down", "an outage, or its end"),
    ("GET", "/_control/clock", "what time it is in the sandbox"),
    ("POST", "/_control/clock", "the clock moved"),
    ("GET", "/_control/search-lag", "how long search lags behind"),
    ("POST", "/_control/search-lag", "another lag"),
    ("GET", "/_control/faults", "the fault rules with what they struck"),
    ("POST", "/_control/faults", "a fault rule more"),
    ("DELETE", "/_control/faults", "no fault rule any more"),
    ("DELETE", "/_control/faults/{id}", "one fault rule less"),
    (
        "GET",
        "/_control/requests",
        "the last requests; method, path, status, fault and after narrow them",
    ),
    ("DELETE", "/_control/requests", "an empty request log"),
    ("GET", "/_control/requests/{number}", "one request with its bodies"),
    (
        "GET",
        "/_control/webhooks",
        "every app's target and subscriptions, and how much waits",
    ),
    (
        "POST",
        "/_control/webhooks",
        "an app's target, secret and subscriptions at once",
    ),
    ("DELETE", "/_control/webhooks", "no target and no subscription any more"),
    ("GET", "/_control/webhooks/behaviour", "how webhooks are sent"),
    ("POST", "/_control/webhooks/behaviour", "late, twice, in another order"),
    ("GET", "/_control/webhooks/deliveries", "the last deliveries"),
    ("DELETE", "/_control/webhooks/deliveries", "an empty log of deliveries"),
    (
        "POST",
        "/_control/webhooks/flush",
        "what waits sent at once, and waited for",
    ),
    ("GET", "/_control/visitor-tokens", "the tokens for visitors"),
    ("GET", "/_control/visits", "what pages did with the chat script"),
];

pub(crate) async fn index() -> Response {
    let calls = CALLS
        .iter()
        .map(|&(method, path, what)| Call { method, path, what })
        .collect();
    let index = Index {
        documentation: "crates/sandbox/README.md",
        calls,
    };
    json(StatusCode::OK, &index)
}
