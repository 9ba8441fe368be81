//! Upserts and batch archive.

use serde_json::{Value, json};

use crate::client::{Answer, Client};

const BASE: &str = "/crm/objects/2026-03/contacts";

async fn upsert(client: &Client, inputs: Value) -> Answer {
    client
        .post(&format!("{BASE}/batch/upsert"), json!({"inputs": inputs}))
        .await
}

fn input(email: &str, city: &str, trace_id: &str) -> Value {
    json!({"id": email, "idProperty": "email", "properties": {"city": city}, "objectWriteTraceId": trace_id})
}

#[tokio::test]
async fn an_upsert_changes_what_is_there_and_creates_what_is_not() {
    let client = Client::start().await;
    let ada = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let inputs = json!([
        input("ADA@example.com", "Rome", "1"),
        input("New@example.com", "Bonn", "2")
    ]);
    let answer = upsert(&client, inputs).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let results = answer.json()["results"].clone();
    assert_eq!((&results[0]["id"], &results[0]["new"]), (&json!(ada), &json!(false)));
    assert_eq!(
        (&results[1]["new"], &results[1]["objectWriteTraceId"]),
        (&json!(true), &json!("2"))
    );
    let created = client.sandbox().contact_by_email("new@example.com").unwrap();
    assert_eq!(created.property("city"), Some("Bonn"));
    assert_eq!(client.sandbox().contact(&ada).unwrap().property("city"), Some("Rome"));

    let by_id = json!([{"id": ada, "properties": {"city": "Paris"}}]);
    assert_eq!(upsert(&client, by_id).await.json()["results"][0]["new"], false);
    let unknown = json!([{"id": "424242", "properties": {"city": "Paris"}}]);
    assert_eq!(upsert(&client, unknown).await.status, 404);
}

#[tokio::test]
async fn by_address_all_are_written_or_none() {
    let client = Client::start().await;
    let inputs = json!([
        input("one@example.com", "Rome", "1"),
        input("not an address", "Bonn", "2")
    ]);
    let answer = upsert(&client, inputs).await;
    assert_eq!(
        (answer.status, &answer.json()["category"]),
        (400, &json!("VALIDATION_ERROR")),
        "whatever the trace ids"
    );
    assert!(client.sandbox().contacts().is_empty());
    let twice = json!([
        input("one@example.com", "Rome", "1"),
        input("ONE@example.com", "Bonn", "2")
    ]);
    assert_eq!(upsert(&client, twice).await.status, 400);
    let other = json!([{"id": "x", "idProperty": "city", "properties": {}}]);
    assert_eq!(upsert(&client, other).await.status, 400, "a city names no contact");
    let many: Value = (0..101)
        .map(|number| input(&format!("v{number}@example.com"), "Rome", ""))
        .collect();
    assert_eq!(upsert(&client, many).await.status, 400);
    assert!(client.sandbox().contacts().is_empty());
}

#[tokio::test]
async fn a_batch_is_archived_whether_or_not_all_are_there() {
    let client = Client::start().await;
    let ada = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let archive = format!("{BASE}/batch/archive");
    let answer = client
        .post(&archive, json!({"inputs": [{"id": ada}, {"id": "424242"}]}))
        .await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert!(client.sandbox().contact_by_email("ada@example.com").is_none());
    let read = json!({"inputs": [{"id": ada}]});
    let path = format!("{BASE}/batch/read");
    assert_eq!(client.post(&path, read.clone()).await.status, 207);
    let archived = client.post(&format!("{path}?archived=true"), read).await;
    assert_eq!(
        (archived.status, &archived.json()["results"][0]["archived"]),
        (200, &json!(true))
    );
    assert_eq!(
        client.post(&archive, json!({"inputs": [{"id": "x"}]})).await.status,
        404
    );
}

#[tokio::test]
async fn notes_are_created_by_the_batch_with_their_associations() {
    let client = Client::start().await;
    let ada = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let note = |to: &str, trace_id: &str| {
        let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]);
        json!({
            "properties": {"hs_timestamp": 1_763_713_800_000_u64}, "objectWriteTraceId": trace_id,
            "associations": [{"to": {"id": to}, "types": types}],
        })
    };
    let path = "/crm/v3/objects/notes/batch/create";
    let whole = client
        .post(path, json!({"inputs": [note(&ada, "1"), note("424242", "1")]}))
        .await;
    assert_eq!(whole.status, 400);
    assert!(
        client.sandbox().records("notes").unwrap().is_empty(),
        "nothing was written"
    );
    let partial = client
        .post(path, json!({"inputs": [note(&ada, "1"), note("424242", "2")]}))
        .await;
    assert_eq!((partial.status, &partial.json()["numErrors"]), (207, &json!(1)));
    let id = partial.json()["results"][0]["id"].clone();
    let read = client.get(&format!("{BASE}/{ada}?associations=notes")).await.json();
    assert_eq!(read["associations"]["notes"]["results"][0]["id"], id);
}
