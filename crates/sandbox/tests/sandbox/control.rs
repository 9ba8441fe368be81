//! The control calls, for those who are not in the same process.

use parlor_sandbox::SandboxOptions;
use reqwest::Method;
use serde_json::json;

use crate::client::{Client, read};

const BASE: &str = "/crm/v3/objects/contacts";

#[tokio::test]
async fn faults_are_added_shown_and_removed() {
    let client = Client::start().await;
    let rules = [
        json!({"method": "GET", "path": "/contacts", "times": 1, "effect": {"kind": "status", "status": 500}}),
        json!({"body": "x", "skip": 3, "effect": {"kind": "delay", "milliseconds": 5}}),
        json!({"path": "x", "effect": {"kind": "applied_not_answered", "hang": true}}),
        json!({"path": "x", "effect": {"kind": "dropped_before"}}),
        json!({"path": "x", "effect": {"kind": "applied_late", "after_writes": 1}}),
        json!({"path": "x", "percent": 50, "effect": {"kind": "cut_short", "after_bytes": 3}}),
        json!({"path": "x", "effect": {"kind": "wrong_answer", "status": 204}}),
    ];
    for (rule, id) in rules.iter().zip(1..) {
        let added = client.post("/_control/faults", rule.clone()).await;
        assert_eq!((added.status, added.json()), (201, json!({"id": id})), "{}", added.text);
    }
    assert_eq!(client.get(BASE).await.status, 500);
    let shown = client.get("/_control/faults").await.json();
    assert_eq!(shown["faults"].as_array().unwrap().len(), rules.len());
    assert_eq!(shown["faults"][0]["struck"], 1);
    assert_eq!(client.delete("/_control/faults").await.status, 204);
    assert_eq!(client.get("/_control/faults").await.json(), json!({"faults": []}));

    for wrong in [
        json!({"effect": {"kind": "unheard_of"}}),
        json!({"pathh": "x", "effect": {"kind": "dropped_before"}}),
        json!({"effect": {"kind": "status", "status": 20}}),
        json!({"effect": {"kind": "applied_late"}}),
        json!({"effect": {"kind": "wrong_answer"}}),
        json!({"effect": {"kind": "wrong_answer", "content_type": "a\nb"}}),
        json!({"effect": {"kind": "status", "status": 429, "headers": {"retry after": "1"}}}),
        json!({"percent": 101, "effect": {"kind": "dropped_before"}}),
        json!({"percent": 0, "effect": {"kind": "dropped_before"}}),
        json!({"times": 0, "effect": {"kind": "dropped_before"}}),
        json!({"method": "FETCH", "effect": {"kind": "dropped_before"}}),
        json!({"effect": {"kind": "dropped_before", "hang": true}}),
        json!({"effect": {"kind": "status", "status": 200, "headers": {"Content-Length": "3"}}}),
        json!({"effect": {"kind": "status", "status": 200, "headers": {"transfer-encoding": "chunked"}}}),
        json!({"effect": {"kind": "status", "status": 204, "body": "x"}}),
        json!({"effect": {"kind": "wrong_answer", "status": 304, "body": "x"}}),
    ] {
        assert_eq!(client.post("/_control/faults", wrong).await.status, 400);
    }
}

#[tokio::test]
async fn the_log_tells_the_last_requests_and_no_token() {
    let client = Client::start_with(SandboxOptions {
        logged_requests: 2,
        ..SandboxOptions::default()
    })
    .await;
    client.get(BASE).await;
    client.get(&format!("{BASE}/1?properties=email")).await;
    client.get("/nowhere").await;
    let log = client.get("/_control/requests").await;
    assert!(!log.text.contains("pat-sandbox"));
    let requests = log.json()["requests"].clone();
    assert_eq!(requests.as_array().unwrap().len(), 2, "{requests}");
    assert_eq!(requests[0]["number"], 2);
    assert_eq!(requests[0]["method"], "GET");
    assert_eq!(requests[0]["path"], format!("{BASE}/1?properties=email"));
    assert_eq!(
        (&requests[0]["status"], &requests[1]["status"]),
        (&json!(404), &json!(404))
    );
    assert!(requests[0]["at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn contacts_are_seeded_edited_merged_and_archived() {
    let client = Client::start().await;
    let seed = async |email: &str| {
        let seeded = client
            .post("/_control/contacts", json!({"properties": {"email": email}}))
            .await;
        assert_eq!(seeded.status, 201);
        seeded.json()["id"].as_str().unwrap().to_owned()
    };
    let (ada, bob) = (seed("ada@example.com").await, seed("bob@example.com").await);
    let one = format!("/_control/contacts/{ada}");
    assert_eq!(
        client.patch(&one, json!({"properties": {"city": "Rome"}})).await.status,
        200
    );
    assert_eq!(
        client.get("/_control/contacts").await.json()["contacts"][0]["properties"]["city"],
        "Rome"
    );
    assert_eq!(
        client.patch(&one, json!({"properties": {"nothing": "x"}})).await.status,
        400
    );
    let merged = client
        .post("/_control/merge", json!({"primary": ada, "other": bob}))
        .await;
    assert_eq!((merged.status, &merged.json()["id"]), (200, &json!(ada)));
    assert_eq!(client.delete(&one).await.status, 204);
    assert_eq!(client.get("/_control/contacts").await.json(), json!({"contacts": []}));
}

#[tokio::test]
async fn tokens_limits_and_outages_are_set_and_reset_undoes_it_all() {
    let client = Client::start().await;
    let status = async |token: &str| {
        client
            .request(Method::GET, BASE)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .status()
    };
    let grant = json!({"token": "pat-reader", "scopes": ["crm.objects.contacts.read"]});
    assert_eq!(client.post("/_control/tokens", grant).await.status, 204);
    assert_eq!(status("pat-reader").await, 200);
    assert_eq!(
        client
            .post("/_control/tokens", json!({"token": "pat-reader"}))
            .await
            .status,
        204
    );
    assert_eq!(status("pat-reader").await, 401);

    assert_eq!(
        client.post("/_control/limits", json!({"ten_seconds": 1})).await.status,
        200
    );
    assert_eq!([status("pat-sandbox").await, status("pat-sandbox").await], [200, 429]);
    assert_eq!(client.get("/_control/limits").await.json()["ten_seconds"], 1);
    assert_eq!(client.post("/_control/down", json!({"down": true})).await.status, 204);
    assert_eq!(status("pat-sandbox").await, 503);
    client.sandbox().seed_contact([("email", "ada@example.com")]).unwrap();
    client.sandbox().remove_token("pat-sandbox");

    assert_eq!(client.post("/_control/reset", json!({})).await.status, 204);
    assert!(client.sandbox().requests().is_empty());
    assert_eq!([status("pat-sandbox").await, status("pat-sandbox").await], [200, 200]);
    assert!(client.sandbox().contacts().is_empty());
}

#[tokio::test]
async fn pages_of_other_sites_cannot_control_it() {
    let client = Client::start().await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let request = client.request(Method::POST, "/_control/reset").header(name, value);
        let answer = read(request.send().await.unwrap()).await.unwrap();
        assert_eq!(answer.status, 403, "{name}: {value}");
    }
    let request = client
        .request(Method::POST, "/_control/reset")
        .header("origin", client.running.base_url());
    assert_eq!(request.send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn names_that_are_not_this_machines_are_refused() {
    let client = Client::start().await;
    let status = async |path: &str, host: &str| {
        let request = client.request(Method::GET, path).header("host", host);
        request.send().await.unwrap().status().as_u16()
    };
    for path in ["/_control", "/_control/contacts", "/", "/requests"] {
        assert_eq!(status(path, "rebound.example:3002").await, 403, "{path}");
        for own in ["127.0.0.1:3002", "localhost:3002", "[::1]:3002", "hubspot.localhost"] {
            assert_eq!(status(path, own).await, 200, "{path} {own}");
        }
    }
    let request = client.request(Method::GET, BASE).bearer_auth("pat-sandbox");
    let answer = request.header("host", "api.hubapi.com").send().await.unwrap();
    assert_eq!(answer.status(), 200, "the API takes a token, and any name");
}
