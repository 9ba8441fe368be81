//! Merging, restoring, and deleting for good.

use std::time::Duration;

use parlor_sandbox::{Clock, Moment, SandboxOptions};
use serde_json::{Value, json};

use crate::client::Client;

const BASE: &str = "/crm/v3/objects/contacts";

async fn note_of(client: &Client, contact: &str) -> String {
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]);
    let body = json!({
        "properties": {"hs_timestamp": "2026-11-21T08:30:00Z"},
        "associations": [{"to": {"id": contact}, "types": types}],
    });
    let created = client.post("/crm/v3/objects/notes", body).await;
    created.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_merge_moves_associations_and_history_and_the_old_names_lead_on() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_654_093_891_469));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    })
    .await;
    let seed = |email: &'static str, city: &'static str| {
        let created = client.sandbox().seed_contact([("email", email), ("city", city)]);
        clock.advance(Duration::from_secs(1));
        created.unwrap().id
    };
    let (primary, other) = (seed("new@example.com", "Rome"), seed("old@example.com", "Bonn"));
    let note = note_of(&client, &other).await;
    for base in [BASE, "/crm/objects/2026-03/contacts"] {
        let unknown = json!({"primaryObjectId": primary, "objectIdToMerge": "424242"});
        assert_eq!(client.post(&format!("{base}/merge"), unknown).await.status, 404);
        let same = json!({"primaryObjectId": primary, "objectIdToMerge": primary});
        assert_eq!(client.post(&format!("{base}/merge"), same).await.status, 400);
    }
    let body = json!({"primaryObjectId": primary, "objectIdToMerge": other});
    let merged = client.post(&format!("{BASE}/merge"), body).await;
    assert_eq!((merged.status, &merged.json()["id"]), (200, &json!(primary)));

    for name in [other.as_str(), "old%40example.com?idProperty=email"] {
        let separator = if name.contains('?') { '&' } else { '?' };
        let path = format!("{BASE}/{name}{separator}propertiesWithHistory=city&associations=notes");
        let read = client.get(&path).await.json();
        assert_eq!(
            (&read["id"], &read["properties"]["city"]),
            (&json!(primary), &json!("Rome"))
        );
        let past = read["propertiesWithHistory"]["city"].as_array().unwrap();
        let values: Vec<&Value> = past.iter().map(|past| &past["value"]).collect();
        assert_eq!(values, ["Rome", "Bonn"]);
        assert_eq!(read["associations"]["notes"]["results"][0]["id"], note);
    }
    let patched = client
        .patch(&format!("{BASE}/{other}"), json!({"properties": {"city": "Paris"}}))
        .await;
    assert_eq!((patched.status, &patched.json()["id"]), (200, &json!(primary)));
}

#[tokio::test]
async fn other_kinds_are_merged_too_but_not_notes() {
    let client = Client::start().await;
    for (plural, properties) in [
        ("companies", json!({"name": "One"})),
        ("deals", json!({"dealname": "One", "dealstage": "closedwon"})),
        ("tickets", json!({"subject": "One", "hs_pipeline_stage": "1"})),
    ] {
        let base = format!("/crm/objects/2026-03/{plural}");
        let create = async || {
            let created = client.post(&base, json!({"properties": properties})).await;
            created.json()["id"].as_str().unwrap().to_owned()
        };
        let (primary, other) = (create().await, create().await);
        let body = json!({"primaryObjectId": primary, "objectIdToMerge": other});
        let merged = client.post(&format!("{base}/merge"), body).await;
        assert_eq!(
            (merged.status, &merged.json()["id"]),
            (200, &json!(primary)),
            "{plural}"
        );
        assert_eq!(client.get(&format!("{base}/{other}")).await.json()["id"], primary);
    }
    let body = json!({"primaryObjectId": "1", "objectIdToMerge": "2"});
    assert_eq!(client.post("/crm/v3/objects/notes/merge", body).await.status, 404);
}

#[tokio::test]
async fn an_archived_record_comes_back_with_its_address_and_associations() {
    let client = Client::start().await;
    let sandbox = client.sandbox();
    let id = sandbox.seed_contact([("email", "ada@example.com")]).unwrap().id;
    let note = note_of(&client, &id).await;
    client.delete(&format!("{BASE}/{id}")).await;
    let restored = client
        .post(&format!("/_control/contacts/{id}/restore"), json!({}))
        .await;
    assert_eq!((restored.status, &restored.json()["archived"]), (200, &json!(false)));
    let read = client
        .get(&format!("{BASE}/ada%40example.com?idProperty=email&associations=notes"))
        .await;
    assert_eq!(read.json()["associations"]["notes"]["results"][0]["id"], note);
    assert!(sandbox.restore(&id).is_err(), "it is not archived");

    sandbox.archive(&id).unwrap();
    sandbox.seed_contact([("email", "ada@example.com")]).unwrap();
    assert!(sandbox.restore(&id).is_err(), "another has the address by now");

    let one = format!("/_control/objects/notes/{note}");
    assert_eq!(client.delete(&one).await.status, 204);
    assert_eq!(client.get(&format!("/crm/v3/objects/notes/{note}")).await.status, 404);
    assert_eq!(client.post(&format!("{one}/restore"), json!({})).await.status, 200);
    assert_eq!(client.get(&format!("/crm/v3/objects/notes/{note}")).await.status, 200);
}

#[tokio::test]
async fn gdpr_delete_takes_associations_and_past_with_it() {
    let client = Client::start().await;
    let id = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    let note = note_of(&client, &id).await;
    client.delete(&format!("{BASE}/{id}")).await;
    let body = json!({"objectId": id});
    let deleted = client.post(&format!("{BASE}/gdpr-delete"), body).await;
    assert_eq!(
        (deleted.status, deleted.text.as_str()),
        (204, ""),
        "an archived one too"
    );
    assert_eq!(client.get(&format!("{BASE}/{id}?archived=true")).await.status, 404);
    let read = client
        .get(&format!("/crm/v3/objects/notes/{note}?associations=contacts"))
        .await;
    assert!(read.status == 200 && read.json().get("associations").is_none());
    let body = json!({"objectId": note});
    assert_eq!(client.post("/crm/v3/objects/notes/gdpr-delete", body).await.status, 404);
}

#[tokio::test]
async fn the_block_list_refuses_only_when_it_is_enforced() {
    let client = Client::start().await;
    let unknown = json!({"objectId": "Nobody@example.com", "idProperty": "email"});
    assert_eq!(client.post(&format!("{BASE}/gdpr-delete"), unknown).await.status, 204);
    let shown = client.get("/_control/blocklist").await.json();
    assert_eq!(
        shown,
        json!({"blocklist": "ignored", "addresses": ["nobody@example.com"]})
    );

    let set = client
        .post("/_control/blocklist", json!({"blocklist": "enforced"}))
        .await;
    assert_eq!(set.status, 204);
    let nobody = json!({"properties": {"email": "nobody@example.com"}});
    let refused = client.post(BASE, nobody.clone()).await;
    assert_eq!(
        (refused.status, &refused.json()["category"]),
        (400, &json!("VALIDATION_ERROR"))
    );
    let other = json!({"properties": {"email": "ada@example.com"}});
    assert_eq!(client.post(BASE, other).await.status, 201);

    client
        .post("/_control/blocklist", json!({"blocklist": "ignored"}))
        .await;
    assert_eq!(client.post(BASE, nobody).await.status, 201);
}
