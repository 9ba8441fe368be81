//! Setting webhooks up and looking at them: the control calls, the page, apps, and the records file.

use std::collections::BTreeSet;

use parlor_sandbox::{DEFAULT_APP_ID, OauthApp, SandboxOptions};
use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::webhook_helpers::{PATIENCE, delivery, quiet, seed, start};
use crate::webhook_receiver::{Receiver, Reply, SECRET};

#[tokio::test]
async fn nothing_is_sent_to_another_machine() {
    let (client, _receiver, _) = start(&["contact.creation"]).await;
    let refused = client.sandbox().set_webhook("https://www.example.com/x", SECRET, []);
    assert!(refused.unwrap_err().to_string().contains("this machine alone"));
    // HubSpot's own call takes any address, so that programs that set theirs up can be tried.
    let settings = json!({"targetUrl": "https://www.example.com/x", "throttling": {"maxConcurrentRequests": 10}});
    let path = format!("/webhooks/v3/{DEFAULT_APP_ID}/settings");
    let set = client.call(reqwest::Method::PUT, &path, Some(&settings)).await;
    assert_eq!(set.status, 200, "{}", set.text);
    seed(&client, "ada@example.com");
    let withheld = delivery(&client, 1).await;
    assert_eq!((withheld.status, withheld.next_attempt_at), (None, None));
    assert!(withheld.failure.unwrap().starts_with("not sent"));
    quiet(client.sandbox()).await;
}

#[tokio::test]
async fn subscriptions_outlive_a_restart_in_the_records_file() {
    let folder = tempfile::tempdir().unwrap();
    let options = || SandboxOptions {
        records_file: Some(folder.path().join("records.json")),
        ..SandboxOptions::default()
    };
    let receiver = Receiver::start().await;
    let first = Client::start_with(options()).await;
    let types = ["contact.propertyChange:city", "object.creation:0-1"];
    first.sandbox().set_webhook(receiver.url(), SECRET, types).unwrap();
    first.running.stop().await.unwrap();
    let second = Client::start_with(options()).await;
    let told = seed(&second, "ada@example.com");
    receiver.wait_for(1).await;
    assert_eq!(receiver.events()[0]["objectId"], told);
}

#[tokio::test]
async fn the_control_calls_set_up_show_misbehave_and_wait() {
    let client = Client::start().await;
    let receiver = Receiver::start().await;
    let set = client
        .post(
            "/_control/webhooks",
            json!({"target_url": receiver.url(), "client_secret": SECRET,
                   "subscriptions": ["contact.creation", "contact.propertyChange:email"]}),
        )
        .await;
    assert_eq!(set.status, 200);
    let shown = client.get("/_control/webhooks").await.json();
    let app = &shown["apps"][0];
    assert_eq!(
        (&app["app_id"], &app["client_secret"], &app["target_url"]),
        (&json!(DEFAULT_APP_ID), &json!(SECRET), &json!(receiver.url()))
    );
    assert_eq!(app["subscriptions"][1]["type"], "contact.propertyChange:email");
    assert_eq!(
        (&shown["waiting"], &shown["under_way"], &shown["dropped"]),
        (&json!(0), &json!(0), &json!(0))
    );

    let slow = json!({"delay_milliseconds": 3_600_000});
    assert_eq!(client.post("/_control/webhooks/behaviour", slow).await.status, 200);
    let behaviour = client.get("/_control/webhooks/behaviour").await.json();
    assert_eq!(behaviour["delay_milliseconds"], 3_600_000);
    assert_eq!(
        (&behaviour["schedule_factor"], &behaviour["spelling"]),
        (&json!(0.001), &json!("subscription_type"))
    );
    client
        .post(
            "/_control/contacts",
            json!({"properties": {"email": "ada@example.com"}}),
        )
        .await;
    let patient = json!({"patiently": true, "within_milliseconds": 50});
    let waited = client.post("/_control/webhooks/flush", patient).await.json();
    assert_eq!(waited["quiet"], false);
    let flushed = client.post("/_control/webhooks/flush", json!({})).await.json();
    assert_eq!(flushed, json!({"quiet": true, "waiting": 0, "under_way": 0}));
    assert!(!receiver.received().is_empty());
    let delivered = client.get("/_control/webhooks/deliveries").await.json();
    assert_eq!(delivered["deliveries"][0]["status"], 200);
    assert_eq!(delivered["deliveries"][0]["events"][0]["attemptNumber"], 0);
    assert_eq!(client.delete("/_control/webhooks/deliveries").await.status, 204);
    assert_eq!(
        client.get("/_control/webhooks/deliveries").await.json(),
        json!({"deliveries": []})
    );
    assert_eq!(client.delete("/_control/webhooks").await.status, 204);
    assert_eq!(
        client.get("/_control/webhooks").await.json()["apps"][0]["subscriptions"],
        json!([])
    );

    for (path, wrong) in [
        ("", json!({"target_url": "nowhere"})),
        ("", json!({"target_url": "https://www.example.com/"})),
        (
            "",
            json!({"target_url": receiver.url(), "subscriptions": ["contact.birth"]}),
        ),
        ("/behaviour", json!({"duplicates": 2})),
        ("/behaviour", json!({"batch_size": 101})),
        ("/behaviour", json!({"unheard_of": 1})),
        ("/flush", json!({"within": 1})),
    ] {
        let answer = client.post(&format!("/_control/webhooks{path}"), wrong.clone()).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_page_shows_subscriptions_and_deliveries() {
    let (client, receiver, _) = start(&["contact.propertyChange:city", "contact.creation"]).await;
    receiver.replies([Reply::Status(500)]);
    seed(&client, "ada@example.com");
    let failed = delivery(&client, 1).await;
    let page = client.get("/webhooks").await;
    assert_eq!(page.status, 200);
    for expected in [
        "<td>contact.propertyChange:city</td><td>active</td>".to_owned(),
        receiver.url().to_owned(),
        "<td>500</td>".to_owned(),
        "contact.creation".to_owned(),
        format!("<td>{}</td>", failed.next_attempt_at.unwrap().iso()),
        "Waiting: 1. Under way: 0. Dropped: 0.".to_owned(),
    ] {
        assert!(page.text.contains(&expected), "{expected} in {}", page.text);
    }
}

#[tokio::test]
async fn apps_of_oauth_have_webhooks_of_their_own_until_they_are_uninstalled() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    let app = json!({"client_id": "mine", "client_secret": SECRET, "app_id": 77});
    assert_eq!(client.post("/_control/apps", app.clone()).await.status, 201);
    let settings = json!({"targetUrl": receiver.url(), "throttling": {"maxConcurrentRequests": 10}});
    let set = client
        .call(Method::PUT, "/webhooks/v3/77/settings", Some(&settings))
        .await;
    assert_eq!(set.status, 200, "{}", set.text);
    let subscription = json!({"eventType": "contact.creation", "active": true});
    assert_eq!(
        client.post("/webhooks/v3/77/subscriptions", subscription).await.status,
        201
    );
    let told = async |email: &str| {
        let before = receiver.events().len();
        seed(&client, email);
        assert!(client.sandbox().flush_webhooks(PATIENCE).await);
        let apps = receiver.events()[before..]
            .iter()
            .map(|event| event["appId"].as_u64())
            .collect();
        let apps: BTreeSet<Option<u64>> = apps;
        apps.into_iter().flatten().collect::<Vec<_>>()
    };
    assert_eq!(told("never-installed@example.com").await, [77, DEFAULT_APP_ID]);
    let install = json!({"client_id": "mine"});
    assert_eq!(client.post("/_control/installs", install.clone()).await.status, 201);
    assert_eq!(told("installed@example.com").await, [77, DEFAULT_APP_ID]);
    assert_eq!(client.delete("/_control/installs/mine").await.status, 204);
    assert_eq!(told("uninstalled@example.com").await, [DEFAULT_APP_ID]);
    assert!(
        client
            .get("/webhooks")
            .await
            .text
            .contains("uninstalled: nothing is sent")
    );
    client.post("/_control/installs", install).await;
    assert_eq!(told("again@example.com").await, [77, DEFAULT_APP_ID]);

    assert_eq!(client.delete("/_control/apps/mine").await.status, 204);
    assert_eq!(client.get("/webhooks/v3/77/settings").await.status, 404);
    assert_eq!(told("removed@example.com").await, [DEFAULT_APP_ID]);
    client.post("/_control/apps", app).await;
    let subscriptions = client.get("/webhooks/v3/77/subscriptions").await.json();
    assert_eq!(
        subscriptions["results"],
        json!([]),
        "the next app with the number begins anew"
    );
}

#[tokio::test]
async fn the_secret_that_signs_is_the_secret_of_oauth() {
    let client = Client::start().await;
    let receiver = Receiver::start().await;
    let set_up = json!({"target_url": receiver.url(), "app_id": 88, "client_secret": SECRET, "subscriptions": ["contact.creation"]});
    assert_eq!(client.post("/_control/webhooks", set_up).await.status, 200);
    let made = client
        .sandbox()
        .apps()
        .into_iter()
        .find(|app| app.app_id == 88)
        .unwrap();
    assert_eq!(made.client_secret, SECRET);
    client
        .sandbox()
        .add_app(OauthApp {
            client_secret: "another-secret".to_owned(),
            ..made
        })
        .unwrap();
    seed(&client, "ada@example.com");
    let refused = delivery(&client, 1).await;
    assert_eq!(refused.status, Some(401), "the receiver knows the old secret alone");
}
