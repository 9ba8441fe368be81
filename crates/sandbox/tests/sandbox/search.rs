//! Search: what it finds, its limits, and how late it learns.

use std::time::Duration;

use parlor_sandbox::{Limits, SandboxOptions};
use serde_json::{Value, json};

use crate::client::Client;

pub const SEARCH: &str = "/crm/objects/2026-03/contacts/search";
pub const BASE: &str = "/crm/objects/2026-03/contacts";

/// A test searches more often than an account may.
pub fn options() -> SandboxOptions {
    SandboxOptions {
        limits: Limits::off(),
        ..SandboxOptions::default()
    }
}

pub async fn start() -> Client {
    Client::start_with(options()).await
}

pub async fn without_lag() -> Client {
    Client::start_with(SandboxOptions {
        search_lag: Duration::ZERO,
        ..options()
    })
    .await
}

pub fn emails(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["properties"]["email"].as_str().unwrap_or_default())
        .collect()
}

pub async fn found(client: &Client, body: Value) -> Vec<String> {
    let answer = client.post(SEARCH, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    emails(&answer.json()).into_iter().map(str::to_owned).collect()
}

pub fn email_is(email: &str) -> Value {
    json!({"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": email}]}]})
}

#[tokio::test]
async fn a_search_answers_as_hubspot_does_in_every_version() {
    let client = without_lag().await;
    let ada = client
        .sandbox()
        .seed_contact([("email", "ada@example.com"), ("firstname", "Ada"), ("city", "London")])
        .unwrap();
    client.sandbox().seed_contact([("email", "bob@example.org")]).unwrap();
    for path in [
        "/crm/v3/objects/contacts/search",
        "/crm/objects/2026-03/contacts/search",
        "/crm/objects/2026-09/contacts/search",
    ] {
        let answer = client.post(path, email_is("ADA@example.com")).await;
        let expected = json!({
            "total": 1,
            "results": [{
                "id": ada.id,
                "properties": {
                    "createdate": ada.created_at.iso(), "email": "ada@example.com", "firstname": "Ada",
                    "hs_object_id": ada.id, "lastmodifieddate": ada.updated_at.iso(), "lastname": null,
                },
                "createdAt": ada.created_at.iso(), "updatedAt": ada.updated_at.iso(), "archived": false,
            }],
        });
        assert_eq!((answer.status, answer.json()), (200, expected), "{path}");
    }
    let mut body = email_is("ada@example.com");
    body["properties"] = json!(["city", "phone", "nothing"]);
    let answer = client.post(SEARCH, body).await.json();
    let properties = answer["results"][0]["properties"].as_object().unwrap();
    let names: Vec<&String> = properties.keys().collect();
    assert_eq!(
        names,
        ["city", "createdate", "hs_object_id", "lastmodifieddate", "phone"]
    );
}

#[tokio::test]
async fn filters_sorts_and_queries_go_by_the_account_s_properties() {
    let client = without_lag().await;
    for (name, kind, field_type) in [("age", "number", "number"), ("born", "date", "date")] {
        let property = json!({
            "groupName": "contactinformation", "name": name, "label": name, "type": kind, "fieldType": field_type,
        });
        assert_eq!(client.post("/crm/v3/properties/contacts", property).await.status, 201);
    }
    for (email, age, born, stage) in [
        ("ada@example.com", "36", "1815-12-10", "customer"),
        ("bob@example.org", "9", "1990-01-01", "lead"),
        ("cid@example.org", "", "", ""),
    ] {
        let values = [
            ("email", email),
            ("age", age),
            ("born", born),
            ("lifecyclestage", stage),
        ];
        client.sandbox().seed_contact(values).unwrap();
    }
    let filter = |filter: Value| json!({"filterGroups": [{"filters": [filter]}]});
    for (body, expected) in [
        (
            filter(json!({"propertyName": "age", "operator": "GT", "value": "9"})),
            vec!["ada@example.com"],
        ),
        (
            filter(json!({"propertyName": "born", "operator": "GTE", "value": "631152000000"})),
            vec!["bob@example.org"],
        ),
        (
            filter(json!({"propertyName": "lifecyclestage", "operator": "IN", "values": ["lead", "customer"]})),
            vec!["ada@example.com", "bob@example.org"],
        ),
        (
            filter(json!({"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*@example.org"})),
            vec!["bob@example.org", "cid@example.org"],
        ),
        (
            filter(json!({"propertyName": "age", "operator": "NOT_HAS_PROPERTY"})),
            vec!["cid@example.org"],
        ),
        (json!({"query": "EXAMPLE.com"}), vec!["ada@example.com"]),
        (
            json!({"sorts": [{"propertyName": "age", "direction": "ASCENDING"}]}),
            vec!["bob@example.org", "ada@example.com", "cid@example.org"],
        ),
    ] {
        assert_eq!(found(&client, body.clone()).await, expected, "{body}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_by_after() {
    let client = without_lag().await;
    for number in 0..12 {
        let email = format!("{number:02}@example.com");
        client.sandbox().seed_contact([("email", email.as_str())]).unwrap();
    }
    let first = client.post(SEARCH, json!({})).await.json();
    assert_eq!(
        (&first["total"], emails(&first).len()),
        (&json!(12), 10),
        "ten unless asked otherwise"
    );
    assert_eq!(first["paging"], json!({"next": {"after": "10"}}));
    let second = client.post(SEARCH, json!({"after": "10"})).await.json();
    assert_eq!(emails(&second), ["10@example.com", "11@example.com"]);
    assert!(second.get("paging").is_none());
    let all = client.post(SEARCH, json!({"limit": 200, "after": 0})).await.json();
    assert_eq!(emails(&all).len(), 12);
}

#[tokio::test]
async fn what_hubspot_refuses_is_refused_with_400() {
    let client = start().await;
    let has_email = json!({"propertyName": "email", "operator": "HAS_PROPERTY"});
    let groups = |groups: usize, filters: usize| {
        let group = json!({"filters": vec![has_email.clone(); filters]});
        json!({"filterGroups": vec![group; groups]})
    };
    assert_eq!(client.post(SEARCH, groups(3, 6)).await.status, 200);
    for body in [
        groups(6, 1),
        groups(1, 7),
        groups(4, 5),
        json!({"limit": 201}),
        json!({"after": "10000"}),
        json!({"sorts": ["email", "city"]}),
        json!({"query": "x".repeat(3_000)}),
        json!({"filterGroups": [{"filters": [{"propertyName": "nothing", "operator": "HAS_PROPERTY"}]}]}),
        json!({"filterGroups": [{"filters": [{"propertyName": "email"}]}]}),
    ] {
        let answer = client.post(SEARCH, body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        answer.error_text();
        assert_eq!(answer.json()["category"], "VALIDATION_ERROR", "{body}");
    }
}

#[tokio::test]
async fn a_search_needs_only_the_scope_to_read() {
    let client = start().await;
    client.sandbox().add_token("reader", ["crm.objects.contacts.read"]);
    client.sandbox().add_token("writer", ["crm.objects.contacts.write"]);
    for (token, status) in [("reader", 200), ("writer", 403)] {
        let request = client.request(reqwest::Method::POST, SEARCH).bearer_auth(token);
        assert_eq!(
            request.json(&json!({})).send().await.unwrap().status(),
            status,
            "{token}"
        );
    }
}

#[tokio::test]
async fn every_kind_of_record_is_searched_by_its_own_properties() {
    let client = without_lag().await;
    let sandbox = client.sandbox();
    let acme = sandbox
        .seed_record("companies", [("name", "Acme"), ("domain", "acme.example")])
        .unwrap();
    sandbox.seed_record("companies", [("name", "Umbrella")]).unwrap();
    let note = sandbox
        .seed_record(
            "notes",
            [("hs_note_body", "Called Acme back"), ("hs_timestamp", "1790000000000")],
        )
        .unwrap();
    let ids = async |kind: &str, body: Value| {
        let answer = client.post(&format!("/crm/objects/2026-03/{kind}/search"), body).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text);
        let results = answer.json()["results"].clone();
        let results = results.as_array().unwrap();
        results
            .iter()
            .map(|result| result["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids("companies", json!({"query": "ACME.example"})).await,
        [acme.id.as_str()]
    );
    assert_eq!(ids("0-2", json!({"sorts": ["-name"], "limit": 1})).await.len(), 1);
    let since = json!({"propertyName": "hs_timestamp", "operator": "GTE", "value": "2026-09-21T14:13:20Z"});
    let since = json!({"filterGroups": [{"filters": [since]}], "query": "called"});
    assert_eq!(ids("notes", since).await, [note.id.as_str()]);
    assert!(ids("tickets", json!({})).await.is_empty());
    let unknown = client.post("/crm/v3/objects/spaceships/search", json!({})).await;
    assert_eq!(unknown.status, 400);

    let path = format!(
        "/crm/v4/objects/notes/{}/associations/default/companies/{}",
        note.id, acme.id
    );
    assert_eq!(client.call(reqwest::Method::PUT, &path, None).await.status, 200);
    let of = |id: &str| {
        let filter = json!({"propertyName": "associations.company", "operator": "EQ", "value": id});
        json!({"filterGroups": [{"filters": [filter]}]})
    };
    assert_eq!(ids("notes", of(&acme.id)).await, [note.id.as_str()]);
    assert!(ids("notes", of("1")).await.is_empty());
}
