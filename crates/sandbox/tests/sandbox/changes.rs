//! What happened to the records, as `/_control/changes` tells it.

use serde_json::{Value, json};

use crate::client::Client;

const BASE: &str = "/crm/v3/objects/contacts";

/// The changes since the last `seen`, without their times.
async fn changes(client: &Client, seen: usize) -> Vec<Value> {
    let all = client.get("/_control/changes").await.json();
    let all = all["changes"].as_array().unwrap().clone();
    all.into_iter()
        .skip(seen)
        .map(|mut change| {
            assert!(change.as_object_mut().unwrap().remove("at").unwrap().is_string());
            change
        })
        .collect()
}

#[tokio::test]
async fn every_write_is_told_once_and_only_when_it_changed_something() {
    let client = Client::start().await;
    let body = json!({"properties": {"email": "ada@example.com", "city": ""}});
    let created = client.post(BASE, body).await.json();
    let id: u64 = created["id"].as_str().unwrap().parse().unwrap();
    let change =
        |kind: Value, source: &str| json!({"object_type": "contacts", "id": id, "kind": kind, "source": source});
    let email = json!({"property_change": {"name": "email", "value": "ada@example.com"}});
    let expected = [change(json!("creation"), "INTEGRATION"), change(email, "INTEGRATION")];
    assert_eq!(changes(&client, 0).await, expected);

    let one = format!("{BASE}/{id}");
    client
        .patch(&one, json!({"properties": {"email": "ada@example.com"}}))
        .await;
    client.patch(&one, json!({"properties": {"email": "bad"}})).await;
    assert!(changes(&client, 2).await.is_empty(), "nothing changed");
    client.sandbox().set_property(&id.to_string(), "city", "Rome").unwrap();
    client.delete(&one).await;
    client.delete(&one).await;
    client.sandbox().restore(&id.to_string()).unwrap();
    let city = json!({"property_change": {"name": "city", "value": "Rome"}});
    let expected = [
        change(city, "CRM_UI"),
        change(json!("deletion"), "INTEGRATION"),
        change(json!("restore"), "CRM_UI"),
    ];
    assert_eq!(changes(&client, 2).await, expected);

    client
        .post(&format!("{BASE}/gdpr-delete"), json!({"objectId": id}))
        .await;
    let expected = [change(json!("privacy_deletion"), "INTEGRATION")];
    assert_eq!(changes(&client, 5).await, expected);
}

#[tokio::test]
async fn merges_and_associations_are_told() {
    let client = Client::start().await;
    let seed = |properties: [(&'static str, &'static str); 2]| -> u64 {
        client.sandbox().seed_contact(properties).unwrap().id.parse().unwrap()
    };
    let ada = seed([("email", "ada@example.com"), ("city", "Rome")]);
    let old = seed([("email", "old@example.com"), ("zip", "1234")]);
    let company = client
        .sandbox()
        .seed_record("companies", [("name", "Example")])
        .unwrap()
        .id;
    let before = changes(&client, 0).await.len();

    let path = format!("/crm/v4/objects/contacts/{ada}/associations/default/companies/{company}");
    for _ in 0..2 {
        client.call(reqwest::Method::PUT, &path, None).await;
    }
    let path = format!("/crm/v4/objects/contacts/{ada}/associations/companies/{company}");
    client.delete(&path).await;
    client.sandbox().merge(&ada.to_string(), &old.to_string()).unwrap();

    let company: u64 = company.parse().unwrap();
    let associated = |object_type: &str, id: u64, name: &str, to: u64, removed: bool| {
        json!({
            "object_type": object_type, "id": id, "source": "INTEGRATION",
            "kind": {"association_change": {"type_name": name, "to": to, "primary": false, "removed": removed}},
        })
    };
    let expected = [
        associated("contacts", ada, "CONTACT_TO_COMPANY", company, false),
        associated("companies", company, "COMPANY_TO_CONTACT", ada, false),
        associated("contacts", ada, "CONTACT_TO_COMPANY", company, true),
        associated("companies", company, "COMPANY_TO_CONTACT", ada, true),
        json!({
            "object_type": "contacts", "id": ada, "source": "CRM_UI",
            "kind": {"merge": {"merged": [old], "properties_moved": 1}},
        }),
    ];
    assert_eq!(changes(&client, before).await, expected);
}
