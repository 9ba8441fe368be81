//! Records of every kind, one by one.

use serde_json::{Value, json};

use crate::client::Client;

/// Plural, singular, type id, and what a creation needs.
fn kinds() -> [(&'static str, &'static str, &'static str, Value); 6] {
    [
        ("contacts", "contact", "0-1", json!({"email": "ada@example.com"})),
        ("companies", "company", "0-2", json!({"name": "Example"})),
        (
            "deals",
            "deal",
            "0-3",
            json!({"dealname": "Engine", "dealstage": "closedwon", "amount": "12.50"}),
        ),
        (
            "tickets",
            "ticket",
            "0-5",
            json!({"subject": "Help", "hs_pipeline_stage": "1"}),
        ),
        (
            "notes",
            "note",
            "0-46",
            json!({"hs_timestamp": "2026-11-21T08:30:00Z", "hs_note_body": "Hello"}),
        ),
        (
            "communications",
            "communication",
            "0-18",
            json!({"hs_timestamp": "1763713800000", "hs_communication_channel_type": "WHATS_APP"}),
        ),
    ]
}

#[tokio::test]
async fn every_kind_is_served_under_every_version_and_name() {
    for (plural, singular, type_id, properties) in kinds() {
        let client = Client::start().await;
        let created = client
            .post(&format!("/crm/v3/objects/{plural}"), json!({"properties": properties}))
            .await;
        assert_eq!(created.status, 201, "{plural}: {}", created.text);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        for base in ["/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09"] {
            for name in [plural, singular, type_id] {
                let one = format!("{base}/{name}/{id}");
                assert_eq!(client.get(&one).await.json()["id"], id, "{one}");
                let list = client.get(&format!("{base}/{name}")).await.json();
                assert_eq!(list["results"][0]["id"], id);
                let patched = client.patch(&one, json!({"properties": {}})).await;
                assert_eq!(patched.status, 200);
            }
        }
        for (other, ..) in kinds().into_iter().filter(|(other, ..)| *other != plural) {
            let answer = client.get(&format!("/crm/v3/objects/{other}/{id}")).await;
            assert_eq!(answer.status, 404, "a {singular} is no record of {other}");
        }
        let one = format!("/crm/v3/objects/{plural}/{id}");
        assert_eq!(client.delete(&one).await.status, 204);
        assert_eq!(client.get(&one).await.status, 404);
        assert_eq!(
            client.get(&format!("{one}?archived=true")).await.json()["archived"],
            true
        );
        let archived = client.get(&format!("/crm/v3/objects/{plural}?archived=true")).await;
        assert_eq!(archived.json()["results"][0]["id"], id);
        assert!(archived.json()["results"][0]["archivedAt"].is_string());
    }
}

#[tokio::test]
async fn a_kind_that_is_not_known_is_refused_in_hubspots_words() {
    let client = Client::start().await;
    let expected = r#"{"status":"error","message":"Unable to infer object type from: widgets","correlationId":"…"}"#;
    for path in [
        "/crm/v3/objects/widgets",
        "/crm/v3/objects/widgets/1",
        "/crm/v3/properties/widgets",
    ] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.error_text().as_str()), (400, expected), "{path}");
    }
    let id = client.sandbox().seed_contact([]).unwrap().id;
    let answer = client
        .get(&format!("/crm/v3/objects/contacts/{id}?associations=widgets"))
        .await;
    assert_eq!((answer.status, answer.error_text().as_str()), (400, expected));
}

#[tokio::test]
async fn answers_have_the_properties_that_hubspot_always_sends() {
    let client = Client::start().await;
    let names = |answer: Value| -> Vec<String> { answer["properties"].as_object().unwrap().keys().cloned().collect() };
    for (plural, expected) in [
        (
            "companies",
            vec!["createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"],
        ),
        ("notes", vec!["hs_createdate", "hs_lastmodifieddate", "hs_object_id"]),
    ] {
        let properties = kinds().into_iter().find(|(known, ..)| *known == plural).unwrap().3;
        let path = format!("/crm/v3/objects/{plural}");
        let created = client.post(&path, json!({"properties": properties})).await.json();
        let id = created["id"].as_str().unwrap();
        assert_eq!(names(client.get(&format!("{path}/{id}")).await.json()), expected);
    }
}

#[tokio::test]
async fn what_a_kind_needs_is_required() {
    let client = Client::start().await;
    for (plural, properties, missing) in [
        ("notes", json!({"hs_note_body": "x"}), vec!["hs_timestamp"]),
        ("notes", json!({"hs_timestamp": ""}), vec!["hs_timestamp"]),
        ("deals", json!({"dealname": "x"}), vec!["dealstage"]),
        ("tickets", json!({}), vec!["hs_pipeline_stage", "subject"]),
        ("companies", json!({"city": "Paris"}), vec!["domain", "name"]),
        (
            "communications",
            json!({"hs_timestamp": "1"}),
            vec!["hs_communication_channel_type"],
        ),
    ] {
        let answer = client
            .post(&format!("/crm/v3/objects/{plural}"), json!({"properties": properties}))
            .await;
        assert_eq!(answer.status, 400, "{plural}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with("Some required properties were not set."), "{message}");
        assert_eq!(answer.json()["context"]["properties"], json!(missing));
        assert_eq!(answer.json()["category"], "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn values_must_fit_their_propertys_type() {
    let client = Client::start().await;
    let note = |name: &str, value: Value| {
        let mut properties = json!({"hs_timestamp": "2026-11-21T08:30:00Z"});
        properties[name] = value;
        ("notes", properties)
    };
    let deal = |name: &str, value: Value| {
        let mut properties = json!({"dealname": "x", "dealstage": "closedwon"});
        properties[name] = value;
        ("deals", properties)
    };
    let communication = |channel: &str| {
        let properties = json!({"hs_timestamp": 1, "hs_communication_channel_type": channel});
        ("communications", properties)
    };
    for ((plural, properties), code) in [
        (note("hs_note_body", json!("x".repeat(65_537))), "VALUE_TOO_LONG"),
        (note("hs_timestamp", json!("yesterday")), "INVALID_LONG"),
        (note("hs_createdate", json!("1")), "READ_ONLY_VALUE"),
        (note("email", json!("a@example.com")), "PROPERTY_DOESNT_EXIST"),
        (deal("amount", json!("much")), "INVALID_NUMBER"),
        (deal("dealstage", json!("nowhere")), "INVALID_OPTION"),
        (communication("WEB_CHAT"), "INVALID_OPTION"),
    ] {
        let answer = client
            .post(&format!("/crm/v3/objects/{plural}"), json!({"properties": properties}))
            .await;
        assert_eq!(answer.status, 400, "{code}");
        assert!(
            answer.json()["message"].as_str().unwrap().contains(code),
            "{}",
            answer.text
        );
    }
    let (plural, longest) = note("hs_note_body", json!("x".repeat(65_536)));
    let answer = client
        .post(&format!("/crm/v3/objects/{plural}"), json!({"properties": longest}))
        .await;
    assert_eq!(answer.status, 201);
    for channel in ["WHATS_APP", "LINKEDIN_MESSAGE", "SMS"] {
        let (plural, properties) = communication(channel);
        let answer = client
            .post(&format!("/crm/v3/objects/{plural}"), json!({"properties": properties}))
            .await;
        assert_eq!(answer.status, 201, "{channel}");
        assert_eq!(answer.json()["properties"]["hs_timestamp"], "1970-01-01T00:00:00.001Z");
    }
}

#[tokio::test]
async fn dates_and_flags_are_checked_and_kept_as_hubspot_keeps_them() {
    let client = Client::start().await;
    for (name, kind, field_type) in [("born", "date", "date"), ("vip", "bool", "booleancheckbox")] {
        let property = json!({
            "name": name, "label": name, "groupName": "contactinformation", "type": kind, "fieldType": field_type,
        });
        assert_eq!(client.post("/crm/v3/properties/contacts", property).await.status, 201);
    }
    let write = async |properties: Value| {
        client
            .post("/crm/v3/objects/contacts", json!({"properties": properties}))
            .await
    };
    for value in ["1815-12-10", "-4861728000000", "1815-12-10T00:00:00Z"] {
        let answer = write(json!({"born": value, "vip": true})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let properties = &answer.json()["properties"];
        assert_eq!(
            (&properties["born"], &properties["vip"]),
            (&json!("1815-12-10"), &json!("true"))
        );
    }
    let answer = write(json!({"born": "1684171200001"})).await;
    assert_eq!(answer.status, 400);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("1684171200001 is at 17:20:0.1 UTC, not midnight!"),
        "{message}"
    );
    assert_eq!(write(json!({"vip": "perhaps"})).await.status, 400);
}

#[tokio::test]
async fn a_body_that_lacks_what_it_needs_is_told_so() {
    let client = Client::start().await;
    let nothing = client.call(reqwest::Method::POST, "/crm/v3/objects/notes", None).await;
    assert_eq!(nothing.status, 400);
    assert_eq!(
        nothing.json()["message"],
        "Invalid JSON input: a request body was expected, but none found"
    );
    let empty = client.post("/crm/v3/objects/notes", json!({})).await;
    let message = empty.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.ends_with("Some required fields were not set: [properties]"),
        "{message}"
    );
}

#[tokio::test]
async fn a_property_made_unique_names_records_and_is_not_given_twice() {
    let client = Client::start().await;
    let property = json!({
        "name": "customer_number", "label": "Number", "groupName": "companyinformation", "type": "string",
        "fieldType": "text", "hasUniqueValue": true,
    });
    assert_eq!(client.post("/crm/v3/properties/companies", property).await.status, 201);
    let base = "/crm/v3/objects/companies";
    let body = json!({"properties": {"name": "Example", "customer_number": "C-1"}});
    let id = client.post(base, body.clone()).await.json()["id"].clone();
    let read = client.get(&format!("{base}/C-1?idProperty=customer_number")).await;
    assert_eq!((read.status, &read.json()["id"]), (200, &id));
    let taken = client.post(base, body).await;
    assert_eq!(taken.status, 400);
    assert!(taken.text.contains("CONFLICTING_UNIQUE_VALUE"), "{}", taken.text);
    let by_name = client.get(&format!("{base}/Example?idProperty=name")).await;
    assert_eq!(by_name.status, 400, "names are no unique identifier");

    let upserts = json!({"inputs": [
        {"id": "C-1", "idProperty": "customer_number", "properties": {"city": "Rome"}, "objectWriteTraceId": "1"},
        {"id": "C-2", "idProperty": "customer_number", "properties": {"name": "Two"}, "objectWriteTraceId": "2"},
        {"id": "C-3", "idProperty": "customer_number", "properties": {"nothing": "x"}, "objectWriteTraceId": "3"},
    ]});
    let answer = client.post(&format!("{base}/batch/upsert"), upserts).await;
    let json = answer.json();
    assert_eq!(
        (answer.status, &json["numErrors"]),
        (207, &json!(1)),
        "by such a property upserts may be partial"
    );
    assert_eq!(
        (&json["results"][0]["new"], &json["results"][1]["new"]),
        (&json!(false), &json!(true))
    );
}
