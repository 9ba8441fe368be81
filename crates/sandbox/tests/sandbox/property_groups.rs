//! Properties of every kind of record, and the groups they stand in.

use serde_json::{Value, json};

use crate::client::Client;

const BASES: [&str; 3] = [
    "/crm/v3/properties",
    "/crm/properties/2026-03",
    "/crm/properties/2026-09",
];

fn mood() -> Value {
    json!({
        "name": "mood", "label": "Mood", "groupName": "noteextras", "type": "enumeration", "fieldType": "select",
        "options": [{"label": "Good", "value": "good", "hidden": false}],
    })
}

#[tokio::test]
async fn groups_are_created_changed_and_archived() {
    let client = Client::start().await;
    for base in BASES {
        let groups = format!("{base}/notes/groups");
        let body = json!({"name": "noteextras", "label": "Extras"});
        let created = client.post(&groups, body.clone()).await;
        let expected = json!({"archived": false, "name": "noteextras", "displayOrder": -1, "label": "Extras"});
        assert_eq!((created.status, created.json()), (201, expected));
        let again = client.post(&groups, body).await;
        assert_eq!(
            (again.status, &again.json()["category"]),
            (409, &json!("OBJECT_ALREADY_EXISTS"))
        );
        let list = client.get(&groups).await.json();
        assert!(
            list["results"]
                .as_array()
                .unwrap()
                .iter()
                .any(|group| group["name"] == "noteextras")
        );
        let one = format!("{groups}/noteextras");
        let changed = client.patch(&one, json!({"label": "More", "displayOrder": 3})).await;
        assert_eq!((changed.status, &changed.json()["label"]), (200, &json!("More")));
        assert_eq!(client.get(&one).await.json(), changed.json());

        assert_eq!(client.post(&format!("{base}/notes"), mood()).await.status, 201);
        assert_eq!(client.delete(&one).await.status, 400, "it has a property");
        assert_eq!(client.delete(&format!("{base}/notes/mood")).await.status, 204);
        assert_eq!(client.delete(&one).await.status, 204);
        for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
            let gone = client.call(method, &one, None).await;
            assert_eq!(
                (gone.status, &gone.json()["category"]),
                (404, &json!("OBJECT_NOT_FOUND"))
            );
        }
        let nameless = client.post(&groups, json!({"displayOrder": 1})).await;
        assert_eq!(nameless.status, 400);
        assert!(nameless.text.contains("[name, label]"), "{}", nameless.text);
    }
}

#[tokio::test]
async fn a_property_is_changed_and_archived_and_its_options_hold() {
    let client = Client::start().await;
    let body = json!({"name": "noteextras", "label": "Extras"});
    client.post("/crm/v3/properties/notes/groups", body).await;
    let base = "/crm/v3/properties/notes";
    assert_eq!(client.post(base, mood()).await.status, 201);
    let elsewhere = client.get("/crm/v3/properties/contacts/mood").await;
    assert_eq!(elsewhere.status, 404, "a note's property is no contact's");
    let write = async |value: &str| {
        let properties = json!({"hs_timestamp": "1", "mood": value});
        client
            .post("/crm/v3/objects/notes", json!({"properties": properties}))
            .await
    };
    assert_eq!(write("bad").await.status, 400);
    let options = json!([{"label": "Good", "value": "good"}, {"label": "Bad", "value": "bad"}]);
    let one = format!("{base}/mood");
    let changed = client.patch(&one, json!({"label": "Temper", "options": options})).await;
    assert_eq!(
        (changed.status, &changed.json()["label"]),
        (200, &json!("Temper")),
        "{}",
        changed.text
    );
    let note = write("bad").await;
    assert_eq!(note.status, 201);
    let wrong = client.patch(&one, json!({"fieldType": "date"})).await;
    assert_eq!(wrong.status, 400);
    let twice = json!([{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]);
    assert_eq!(client.patch(&one, json!({"options": twice})).await.status, 400);

    assert_eq!(client.delete(&one).await.status, 204);
    assert_eq!(client.get(&one).await.status, 404);
    assert_eq!(
        client.get(&format!("{one}?archived=true")).await.json()["archived"],
        true
    );
    let list = client.get(&format!("{base}?archived=true")).await.json();
    assert_eq!(list["results"][0]["name"], "mood");
    let id = note.json()["id"].as_str().unwrap().to_owned();
    let read = client
        .get(&format!("/crm/v3/objects/notes/{id}?properties=mood"))
        .await
        .json();
    assert!(
        read["properties"].get("mood").is_none(),
        "its values are no longer answered"
    );
    assert_eq!(write("good").await.status, 400);
    assert_eq!(client.post(base, mood()).await.status, 201, "the name is free again");
}

#[tokio::test]
async fn what_hubspot_defines_stays() {
    let client = Client::start().await;
    let email = "/crm/v3/properties/contacts/email";
    assert_eq!(client.delete(email).await.status, 400);
    assert_eq!(client.patch(email, json!({"label": "Mail"})).await.status, 400);
    assert_eq!(client.get(email).await.json()["label"], "Email");
    for (plural, name) in [
        ("notes", "hs_note_body"),
        ("notes", "hs_attachment_ids"),
        ("tickets", "hs_pipeline_stage"),
        ("deals", "dealstage"),
        ("companies", "domain"),
        ("communications", "hs_communication_body"),
        ("contacts", "hs_lead_status"),
    ] {
        let property = client.get(&format!("/crm/v3/properties/{plural}/{name}")).await;
        assert_eq!(
            (property.status, &property.json()["hubspotDefined"]),
            (200, &json!(true)),
            "{plural} {name}"
        );
        let group = property.json()["groupName"].as_str().unwrap().to_owned();
        let group = client.get(&format!("/crm/v3/properties/{plural}/groups/{group}")).await;
        assert_eq!(group.status, 200, "{plural} {name}");
    }
}

#[tokio::test]
async fn batches_create_read_and_archive() {
    let client = Client::start().await;
    for base in BASES {
        client.sandbox().reset();
        let path = |rest: &str| format!("{base}/contacts/batch/{rest}");
        let property = |name: &str| json!({"name": name, "label": name, "groupName": "contactinformation", "type": "string", "fieldType": "text"});
        let inputs = json!({"inputs": [property("one"), property("two")]});
        let created = client.post(&path("create"), inputs.clone()).await;
        assert_eq!(
            (created.status, created.json()["results"].as_array().unwrap().len()),
            (201, 2)
        );
        let again = client.post(&path("create"), inputs).await;
        assert_eq!((again.status, &again.json()["numErrors"]), (207, &json!(2)));
        assert_eq!(again.json()["errors"][0]["context"]["name"], json!(["one"]));

        let names = json!({"inputs": [{"name": "one"}, {"name": "nothing"}], "archived": false});
        let read = client.post(&path("read"), names).await;
        assert_eq!((read.status, &read.json()["results"][0]["name"]), (207, &json!("one")));
        let archive = json!({"inputs": [{"name": "one"}, {"name": "nothing"}]});
        assert_eq!(client.post(&path("archive"), archive).await.status, 204);
        let names = json!({"inputs": [{"name": "one"}], "archived": true});
        assert_eq!(client.post(&path("read"), names).await.status, 200);
        let own = json!({"inputs": [{"name": "two"}, {"name": "email"}]});
        assert_eq!(client.post(&path("archive"), own).await.status, 400);
        assert_eq!(
            client.get(&format!("{base}/contacts/two")).await.status,
            200,
            "none was archived"
        );
    }
}
