//! HubSpot's calls that set webhooks up: settings and subscriptions of an app, in each version.

use parlor_sandbox::{DEFAULT_APP_ID, DEFAULT_DEVELOPER_KEY, Effect, FaultRule};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, read};

fn app() -> String {
    format!("/webhooks/v3/{DEFAULT_APP_ID}")
}

fn settings(target: &str) -> Value {
    json!({"targetUrl": target, "throttling": {"maxConcurrentRequests": 10}})
}

#[tokio::test]
async fn settings_are_set_changed_and_cleared_under_every_version() {
    for area in ["/webhooks/v3", "/webhooks/2026-03", "/app-webhooks/2026-09"] {
        let client = Client::start().await;
        let path = format!("{area}/{DEFAULT_APP_ID}/settings");
        assert_eq!(client.get(&path).await.status, 404, "{area}");
        let target = "https://www.example.com/hubspot/target";
        let set = client.call(Method::PUT, &path, Some(&settings(target))).await;
        assert_eq!(set.status, 200, "{area}: {}", set.text);
        let shown = client.get(&path).await.json();
        assert_eq!(shown, set.json());
        assert_eq!(
            (&shown["targetUrl"], &shown["throttling"]),
            (&json!(target), &json!({"maxConcurrentRequests": 10}))
        );
        assert!(shown["createdAt"].is_string() && shown["updatedAt"].is_string());
        let older = json!({"targetUrl": target, "throttling": {"maxConcurrentRequests": 20, "period": "SECONDLY"}});
        let changed = client.call(Method::PUT, &path, Some(&older)).await.json();
        assert_eq!(changed["throttling"], older["throttling"]);
        assert_eq!(changed["createdAt"], shown["createdAt"]);
        assert_eq!(client.delete(&path).await.status, 204);
        assert_eq!(client.get(&path).await.status, 404);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused() {
    let client = Client::start().await;
    let path = format!("{}/settings", app());
    for wrong in [
        settings("http://www.example.com/"),
        settings("somewhere"),
        settings("ftp://www.example.com/"),
        json!({"targetUrl": "https://www.example.com/"}),
        json!({"targetUrl": "https://www.example.com/", "throttling": {"maxConcurrentRequests": 5}}),
    ] {
        let answer = client.call(Method::PUT, &path, Some(&wrong)).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert_eq!(answer.json()["category"], "VALIDATION_ERROR");
    }
    assert_eq!(client.get("/webhooks/v3/404/settings").await.status, 404);
    let elsewhere = client
        .call(
            Method::PUT,
            "/webhooks/v3/404/settings",
            Some(&settings("https://x.example/")),
        )
        .await;
    assert_eq!(elsewhere.status, 404);
}

#[tokio::test]
async fn subscriptions_are_made_read_paused_and_removed() {
    for area in ["/webhooks/v3", "/webhooks/2026-03", "/app-webhooks/2026-09"] {
        let client = Client::start().await;
        let path = format!("{area}/{DEFAULT_APP_ID}/subscriptions");
        assert_eq!(client.get(&path).await.json(), json!({"results": []}));
        let new = json!({"eventType": "contact.propertyChange", "propertyName": "email", "active": true});
        let made = client.post(&path, new).await;
        assert_eq!(made.status, 201, "{area}: {}", made.text);
        let made = made.json();
        assert_eq!(
            (&made["eventType"], &made["propertyName"], &made["active"]),
            (&json!("contact.propertyChange"), &json!("email"), &json!(true))
        );
        assert!(made["createdAt"].is_string() && made.get("objectTypeId").is_none());
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        assert_eq!(client.get(&one).await.json(), made);
        let paused = client.patch(&one, json!({"active": false})).await;
        assert_eq!((paused.status, &paused.json()["active"]), (200, &json!(false)));
        assert_eq!(client.get(&path).await.json()["results"], json!([paused.json()]));
        assert_eq!(client.delete(&one).await.status, 204);
        for gone in [
            client.get(&one).await,
            client.delete(&one).await,
            client.patch(&one, json!({"active": true})).await,
        ] {
            assert_eq!(
                (gone.status, &gone.json()["category"]),
                (404, &json!("SUBSCRIPTION_ID_NOT_FOUND"))
            );
        }
    }
}

#[tokio::test]
async fn a_subscription_says_all_that_its_type_needs() {
    let client = Client::start().await;
    let path = format!("{}/subscriptions", app());
    let generic = client
        .post(&path, json!({"eventType": "object.creation", "objectTypeId": "deal"}))
        .await
        .json();
    // Paused, unless told otherwise.
    assert_eq!(
        (&generic["objectTypeId"], &generic["active"]),
        (&json!("0-3"), &json!(false))
    );
    for wrong in [
        json!({"eventType": "contact.birth"}),
        json!({"propertyName": "email"}),
        json!({"eventType": "contact.propertyChange"}),
        json!({"eventType": "object.creation"}),
        json!({"eventType": "object.creation", "objectTypeId": "unicorn"}),
    ] {
        let answer = client.post(&path, wrong.clone()).await;
        assert_eq!(
            (answer.status, &answer.json()["category"]),
            (400, &json!("VALIDATION_ERROR")),
            "{wrong}"
        );
    }
    let again = client
        .post(&path, json!({"eventType": "object.creation", "objectTypeId": "0-3"}))
        .await;
    assert_eq!((again.status, &again.json()["category"]), (409, &json!("CONFLICT")));
}

#[tokio::test]
async fn several_subscriptions_are_switched_at_once() {
    let client = Client::start().await;
    let path = format!("{}/subscriptions", app());
    let mut ids = Vec::new();
    for kind in ["contact.creation", "contact.deletion"] {
        let made = client.post(&path, json!({"eventType": kind})).await.json();
        ids.push(made["id"].as_str().unwrap().parse::<u64>().unwrap());
    }
    let batch = format!("{path}/batch/update");
    let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id, "active": true})).collect();
    let done = client.post(&batch, json!({"inputs": inputs})).await;
    assert_eq!((done.status, &done.json()["status"]), (200, &json!("COMPLETE")));
    assert_eq!(done.json().get("numErrors"), None);
    let listed = client.get(&path).await.json();
    assert_eq!(listed["results"], done.json()["results"]);
    assert!(
        listed["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["active"] == true)
    );

    let inputs = json!([{"id": ids[0], "active": false}, {"id": 4567, "active": true}]);
    let partly = client.post(&batch, json!({"inputs": inputs})).await;
    assert_eq!((partly.status, &partly.json()["numErrors"]), (207, &json!(1)));
    assert_eq!(partly.json()["results"].as_array().unwrap().len(), 1);
    let error = &partly.json()["errors"][0];
    assert_eq!(
        (&error["status"], &error["category"], &error["message"]),
        (
            &json!("error"),
            &json!("SUBSCRIPTION_ID_NOT_FOUND"),
            &json!("Failed to find subscriptions by id `4567`.")
        )
    );
}

#[tokio::test]
async fn the_developers_key_is_as_good_as_a_token_with_the_scopes() {
    let client = Client::start().await;
    let status = async |method: Method, query: &str, token: Option<&str>| {
        let mut request = client
            .request(method, &format!("{}/subscriptions{query}", app()))
            .header("content-type", "application/json")
            .body(r#"{"eventType": "contact.creation"}"#);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        read(request.send().await.unwrap()).await.unwrap()
    };
    let key = format!("?hapikey={DEFAULT_DEVELOPER_KEY}");
    assert_eq!(status(Method::GET, &key, None).await.status, 200);
    assert_eq!(status(Method::POST, &key, None).await.status, 201);
    let wrong = status(Method::GET, "?hapikey=guessed", None).await;
    assert_eq!(wrong.status, 401);
    assert_eq!(
        wrong.error_text(),
        "{\"status\":\"error\",\"message\":\"The API key provided is invalid. View or manage your API key here: \
         https://app.hubspot.com/l/api-key/\",\"correlationId\":\"…\",\"links\":{\"api key\":\
         \"https://app.hubspot.com/l/api-key/\"},\"category\":\"INVALID_AUTHENTICATION\"}"
    );
    assert_eq!(status(Method::GET, "", None).await.status, 401);
    client.sandbox().add_token("pat-reader", ["developers-read"]);
    assert_eq!(status(Method::GET, "", Some("pat-reader")).await.status, 200);
    let missing = status(Method::POST, "", Some("pat-reader")).await;
    assert_eq!(
        (missing.status, &missing.json()["category"]),
        (403, &json!("MISSING_SCOPES"))
    );
}

#[tokio::test]
async fn faults_strike_these_calls_too() {
    let client = Client::start().await;
    let rule = FaultRule::new("GET", "/webhooks/v3/", Effect::status(502)).times(1);
    client.sandbox().add_fault(rule);
    let path = format!("{}/subscriptions", app());
    assert_eq!(client.get(&path).await.status, 502);
    assert_eq!(client.get(&path).await.status, 200);
}
