//! Account details and usage.

use std::time::Duration;

use parlor_sandbox::{Clock, DEFAULT_CLIENT_ID, Limits, Moment, SandboxOptions};
use reqwest::Method;
use serde_json::json;

use crate::client::Client;

const EVENING: Moment = Moment::from_unix_milliseconds(1_790_028_000_000);
const USAGE: &str = "api-usage/daily/private-apps";

#[tokio::test]
async fn details_tell_what_was_set() {
    let client = Client::start().await;
    let set = json!({"time_zone": "US/Eastern", "utc_offset": "-05:00", "data_hosting_location": "eu1",
                     "company_currency": "EUR", "additional_currencies": ["USD"], "account_type": "DEVELOPER_TEST"});
    let answer = client.post("/_control/account", set).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected = json!({
        "portalId": 891_936_587, "accountType": "DEVELOPER_TEST", "timeZone": "US/Eastern", "companyCurrency": "EUR",
        "additionalCurrencies": ["USD"], "utcOffset": "-05:00", "utcOffsetMilliseconds": -18_000_000,
        "uiDomain": "app-eu1.hubspot.com", "dataHostingLocation": "eu1",
    });
    for version in ["v3", "2026-03", "2026-09"] {
        let details = client.get(&format!("/account-info/{version}/details")).await;
        assert_eq!((details.status, details.json()), (200, expected.clone()));
    }
    client
        .post("/_control/account", json!({"ui_domain": "app.example.com"}))
        .await;
    let details = client.get("/account-info/v3/details").await.json();
    assert_eq!(
        (&details["uiDomain"], &details["utcOffset"]),
        (&json!("app.example.com"), &json!("+00:00"))
    );
    assert_eq!(
        client.get("/_control/account").await.json()["ui_domain"],
        "app.example.com"
    );
    for wrong in [json!({"utc_offset": "5"}), json!({"time": "UTC"})] {
        assert_eq!(client.post("/_control/account", wrong).await.status, 400);
    }
    client.post("/_control/reset", json!({})).await;
    assert_eq!(
        client.get("/account-info/v3/details").await.json()["uiDomain"],
        "app.hubspot.com"
    );
}

#[tokio::test]
async fn usage_tells_the_calls_of_the_day_with_static_tokens() {
    let clock = Clock::manual(EVENING);
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        limits: Limits {
            daily: Some(1_000),
            ..Limits::default()
        },
        ..SandboxOptions::default()
    })
    .await;
    client.post("/_control/account", json!({"utc_offset": "-05:00"})).await;
    let tokens = client
        .sandbox()
        .install_app(DEFAULT_CLIENT_ID, ["oauth"], Duration::from_hours(12))
        .unwrap();
    for (version, calls) in ["v3", "2026-03", "2026-09"].into_iter().zip(1..) {
        let path = format!("/account-info/{version}/{USAGE}");
        let expected = json!({"results": [{
            "name": "private-apps-api-calls-daily", "usageLimit": 1_000, "currentUsage": calls,
            "collectedAt": "2026-09-21T22:00:00.000Z", "fetchStatus": "SUCCESS", "resetsAt": "2026-09-22T05:00:00.000Z",
        }]});
        let answer = client.get(&path).await;
        assert_eq!((answer.status, answer.json()), (200, expected.clone()));
        let answer = client.call_as(&tokens.access_token, Method::GET, &path).await;
        assert_eq!(answer.json(), expected, "an app's calls are not counted");
    }
    clock.advance(Duration::from_hours(7));
    let path = format!("/account-info/v3/{USAGE}");
    let answer = client.call_as(&tokens.access_token, Method::GET, &path).await;
    assert_eq!(answer.json()["results"][0]["currentUsage"], 0, "a new day");
    client.sandbox().set_limits(Limits::off());
    let usage = client.get(&path).await.json()["results"][0].clone();
    assert_eq!(
        (&usage["usageLimit"], &usage["currentUsage"]),
        (&json!(625_000), &json!(1))
    );
}

#[tokio::test]
async fn an_app_needs_the_scope_oauth() {
    let client = Client::start().await;
    let install = |scopes: &[&str]| {
        let lifetime = Duration::from_mins(30);
        let sandbox = client.sandbox();
        let tokens = sandbox.install_app(DEFAULT_CLIENT_ID, scopes.iter().copied(), lifetime);
        tokens.unwrap().access_token
    };
    let (with, without) = (install(&["oauth"]), install(&["tickets"]));
    client.sandbox().add_token("narrow", []);
    for path in [
        "/account-info/v3/details",
        "/account-info/2026-03/api-usage/daily/private-apps",
    ] {
        assert_eq!(client.call_as(&with, Method::GET, path).await.status, 200);
        assert_eq!(
            client.call_as("narrow", Method::GET, path).await.status,
            200,
            "a static token needs none"
        );
        let refused = client.call_as(&without, Method::GET, path).await;
        assert_eq!(refused.status, 403);
        let named = &refused.json()["errors"][0]["context"]["requiredGranularScopes"];
        assert_eq!(*named, json!(["oauth"]));
    }
}
