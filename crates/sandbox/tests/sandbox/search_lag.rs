//! How late search learns of what is written, and what it knows at once.

use std::time::Duration;

use parlor_sandbox::{Clock, Moment, SandboxOptions};
use serde_json::json;

use crate::client::Client;
use crate::search::{BASE, email_is, found, options, start};

#[tokio::test]
async fn search_sees_each_record_as_it_was_one_lag_ago() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_790_000_000_000));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        search_lag: Duration::from_secs(30),
        ..options()
    })
    .await;
    let created = client
        .post(
            BASE,
            json!({"properties": {"email": "ada@example.com", "city": "London"}}),
        )
        .await;
    let one = format!("{BASE}/{}", created.json()["id"].as_str().unwrap());
    let search = async |city: &str| {
        let filter = json!({"propertyName": "city", "operator": "EQ", "value": city});
        found(&client, json!({"filterGroups": [{"filters": [filter]}]}))
            .await
            .len()
    };
    assert_eq!(search("london").await, 0, "not there yet");
    clock.advance(Duration::from_millis(29_999));
    assert_eq!(search("london").await, 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(search("london").await, 1);

    client.patch(&one, json!({"properties": {"city": "Rome"}})).await;
    assert_eq!([search("london").await, search("rome").await], [1, 0], "the old value");
    clock.advance(Duration::from_secs(10));
    assert_eq!(client.delete(&one).await.status, 204);
    clock.advance(Duration::from_secs(20));
    assert_eq!(
        [search("london").await, search("rome").await],
        [0, 1],
        "archived, but not yet known"
    );
    clock.advance(Duration::from_secs(10));
    assert_eq!(search("rome").await, 0);
}

#[tokio::test]
async fn a_batch_a_merge_and_a_deletion_for_good_are_known_late_too() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_790_000_000_000));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..options()
    })
    .await;
    let sandbox = client.sandbox();
    let ids: Vec<String> = ["a@example.com", "b@example.com", "c@example.com"]
        .iter()
        .map(|email| sandbox.seed_contact([("email", *email)]).unwrap().id)
        .collect();
    clock.advance(Duration::from_secs(5));
    let all = async || found(&client, json!({})).await.len();
    assert_eq!(all().await, 3);

    sandbox.merge(&ids[0], &ids[1]).unwrap();
    let deleted = client
        .post(&format!("{BASE}/gdpr-delete"), json!({"objectId": ids[2]}))
        .await;
    assert_eq!(deleted.status, 204);
    let inputs =
        json!({"inputs": [{"properties": {"email": "d@example.com"}}, {"properties": {"email": "e@example.com"}}]});
    assert_eq!(client.post(&format!("{BASE}/batch/create"), inputs).await.status, 201);
    assert_eq!(all().await, 3);
    assert_eq!(found(&client, email_is("b@example.com")).await.len(), 1);
    clock.advance(Duration::from_secs(5));
    assert_eq!(
        found(&client, json!({})).await,
        ["a@example.com", "d@example.com", "e@example.com"]
    );
}

#[tokio::test]
async fn the_lag_is_set_over_http_and_reset_gives_back_the_option_s() {
    let client = start().await;
    let lag = async || client.get("/_control/search-lag").await.json()["milliseconds"].clone();
    assert_eq!(lag().await, 5_000);
    client.sandbox().seed_contact([("email", "ada@example.com")]).unwrap();
    assert_eq!(found(&client, json!({})).await.len(), 0);
    let set = client.post("/_control/search-lag", json!({"milliseconds": 0})).await;
    assert_eq!((set.status, lag().await), (204, json!(0)));
    assert_eq!(found(&client, json!({})).await.len(), 1);
    client.post("/_control/reset", json!({})).await;
    assert_eq!(lag().await, 5_000);
}

#[tokio::test]
async fn a_seed_is_known_to_search_at_once() {
    let client = start().await;
    let seed = json!({
        "properties": {"contacts": [{
            "groupName": "contactinformation", "name": "age", "label": "Age", "type": "number", "fieldType": "number",
        }]},
        "objects": {"contacts": [
            {"properties": {"email": "ada@example.com", "age": 36}},
            {"properties": {"email": "bob@example.com", "age": 9}},
        ]},
    });
    let seeded = client.post("/_control/seed", seed).await;
    assert_eq!(seeded.status, 201, "{}", seeded.text);
    assert_eq!(seeded.json()["objects"]["contacts"][1]["properties"]["age"], "9");
    assert_eq!(
        found(&client, json!({"sorts": ["age"]})).await,
        ["bob@example.com", "ada@example.com"]
    );

    let half = json!({"objects": {"contacts": [{"properties": {"email": "new@example.com"}}, {"properties": {"nothing": 1}}]}});
    assert_eq!(client.post("/_control/seed", half).await.status, 400);
    assert_eq!(client.sandbox().contacts().len(), 2, "all or nothing");
    for wrong in [json!({"objects": {"spaceships": []}}), json!({"contacts": []})] {
        assert_eq!(client.post("/_control/seed", wrong).await.status, 400);
    }
}

#[tokio::test]
async fn a_restored_record_and_one_of_another_kind_keep_to_themselves() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_790_000_000_000));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..options()
    })
    .await;
    let sandbox = client.sandbox();
    let id = sandbox.seed_contact([("email", "ada@example.com")]).unwrap().id;
    sandbox.seed_record("companies", [("name", "Acme")]).unwrap();
    sandbox.archive(&id).unwrap();
    clock.advance(Duration::from_secs(5));
    assert!(found(&client, json!({})).await.is_empty());
    sandbox.restore(&id).unwrap();
    sandbox.seed_record("companies", [("name", "Umbrella")]).unwrap();
    assert!(found(&client, json!({})).await.is_empty());
    let companies = client.post("/crm/v3/objects/companies/search", json!({})).await.json();
    assert_eq!(companies["total"], 1);
    clock.advance(Duration::from_secs(5));
    assert_eq!(found(&client, json!({})).await, ["ada@example.com"]);
}

#[tokio::test]
async fn a_seed_holds_records_of_every_kind_with_what_they_belong_to() {
    let client = start().await;
    let to_contact = json!([{"to": {"id": "37765128001"}, "types": [
        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202},
    ]}]);
    let seed = json!({"objects": {
        "contacts": [{"properties": {"email": "ada@example.com"}}],
        "notes": [{"properties": {"hs_note_body": "Hello", "hs_timestamp": 1}, "associations": to_contact}],
    }});
    let seeded = client.post("/_control/seed", seed).await;
    assert_eq!(seeded.status, 201, "{}", seeded.text);
    let contact = client
        .get("/crm/v3/objects/contacts/37765128001?associations=notes")
        .await
        .json();
    assert_eq!(
        contact["associations"]["notes"]["results"][0]["id"],
        seeded.json()["objects"]["notes"][0]["id"]
    );
    let changes = client.get("/_control/changes").await.json();
    assert_eq!(changes["changes"], json!([]), "what is seeded is no change");
}
