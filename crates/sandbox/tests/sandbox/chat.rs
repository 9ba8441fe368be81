//! The stand-in of HubSpot's chat script, as far as it is a server's matter; what it does in a page is tested in a browser.

use std::time::Duration;

use parlor_sandbox::{Clock, Moment, SandboxOptions, VisitOutcome};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, read};

const SCRIPT: &str = "/scripts/891936587.js";
const VISITS: &str = "/scripts/891936587/visits";
const CALLS: &str = "/scripts/891936587/calls";
const A_MILLISECOND: Duration = Duration::from_millis(1);

/// Sends what the script sends from a page of another site.
async fn report(client: &Client, path: &str, body: &Value) -> Answer {
    let request = client
        .request(Method::POST, path)
        .header("origin", "https://www.example.com")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "text/plain;charset=UTF-8")
        .body(body.to_string());
    read(request.send().await.unwrap()).await.unwrap()
}

async fn visit(client: &Client, email: Option<&str>, token: Option<&str>) -> Value {
    let page = "https://www.example.com/prices";
    let body = json!({"hubId": "891936587", "page": page, "email": email, "token": token});
    let answer = report(client, VISITS, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    answer.json()
}

async fn token_for(client: &Client, email: &str) -> String {
    let created = client
        .post("/visitor-identification/v3/tokens/create", json!({"email": email}))
        .await;
    created.json()["token"].as_str().unwrap().to_owned()
}

fn refused(why: &str) -> Value {
    json!({"outcome": "refused", "why": why})
}

#[tokio::test]
async fn the_script_is_served_to_every_page_for_this_account_alone() {
    let client = Client::start().await;
    let script = read(client.request(Method::GET, SCRIPT).send().await.unwrap())
        .await
        .unwrap();
    assert_eq!(script.status, 200);
    for (name, value) in [
        ("content-type", "text/javascript; charset=utf-8"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(script.header(name), Some(value), "{name}");
    }
    assert_eq!(script.header("set-cookie"), None);
    for name in [
        "hsConversationsSettings",
        "hsConversationsOnReady",
        "HubSpotConversations",
    ] {
        assert!(script.text.contains(&format!("window.{name}")), "{name}");
    }
    for storage in ["document.cookie", "localStorage", "sessionStorage", "indexedDB"] {
        assert!(!script.text.contains(storage), "{storage}");
    }
    for other in ["/scripts/1.js", "/scripts/891936587", "/scripts/891936587.css"] {
        assert_eq!(client.get(other).await.status, 404, "{other}");
    }
    assert!(client.sandbox().requests().is_empty(), "the log is the API's");
}

#[tokio::test]
async fn a_visitor_is_identified_by_a_token_that_is_good_for_the_address() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_795_000_000_000));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    })
    .await;
    let token = token_for(&client, "ada@example.com").await;
    let (ada, token) = (Some("ada@example.com"), Some(token.as_str()));
    assert_eq!(visit(&client, None, None).await, json!({"outcome": "not_identified"}));
    assert_eq!(visit(&client, ada, token).await, json!({"outcome": "identified"}));
    assert_eq!(
        visit(&client, Some("ADA@example.com "), token).await,
        json!({"outcome": "identified"}),
        "HubSpot does not tell the case of addresses apart"
    );
    assert_eq!(
        visit(&client, Some("bob@example.com"), token).await,
        refused("the token belongs to another address")
    );
    assert_eq!(
        visit(&client, ada, Some("sandbox-visitor-1-x")).await,
        refused("the token is not known")
    );
    assert_eq!(
        visit(&client, ada, Some("")).await,
        refused("an address came without a token")
    );
    assert_eq!(
        visit(&client, None, token).await,
        refused("a token came without an address")
    );

    clock.advance(Duration::from_hours(12).checked_sub(A_MILLISECOND).unwrap());
    assert_eq!(visit(&client, ada, token).await, json!({"outcome": "identified"}));
    clock.advance(A_MILLISECOND);
    assert_eq!(visit(&client, ada, token).await, refused("the token has expired"));

    let visits = client.sandbox().visits();
    assert_eq!(visits.len(), 9);
    assert_eq!(visits[0].outcome, VisitOutcome::NotIdentified);
    let shown = client.get("/_control/visits").await.json()["visits"].clone();
    let expected = json!({
        "number": 2, "at": "2026-11-18T11:06:40.000Z", "page": "https://www.example.com/prices",
        "email": "ada@example.com", "token": token, "outcome": "identified",
    });
    assert_eq!(shown[1], expected);
    assert_eq!(shown[8]["why"], "the token has expired");
}

#[tokio::test]
async fn calls_are_kept_with_what_was_given_and_only_the_last_ones() {
    let client = Client::start().await;
    let settings =
        json!({"loadImmediately": false, "identificationToken": "t", "identificationEmail": "ada@example.com"});
    let call = |call: &str, ignored: Option<&str>| {
        json!({
            "hubId": "891936587", "page": "https://www.example.com/", "call": call, "arguments": [{"widgetOpen": true}],
            "settings": settings, "ignored": ignored,
        })
    };
    for ignored in [None, Some("throttled")] {
        let answer = report(&client, CALLS, &call("widget.load", ignored)).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    visit(&client, None, None).await;
    let shown = client.get("/_control/visits").await.json();
    assert_eq!(shown["visits"][0]["number"], 3, "both are counted together");
    assert_eq!(shown["calls"][0]["call"], "widget.load");
    assert_eq!(shown["calls"][0]["settings"], settings);
    assert_eq!(shown["calls"][0]["arguments"], json!([{"widgetOpen": true}]));
    assert_eq!(
        (&shown["calls"][0]["ignored"], &shown["calls"][1]["ignored"]),
        (&json!(null), &json!("throttled"))
    );

    for _ in 0..500 {
        report(&client, CALLS, &call("clear", None)).await;
    }
    let calls = client.sandbox().chat_calls();
    assert_eq!((calls.len(), calls[0].call.as_str()), (500, "clear"));
    assert_eq!(client.sandbox().visits().len(), 1, "calls do not push visits out");
    client.sandbox().reset();
    assert_eq!(
        client.get("/_control/visits").await.json(),
        json!({"visits": [], "calls": []})
    );
}

#[tokio::test]
async fn reports_for_other_accounts_and_reports_that_are_none_are_refused_and_not_kept() {
    let client = Client::start().await;
    let body = json!({"hubId": "891936587", "page": "/", "email": null, "token": null});
    assert_eq!(report(&client, "/scripts/1/visits", &body).await.status, 404);
    let other = json!({"hubId": "1", "page": "/", "email": null, "token": null});
    assert_eq!(report(&client, VISITS, &other).await.status, 404);
    let long = json!({"hubId": "891936587", "page": "x".repeat(20_000), "email": null, "token": null});
    assert_eq!(report(&client, VISITS, &long).await.status, 413);
    for path in [VISITS, CALLS] {
        let answer = report(&client, path, &json!({"hubId": "891936587"})).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (400, Some("*"))
        );
    }
    assert_eq!(
        client.get("/_control/visits").await.json(),
        json!({"visits": [], "calls": []})
    );
    let elsewhere = client
        .request(Method::GET, "/_control/visits")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(
        elsewhere.send().await.unwrap().status(),
        403,
        "no page reads what others gave"
    );
}
