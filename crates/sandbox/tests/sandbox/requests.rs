//! The request log, and the list of the control calls.

use parlor_sandbox::{Effect, FaultRule};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, read};

const BASE: &str = "/crm/v3/objects/contacts";

#[tokio::test]
async fn the_log_is_filtered_and_cleared() {
    let client = Client::start().await;
    client
        .sandbox()
        .add_fault(FaultRule::new("PATCH", "", Effect::DroppedBefore).times(1));
    client.get(BASE).await;
    client.get(&format!("{BASE}/1")).await;
    client.post(BASE, json!({"properties": {}})).await;
    let _ = client
        .try_call(Method::PATCH, &format!("{BASE}/1"), Some(&json!({})))
        .await;
    let numbers = async |query: &str| {
        let answer = client.get(&format!("/_control/requests{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let requests = answer.json()["requests"].clone();
        let requests = requests.as_array().unwrap();
        requests
            .iter()
            .map(|request| request["number"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("", vec![1, 2, 3, 4]),
        ("?method=get", vec![1, 2]),
        ("?path=contacts/1", vec![2, 4]),
        ("?status=404", vec![2]),
        ("?status=2xx", vec![1, 3]),
        ("?status=none", vec![4]),
        ("?fault=any", vec![4]),
        ("?fault=1", vec![4]),
        ("?fault=none&after=1", vec![2, 3]),
    ] {
        assert_eq!(numbers(query).await, expected, "{query}");
    }
    for wrong in ["?status=good", "?fault=x", "?after=x", "?colour=red"] {
        assert_eq!(
            client.get(&format!("/_control/requests{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
    assert_eq!(client.delete("/_control/requests").await.status, 204);
    assert!(numbers("").await.is_empty());
    client.get(BASE).await;
    assert_eq!(numbers("").await, [5], "the numbers go on");
}

#[tokio::test]
async fn one_request_shows_its_bodies_and_how_long_it_took() {
    let client = Client::start().await;
    let long = "x".repeat(20_000);
    let created = client
        .post(BASE, json!({"properties": {"email": "ada@example.com", "city": long}}))
        .await;
    let logged = client.get("/_control/requests/1").await.json();
    assert_eq!((&logged["method"], &logged["status"]), (&json!("POST"), &json!(201)));
    assert!(logged["microseconds"].as_u64().unwrap() > 0);
    for (body, start) in [("request", "{\"properties\":"), ("response", "{\"id\":")] {
        let body = &logged["bodies"][body];
        assert!(body["bytes"].as_u64().unwrap() > 20_000);
        assert_eq!(body["text"].as_str().unwrap().len(), 16 * 1_024);
        assert!(body["text"].as_str().unwrap().starts_with(start), "{body}");
    }
    assert_eq!(logged["bodies"]["response"]["bytes"], created.text.len());
    let refused = client.request(Method::POST, BASE).body("secret").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let logged = client.get("/_control/requests/2").await.json();
    assert_eq!(
        logged["bodies"]["request"],
        Value::Null,
        "what is not admitted is not read"
    );
    assert!(
        logged["bodies"]["response"]["text"]
            .as_str()
            .unwrap()
            .contains("INVALID_AUTHENTICATION")
    );
    assert_eq!(client.get("/_control/requests/3").await.status, 404);
    assert_eq!(client.get("/_control/requests/x").await.status, 404);
}

#[tokio::test]
async fn bodies_with_tokens_are_not_kept() {
    let client = Client::start().await;
    let path = "/visitor-identification/v3/tokens/create";
    assert_eq!(client.post(path, json!({"email": "ada@example.com"})).await.status, 200);
    assert_eq!(
        client.get("/_control/requests/1").await.json()["bodies"],
        json!({"request": null, "response": null})
    );
}

#[tokio::test]
async fn the_list_of_calls_names_calls_that_are_there() {
    let client = Client::start().await;
    let index = client.get("/_control").await;
    assert_eq!(index.status, 200);
    let calls = index.json()["calls"].clone();
    let calls = calls.as_array().unwrap();
    assert!(calls.len() > 20);
    for call in calls {
        let path = call["path"].as_str().unwrap();
        let path = path.replace("{object_type}", "notes").replace(['{', '}'], "");
        let request = client.request(Method::TRACE, &path);
        let answer = read(request.send().await.unwrap()).await.unwrap();
        assert_eq!(answer.status, 405, "{call}");
        let allowed = answer.header("allow").unwrap();
        let method = call["method"].as_str().unwrap();
        assert!(allowed.split(',').any(|allowed| allowed == method), "{call}: {allowed}");
    }
}
