//! What belongs together.

use serde_json::{Value, json};

use crate::client::{Answer, Client};

async fn create(client: &Client, plural: &str, properties: Value) -> String {
    let answer = client
        .post(&format!("/crm/v3/objects/{plural}"), json!({"properties": properties}))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn contact(client: &Client, email: &str) -> String {
    create(client, "contacts", json!({"email": email})).await
}

async fn company(client: &Client, name: &str) -> String {
    create(client, "companies", json!({"name": name})).await
}

async fn put(client: &Client, path: &str, body: Option<Value>) -> Answer {
    client.call(reqwest::Method::PUT, path, body.as_ref()).await
}

async fn note(client: &Client, to: &str, category: &str, type_id: u32) -> Answer {
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
        let page = client.get(&format!("{path}?limit=2")).await.json();
        assert_eq!(page["results"].as_array().unwrap().len(), 2);
        assert_eq!(page["paging"]["next"]["after"], notes[1]);
        let link = page["paging"]["next"]["link"].as_str().unwrap();
        assert_eq!(link, format!("https://api.hubapi.com{path}?limit=2&after={}", notes[1]));
        let page = client.get(&format!("{path}?limit=2&after={}", notes[1])).await.json();
        assert_eq!(page["results"][0][id], notes[2]);
        assert!(page.get("paging").is_none());
    }
}

#[tokio::test]
async fn batches_create_read_and_remove() {
    let client = Client::start().await;
    let (ada, bob) = (
        contact(&client, "ada@example.com").await,
        contact(&client, "bob@example.com").await,
    );
    let example = company(&client, "Example").await;
    for base in [
        "/crm/v4/associations",
        "/crm/associations/2026-03",
        "/crm/associations/2026-09",
    ] {
        let path = |rest: &str| format!("{base}/contacts/companies/{rest}");
        let input = |from: &str, type_id: u32| {
            let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]);
            json!({"from": {"id": from}, "to": {"id": example}, "types": types})
        };
        let created = client
            .post(
                &path("batch/create"),
                json!({"inputs": [input(&ada, 1), input("424242", 279)]}),
            )
            .await;
        let json = created.json();
        assert_eq!(
            (created.status, &json["numErrors"]),
            (207, &json!(1)),
            "{}",
            created.text
        );
        assert_eq!(json["results"][0]["labels"], json!(["Primary"]));
        let wrong = client
            .post(&path("batch/create"), json!({"inputs": [input(&ada, 280)]}))
            .await;
        assert_eq!(wrong.status, 400);

        let body = json!({"inputs": [{"from": {"id": bob}, "to": {"id": example}}]});
        let defaults = client.post(&path("batch/associate/default"), body).await;
        assert_eq!(
            (defaults.status, defaults.json()["results"].as_array().unwrap().len()),
            (200, 2)
        );

        let body = json!({"inputs": [{"id": ada}, {"id": bob}, {"id": "424242"}]});
        let read = client.post(&path("batch/read"), body.clone()).await;
        let json = read.json();
        assert_eq!((read.status, &json["numErrors"]), (207, &json!(1)));
        assert_eq!(json["results"][0]["from"]["id"], ada);
        let types = json!([
            {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
            {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null},
        ]);
        assert_eq!(
            json["results"][0]["to"],
            json!([{"toObjectId": example, "associationTypes": types}])
        );
        assert_eq!(
            json["errors"][0]["subCategory"],
            "crm.associations.NO_ASSOCIATIONS_FOUND"
        );

        let unlabel = client
            .post(&path("batch/labels/archive"), json!({"inputs": [input(&ada, 1)]}))
            .await;
        assert_eq!(unlabel.status, 204);
        let read = client.post(&path("batch/read"), body).await.json();
        let types = json!([{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null}]);
        assert_eq!(read["results"][0]["to"][0]["associationTypes"], types);

        let body = json!({"inputs": [
            {"from": {"id": ada}, "to": [{"id": example}]}, {"from": {"id": bob}, "to": [{"id": example}]},
        ]});
        assert_eq!(client.post(&path("batch/archive"), body).await.status, 204);
        let read = client.post(&path("batch/read"), json!({"inputs": [{"id": ada}]})).await;
        assert_eq!((read.status, &read.json()["results"]), (207, &json!([])));
    }
}

#[tokio::test]
async fn the_types_between_two_kinds_are_listed() {
    let client = Client::start().await;
    for base in ["/crm/v4/associations", "/crm/associations/2026-03"] {
        let answer = client.get(&format!("{base}/notes/contacts/labels")).await;
        let expected = json!({"results": [{"category": "HUBSPOT_DEFINED", "typeId": 202, "label": null}]});
        assert_eq!((answer.status, answer.json()), (200, expected));
        let answer = client.get(&format!("{base}/0-1/company/labels")).await.json();
        assert_eq!(answer["results"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn v3_batches_name_the_type_of_each_pair() {
    let client = Client::start().await;
    let ada = contact(&client, "ada@example.com").await;
    let example = company(&client, "Example").await;
    let path = |rest: &str| format!("/crm/v3/associations/contacts/companies/{rest}");
    let pair = |from: &str| json!({"from": {"id": from}, "to": {"id": example}, "type": "contact_to_company"});
    let created = client
        .post(&path("batch/create"), json!({"inputs": [pair(&ada), pair("424242")]}))
        .await;
    let json = created.json();
    assert_eq!(
        (created.status, &json["results"]),
        (207, &json!([pair(&ada)])),
        "{}",
        created.text
    );
    let read = client.post(&path("batch/read"), json!({"inputs": [{"id": ada}]})).await;
    let to = json!([
        {"id": example, "type": "contact_to_company"}, {"id": example, "type": "contact_to_company_unlabeled"},
    ]);
    let expected = json!([{"from": {"id": ada}, "to": to}]);
    assert_eq!((read.status, &read.json()["results"]), (200, &expected));
    let removed = client
        .post(&path("batch/archive"), json!({"inputs": [pair(&ada)]}))
        .await;
    assert_eq!(removed.status, 204);
    let read = client.post(&path("batch/read"), json!({"inputs": [{"id": ada}]})).await;
    let left = json!([{"id": example, "type": "contact_to_company_unlabeled"}]);
    assert_eq!(read.json()["results"][0]["to"], left);
    let mut wrong = pair(&ada);
    wrong["type"] = json!("company_to_contact");
    assert_eq!(
        client
            .post(&path("batch/create"), json!({"inputs": [wrong]}))
            .await
            .status,
        400
    );
    let types = client.get(&path("types")).await.json();
    assert_eq!(types["results"][1], json!({"id": "1", "name": "contact_to_company"}));
}
