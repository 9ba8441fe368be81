//! Contact properties.

use serde_json::{Value, json};

use crate::client::Client;

fn chat_transcript() -> Value {
    json!({
        "groupName": "contactinformation", "name": "chat_transcript", "label": "Chat transcript", "type": "string",
        "fieldType": "textarea",
    })
}

#[tokio::test]
async fn a_property_is_missing_until_it_is_created() {
    let client = Client::start().await;
    for base in [
        "/crm/v3/properties/contacts",
        "/crm/properties/2026-03/contacts",
        "/crm/properties/2026-09/contacts",
    ] {
        client.sandbox().reset();
        let one = format!("{base}/chat_transcript");
        let missing = client.get(&one).await;
        assert_eq!(missing.status, 404);
        missing.error_text();
        assert_eq!(missing.json()["category"], "OBJECT_NOT_FOUND");

        let created = client.post(base, chat_transcript()).await;
        assert_eq!(created.status, 201);
        for (name, value) in chat_transcript().as_object().unwrap() {
            assert_eq!(&created.json()[name], value);
        }
        assert_eq!(created.json()["hubspotDefined"], false);
        assert_eq!(client.get(&one).await.json(), created.json());

        let again = client.post(base, chat_transcript()).await;
        assert_eq!(
            (again.status, &again.json()["category"]),
            (409, &json!("OBJECT_ALREADY_EXISTS"))
        );

        let list = client.get(base).await.json();
        let names: Vec<&str> = list["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|property| property["name"].as_str().unwrap())
            .collect();
        for name in [
            "chat_transcript",
            "email",
            "firstname",
            "lastname",
            "phone",
            "company",
            "createdate",
            "lifecyclestage",
        ] {
            assert!(names.contains(&name), "{name}");
        }

        let contacts = base.replace("properties", "objects");
        let body = json!({"properties": {"email": "ada@example.com", "chat_transcript": "Hello"}});
        assert_eq!(client.post(&contacts, body).await.status, 201);
    }
}

#[tokio::test]
async fn a_property_that_is_not_well_formed_is_refused() {
    let client = Client::start().await;
    for (name, value) in [
        ("name", json!("Chat Transcript")),
        ("name", json!("")),
        ("label", Value::Null),
        ("groupName", json!("nowhere")),
        ("type", json!("text")),
        ("fieldType", json!("date")),
    ] {
        let mut property = chat_transcript();
        property[name] = value;
        let answer = client.post("/crm/v3/properties/contacts", property).await;
        assert_eq!(
            (answer.status, &answer.json()["category"]),
            (400, &json!("VALIDATION_ERROR")),
            "{name}"
        );
    }
}
