//! The values that properties had.

use std::time::Duration;

use parlor_sandbox::{Clock, Moment, SandboxOptions};
use serde_json::{Value, json};

use crate::client::Client;

const BASE: &str = "/crm/v3/objects/contacts";

#[tokio::test]
async fn values_are_told_newest_first_with_where_they_came_from() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_654_093_891_469));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    })
    .await;
    let body = json!({"properties": {"email": "ada@example.com", "city": "London"}});
    let id = client.post(BASE, body).await.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{BASE}/{id}");
    clock.advance(Duration::from_secs(1));
    client.sandbox().set_property(&id, "city", "Paris").unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        client
            .patch(&one, json!({"properties": {"city": "Paris"}}))
            .await
            .status,
        200
    );
    assert_eq!(
        client.patch(&one, json!({"properties": {"city": ""}})).await.status,
        200
    );

    let expected = json!([
        {"value": "", "timestamp": "2022-06-01T14:31:33.469Z", "sourceType": "INTEGRATION", "sourceId": "17350011"},
        {"value": "Paris", "timestamp": "2022-06-01T14:31:32.469Z", "sourceType": "CRM_UI",
         "sourceId": "userId:26648231", "updatedByUserId": 26_648_231},
        {"value": "London", "timestamp": "2022-06-01T14:31:31.469Z", "sourceType": "INTEGRATION",
         "sourceId": "17350011"},
    ]);
    let read = client
        .get(&format!("{one}?propertiesWithHistory=city,nothing"))
        .await
        .json();
    assert_eq!(read["propertiesWithHistory"], json!({"city": expected}));
    assert_eq!(read["properties"]["city"], Value::Null);

    let list = client.get(&format!("{BASE}?propertiesWithHistory=city")).await.json();
    assert_eq!(list["results"][0]["propertiesWithHistory"]["city"], expected);
    let body = json!({"inputs": [{"id": id}], "properties": ["email"], "propertiesWithHistory": ["city"]});
    let batch = client.post(&format!("{BASE}/batch/read"), body).await.json();
    assert_eq!(batch["results"][0]["propertiesWithHistory"]["city"], expected);
    assert!(client.get(&one).await.json().get("propertiesWithHistory").is_none());
}

#[tokio::test]
async fn a_contacts_property_keeps_forty_five_values_and_a_companys_twenty() {
    let client = Client::start().await;
    for (plural, properties, kept) in [
        ("contacts", json!({"email": "ada@example.com"}), 45),
        ("companies", json!({"name": "Example"}), 20),
    ] {
        let base = format!("/crm/v3/objects/{plural}");
        let created = client.post(&base, json!({"properties": properties})).await.json();
        let one = format!("{base}/{}", created["id"].as_str().unwrap());
        for number in 0..50 {
            let body = json!({"properties": {"city": number.to_string()}});
            assert_eq!(client.patch(&one, body).await.status, 200);
        }
        let read = client.get(&format!("{one}?propertiesWithHistory=city")).await.json();
        let city = read["propertiesWithHistory"]["city"].as_array().unwrap().clone();
        assert_eq!((city.len(), &city[0]["value"]), (kept, &json!("49")), "{plural}");
    }
}

#[tokio::test]
async fn pages_with_history_are_shorter() {
    let client = Client::start().await;
    assert_eq!(client.get(&format!("{BASE}?limit=100")).await.status, 200);
    let path = format!("{BASE}?propertiesWithHistory=city&limit=");
    assert_eq!(client.get(&format!("{path}50")).await.status, 200);
    assert_eq!(client.get(&format!("{path}51")).await.status, 400);
    let inputs: Value = (0..51).map(|number| json!({"id": number.to_string()})).collect();
    let body = json!({"inputs": inputs, "propertiesWithHistory": ["city"]});
    assert_eq!(client.post(&format!("{BASE}/batch/read"), body).await.status, 400);
}
