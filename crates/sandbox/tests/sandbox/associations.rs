//! What belongs together.

use serde_json::{Value, json};

use crate::client::{Answer, Client};

pub async fn create(client: &Client, plural: &str, properties: Value) -> String {
    let answer = client
        .post(&format!("/crm/v3/objects/{plural}"), json!({"properties": properties}))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub async fn contact(client: &Client, email: &str) -> String {
    create(client, "contacts", json!({"email": email})).await
}

pub async fn company(client: &Client, name: &str) -> String {
    create(client, "companies", json!({"name": name})).await
}

pub async fn put(client: &Client, path: &str, body: Option<Value>) -> Answer {
    client.call(reqwest::Method::PUT, path, body.as_ref()).await
}

pub async fn note(client: &Client, to: &str, category: &str, type_id: u32) -> Answer {
    let body = json!({
        "properties": {"hs_timestamp": "2026-11-21T08:30:00Z", "hs_note_body": "Hello"},
        "associations": [{
            "to": {"id": to},
            "types": [{"associationCategory": category, "associationTypeId": type_id}],
        }],
    });
    client.post("/crm/objects/2026-03/notes", body).await
}

#[tokio::test]
async fn a_note_is_created_with_its_contact_and_seen_from_both_sides() {
    let client = Client::start().await;
    let ada = contact(&client, "ada@example.com").await;
    let created = note(&client, &ada, "HUBSPOT_DEFINED", 202).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let note = created.json()["id"].as_str().unwrap().to_owned();

    let from_contact = client
        .get(&format!("/crm/v3/objects/contacts/{ada}?associations=notes,companies"))
        .await;
    let expected = json!({"notes": {"results": [{"id": note, "type": "contact_to_note"}]}});
    assert_eq!(from_contact.json()["associations"], expected);
    let from_note = client
        .get(&format!("/crm/v3/objects/notes/{note}?associations=contact"))
        .await;
    let expected = json!({"contacts": {"results": [{"id": ada, "type": "note_to_contact"}]}});
    assert_eq!(from_note.json()["associations"], expected);
    let without = client
        .get(&format!("/crm/v3/objects/contacts/{ada}?associations=deals"))
        .await;
    assert!(
        without.json().get("associations").is_none(),
        "nothing associated is left out"
    );
    let list = client.get("/crm/v3/objects/notes?associations=contacts").await.json();
    assert_eq!(list["results"][0]["associations"], expected);

    client.delete(&format!("/crm/v3/objects/contacts/{ada}")).await;
    let from_note = client
        .get(&format!("/crm/v3/objects/notes/{note}?associations=contact"))
        .await;
    assert!(
        from_note.json().get("associations").is_none(),
        "archived records do not show"
    );
}

#[tokio::test]
async fn type_direction_and_record_are_checked_before_anything_is_created() {
    let client = Client::start().await;
    let ada = contact(&client, "ada@example.com").await;
    for (to, category, type_id) in [
        (ada.as_str(), "HUBSPOT_DEFINED", 99_999),
        (ada.as_str(), "USER_DEFINED", 202),
        (ada.as_str(), "HUBSPOT_DEFINED", 201),
        (ada.as_str(), "HUBSPOT_DEFINED", 190),
        ("424242", "HUBSPOT_DEFINED", 202),
    ] {
        let answer = note(&client, to, category, type_id).await;
        assert_eq!(
            (answer.status, &answer.json()["category"]),
            (400, &json!("VALIDATION_ERROR")),
            "{to} {category} {type_id}"
        );
    }
    let unknown = note(&client, &ada, "USER_DEFINED", 3).await.json();
    assert_eq!(unknown["message"], "One or more associations are invalid");
    let expected = json!({
        "INVALID_ASSOCIATION_TYPE_ID": ["USER_DEFINED=3 is not a valid association definition id"],
        "associationSpec": ["USER_DEFINED=3"],
    });
    assert_eq!(unknown["context"], expected);
    let missing = note(&client, "424242", "HUBSPOT_DEFINED", 202).await.json();
    let expected = json!({
        "INVALID_OBJECT_IDS": ["CONTACT=424242 is not valid"], "objectId": ["424242"], "objectType": ["CONTACT"],
    });
    assert_eq!(missing["context"], expected);
    let reversed = note(&client, &ada, "HUBSPOT_DEFINED", 201).await.json();
    assert_eq!(
        reversed["message"],
        "invalid from object type 0-46 for associations to be created. expected: 0-1"
    );
    assert!(client.sandbox().records("notes").unwrap().is_empty());
}

#[tokio::test]
async fn a_default_association_has_both_directions() {
    let client = Client::start().await;
    let (ada, example) = (
        contact(&client, "ada@example.com").await,
        company(&client, "Example").await,
    );
    for base in ["/crm/v4/objects", "/crm/objects/2026-03", "/crm/objects/2026-09"] {
        let path = format!("{base}/contacts/{ada}/associations/default/companies/{example}");
        let answer = put(&client, &path, None).await;
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (200, &json!("COMPLETE")),
            "{}",
            answer.text
        );
        let spec = |id: u32| json!({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": id});
        let expected = json!([
            {"from": {"id": ada}, "to": {"id": example}, "associationSpec": spec(279)},
            {"from": {"id": example}, "to": {"id": ada}, "associationSpec": spec(280)},
        ]);
        assert_eq!(answer.json()["results"], expected);

        let read = client
            .get(&format!("{base}/company/{example}/associations/contact"))
            .await;
        let types = json!([{"category": "HUBSPOT_DEFINED", "typeId": 280, "label": null}]);
        assert_eq!(
            read.json(),
            json!({"results": [{"toObjectId": ada, "associationTypes": types}]})
        );
        let removed = client
            .delete(&format!("{base}/contacts/{ada}/associations/companies/{example}"))
            .await;
        assert_eq!(removed.status, 204);
        let read = client
            .get(&format!("{base}/company/{example}/associations/contact"))
            .await;
        assert_eq!(read.json(), json!({"results": []}));
    }
    let nobody = format!("/crm/v4/objects/contacts/424242/associations/default/companies/{example}");
    assert_eq!(put(&client, &nobody, None).await.status, 400);
    let never = format!("/crm/v4/objects/contacts/{ada}/associations/default/widgets/{example}");
    assert_eq!(put(&client, &never, None).await.status, 400);
}

#[tokio::test]
async fn a_contact_has_one_primary_company() {
    let client = Client::start().await;
    let ada = contact(&client, "ada@example.com").await;
    let (one, two) = (company(&client, "One").await, company(&client, "Two").await);
    let primary = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]);
    for company in [&one, &two] {
        let path = format!("/crm/v4/objects/contacts/{ada}/associations/companies/{company}");
        let answer = put(&client, &path, Some(primary.clone())).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let expected = json!({
            "fromObjectTypeId": "0-1", "fromObjectId": ada, "toObjectTypeId": "0-2", "toObjectId": company,
            "labels": ["Primary"],
        });
        assert_eq!(answer.json(), expected);
    }
    let read = client
        .get(&format!("/crm/v3/objects/contacts/{ada}?associations=companies"))
        .await;
    let expected = json!([
        {"id": one, "type": "contact_to_company_unlabeled"},
        {"id": two, "type": "contact_to_company"},
        {"id": two, "type": "contact_to_company_unlabeled"},
    ]);
    assert_eq!(read.json()["associations"]["companies"]["results"], expected);

    let wrong = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 2}]);
    let path = format!("/crm/v4/objects/contacts/{ada}/associations/companies/{one}");
    assert_eq!(
        put(&client, &path, Some(wrong)).await.status,
        400,
        "2 goes from company to contact"
    );
    assert_eq!(
        put(&client, &path, Some(json!([]))).await.status,
        201,
        "no type does nothing"
    );
}

#[tokio::test]
async fn v3_names_the_type_in_the_path() {
    let client = Client::start().await;
    let ada = contact(&client, "ada@example.com").await;
    let note = create(&client, "notes", json!({"hs_timestamp": "2026-11-21T08:30:00Z"})).await;
    for of_type in ["202", "note_to_contact", "NOTE_TO_CONTACT"] {
        let one = format!("/crm/v3/objects/notes/{note}/associations/contact/{ada}/{of_type}");
        let answer = put(&client, &one, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["associations"]["contacts"]["results"][0]["id"], ada);
        let list = format!("/crm/v3/objects/contacts/{ada}/associations/notes");
        let expected = json!({"results": [{"id": note, "type": "contact_to_note"}]});
        assert_eq!(client.get(&list).await.json(), expected);
        assert_eq!(client.delete(&one).await.status, 204);
        assert_eq!(client.get(&list).await.json(), json!({"results": []}));
    }
    for of_type in ["201", "190", "nonsense"] {
        let one = format!("/crm/v3/objects/notes/{note}/associations/contact/{ada}/{of_type}");
        assert_eq!(put(&client, &one, None).await.status, 400, "{of_type}");
    }
    assert_eq!(
        client
            .get("/crm/v3/objects/contacts/424242/associations/notes")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn associations_come_in_pages() {
    let client = Client::start().await;
    let ada = contact(&client, "ada@example.com").await;
    let mut notes = Vec::new();
    for _ in 0..3 {
        let created = note(&client, &ada, "HUBSPOT_DEFINED", 202).await.json();
        notes.push(created["id"].as_str().unwrap().to_owned());
    }
    for (base, id) in [("/crm/v3/objects", "id"), ("/crm/v4/objects", "toObjectId")] {
        let path = format!("{base}/contacts/{ada}/associations/notes");
        let page = client.get(&format!("{path}?limit=2&note=%C3%A9")).await.json();
        assert_eq!(page["results"].as_array().unwrap().len(), 2);
        assert_eq!(page["paging"]["next"]["after"], notes[1]);
        let link = page["paging"]["next"]["link"].as_str().unwrap();
        let expected = format!("{path}?note=%C3%A9&limit=2&after={}", notes[1]);
        assert_eq!(link.strip_prefix(&client.running.base_url()), Some(expected.as_str()));
        let page = client.get(&format!("{path}?limit=2&after={}", notes[1])).await.json();
        assert_eq!(page["results"][0][id], notes[2]);
        assert!(page.get("paging").is_none());
    }
}

#[tokio::test]
async fn a_record_does_not_belong_to_itself() {
    let client = Client::start().await;
    let id = create(&client, "companies", json!({"name": "Analytical Engines"})).await;
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 450}]);
    for (path, body) in [
        (
            format!("/crm/v4/objects/companies/{id}/associations/default/companies/{id}"),
            None,
        ),
        (
            format!("/crm/v4/objects/companies/{id}/associations/companies/{id}"),
            Some(&types),
        ),
    ] {
        let refused = client.call(reqwest::Method::PUT, &path, body).await;
        assert_eq!(refused.status, 400, "{path}: {}", refused.text);
        assert!(
            refused.text.contains("associated with itself"),
            "{path}: {}",
            refused.text
        );
    }
}
