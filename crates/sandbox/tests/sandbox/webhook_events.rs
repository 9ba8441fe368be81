//! What webhooks tell of the records of every kind.

use parlor_sandbox::DEFAULT_APP_ID;
use reqwest::Method;
use serde_json::{Value, json};

use crate::webhook_helpers::{CONTACTS, PATIENCE, quiet, seed, start};
use crate::webhook_receiver::Receiver;

#[tokio::test]
async fn a_contact_that_is_created_is_told_with_both_signatures() {
    let (client, receiver, clock) = start(&["contact.creation"]).await;
    let created = client
        .post(CONTACTS, json!({"properties": {"email": "ada@example.com"}}))
        .await;
    receiver.wait_for(1).await;
    quiet(client.sandbox()).await;
    let requests = receiver.received();
    assert_eq!(requests[0].timestamp, clock.now().unix_milliseconds());
    let mut event = requests[0].events[0].clone();
    assert!(event["changeSource"].is_string() && event["sourceId"].is_string() && event["eventId"].is_u64());
    assert!(event["subscriptionId"].is_u64());
    for name in ["changeSource", "sourceId", "eventId", "subscriptionId"] {
        event.as_object_mut().unwrap().remove(name);
    }
    let id: u64 = created.json()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        event,
        json!({"portalId": 891_936_587, "appId": DEFAULT_APP_ID, "occurredAt": 1_790_000_000_000_u64,
               "subscriptionType": "contact.creation", "attemptNumber": 0, "objectId": id, "changeFlag": "CREATED"})
    );
    let deliveries = client.sandbox().webhook_deliveries();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].status, Some(200));
    assert_eq!((deliveries[0].attempt, deliveries[0].next_attempt_at), (0, None));
    assert_eq!(deliveries[0].url, receiver.url());
    assert_eq!(deliveries[0].events, requests[0].events);
}

#[tokio::test]
async fn what_was_not_subscribed_to_is_not_told() {
    let (client, receiver, _) = start(&["contact.propertyChange:city", "deal.creation"]).await;
    let id = seed(&client, "ada@example.com").to_string();
    client.sandbox().set_property(&id, "firstname", "Ada").unwrap();
    client.sandbox().set_property(&id, "city", "Rome").unwrap();
    receiver.wait_for(1).await;
    quiet(client.sandbox()).await;
    let events = receiver.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(
        (&events[0]["propertyName"], &events[0]["propertyValue"]),
        (&json!("city"), &json!("Rome"))
    );
    assert_eq!(events[0].get("changeFlag"), None);
}

#[tokio::test]
async fn deletion_privacy_deletion_and_merge_are_told() {
    let types = [
        "contact.deletion",
        "contact.privacyDeletion",
        "contact.merge",
        "object.deletion:0-1",
    ];
    let (client, receiver, _) = start(&types).await;
    let of_type = |name: &str| -> Vec<Value> {
        let events = receiver.events().into_iter();
        events.filter(|event| event["subscriptionType"] == name).collect()
    };

    let archived = seed(&client, "archived@example.com");
    client.sandbox().archive(&archived.to_string()).unwrap();
    receiver.wait_for(1).await;
    quiet(client.sandbox()).await;
    let deletions = of_type("contact.deletion");
    assert_eq!(deletions.len(), 1);
    assert_eq!(
        (&deletions[0]["objectId"], &deletions[0]["changeFlag"]),
        (&json!(archived), &json!("DELETED"))
    );
    let generic = of_type("object.deletion");
    assert_eq!((generic.len(), &generic[0]["objectTypeId"]), (1, &json!("0-1")));

    let forgotten = seed(&client, "forgotten@example.com");
    let deleted = client
        .post(
            &format!("{CONTACTS}/gdpr-delete"),
            json!({"objectId": "forgotten@example.com", "idProperty": "email"}),
        )
        .await;
    assert_eq!(deleted.status, 204);
    receiver.wait_for(2).await;
    quiet(client.sandbox()).await;
    let told = |name: &str| {
        of_type(name)
            .iter()
            .filter(|event| event["objectId"] == forgotten)
            .count()
    };
    assert_eq!((told("contact.privacyDeletion"), told("contact.deletion")), (1, 1));

    let (primary, other) = (seed(&client, "ada@example.com"), seed(&client, "lovelace@example.com"));
    client
        .sandbox()
        .set_property(&other.to_string(), "city", "London")
        .unwrap();
    client
        .sandbox()
        .merge(&primary.to_string(), &other.to_string())
        .unwrap();
    receiver.wait_for(3).await;
    quiet(client.sandbox()).await;
    let merges = of_type("contact.merge");
    assert_eq!(merges.len(), 1);
    assert_eq!(merges[0]["primaryObjectId"], primary);
    assert_eq!(merges[0]["mergedObjectIds"], json!([other]));
    assert!(merges[0]["newObjectId"].is_u64() && merges[0]["numberOfPropertiesMoved"].as_u64() >= Some(1));
}

/// The one event of this type, without what all events have alike.
fn only(receiver: &Receiver, event_type: &str) -> Value {
    let mut events = receiver.events().into_iter();
    let mut told = events
        .by_ref()
        .filter(|event| event["subscriptionType"] == event_type)
        .collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "{event_type}: {told:?}");
    let mut event = told.remove(0);
    let fields = event.as_object_mut().unwrap();
    for name in [
        "appId",
        "attemptNumber",
        "eventId",
        "occurredAt",
        "portalId",
        "sourceId",
        "subscriptionId",
        "subscriptionType",
    ] {
        assert!(fields.remove(name).is_some(), "{name} of {event_type}");
    }
    event
}

#[tokio::test]
async fn companies_deals_and_tickets_are_told_as_contacts_are() {
    for (singular, plural, properties) in [
        ("company", "companies", json!({"name": "Example"})),
        (
            "deal",
            "deals",
            json!({"dealname": "Example", "dealstage": "appointmentscheduled"}),
        ),
        (
            "ticket",
            "tickets",
            json!({"subject": "Example", "hs_pipeline_stage": "1"}),
        ),
    ] {
        let (name, value) = properties.as_object().unwrap().iter().next().unwrap();
        let types = [
            format!("{singular}.creation"),
            format!("{singular}.propertyChange:{name}"),
            format!("{singular}.deletion"),
            "contact.creation".to_owned(),
        ];
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        let (client, receiver, _) = start(&types).await;
        let path = format!("/crm/v3/objects/{plural}");
        let created = client.post(&path, json!({"properties": properties})).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(client.delete(&format!("{path}/{id}")).await.status, 204);
        assert!(client.sandbox().flush_webhooks(PATIENCE).await);
        let id: u64 = id.parse().unwrap();
        assert_eq!(
            only(&receiver, types[0]),
            json!({"objectId": id, "changeFlag": "CREATED", "changeSource": "INTEGRATION"})
        );
        assert_eq!(
            only(&receiver, &format!("{singular}.propertyChange")),
            json!({"objectId": id, "propertyName": name, "propertyValue": value, "changeSource": "INTEGRATION"})
        );
        assert_eq!(
            only(&receiver, types[2]),
            json!({"objectId": id, "changeFlag": "DELETED", "changeSource": "INTEGRATION"})
        );
        assert_eq!(receiver.events().len(), 3);
    }
}

#[tokio::test]
async fn a_note_is_told_as_a_generic_object() {
    let (client, receiver, _) = start(&["object.creation:0-46"]).await;
    let note = json!({"properties": {"hs_timestamp": "2026-11-21T08:00:00Z", "hs_note_body": "Called back"}});
    let created = client.post("/crm/objects/2026-03/notes", note).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert!(client.sandbox().flush_webhooks(PATIENCE).await);
    let id: u64 = created.json()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        only(&receiver, "object.creation"),
        json!({"objectId": id, "objectTypeId": "0-46", "changeFlag": "CREATED", "changeSource": "INTEGRATION"})
    );
}

#[tokio::test]
async fn a_record_that_is_restored_is_told() {
    let (client, receiver, _) = start(&["contact.restore", "company.restore"]).await;
    let ada = seed(&client, "ada@example.com");
    client.sandbox().archive(&ada.to_string()).unwrap();
    client.sandbox().restore(&ada.to_string()).unwrap();
    let company = client
        .sandbox()
        .seed_record("companies", [("name", "Example")])
        .unwrap();
    let path = format!("/_control/objects/companies/{}", company.id);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.post(&format!("{path}/restore"), json!({})).await.status, 200);
    assert!(client.sandbox().flush_webhooks(PATIENCE).await);
    assert_eq!(
        only(&receiver, "contact.restore"),
        json!({"objectId": ada, "changeSource": "CRM_UI"})
    );
    let company: u64 = company.id.parse().unwrap();
    assert_eq!(
        only(&receiver, "company.restore"),
        json!({"objectId": company, "changeSource": "CRM_UI"})
    );
}

#[tokio::test]
async fn associations_are_told_to_both_sides_and_the_primary_one_as_such() {
    let (client, receiver, _) = start(&["contact.associationChange", "company.associationChange"]).await;
    let ada = seed(&client, "ada@example.com");
    let company = client
        .sandbox()
        .seed_record("companies", [("name", "Example")])
        .unwrap();
    let company: u64 = company.id.parse().unwrap();
    let told = async |removed: bool, primary: bool| {
        assert!(client.sandbox().flush_webhooks(PATIENCE).await);
        let events: Vec<Value> = receiver.events().into_iter().rev().take(2).collect();
        for (subject, association, from, to) in [
            ("contact", "CONTACT_TO_COMPANY", ada, company),
            ("company", "COMPANY_TO_CONTACT", company, ada),
        ] {
            let event = events
                .iter()
                .find(|event| event["subscriptionType"] == format!("{subject}.associationChange"))
                .unwrap();
            let fields = [
                "associationType",
                "fromObjectId",
                "toObjectId",
                "associationRemoved",
                "isPrimaryAssociation",
            ];
            let values: Vec<&Value> = fields.iter().map(|name| &event[*name]).collect();
            assert_eq!(
                values,
                [
                    &json!(association),
                    &json!(from),
                    &json!(to),
                    &json!(removed),
                    &json!(primary)
                ]
            );
            assert_eq!(event.get("objectId"), None);
        }
    };
    let path = format!("/crm/v4/objects/contacts/{ada}/associations/default/companies/{company}");
    assert_eq!(client.call(Method::PUT, &path, None).await.status, 200);
    told(false, false).await;
    let path = format!("/crm/v4/objects/contacts/{ada}/associations/companies/{company}");
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]);
    assert_eq!(client.call(Method::PUT, &path, Some(&types)).await.status, 201);
    told(false, true).await;
    assert_eq!(client.delete(&path).await.status, 204);
    told(true, true).await;
    assert_eq!(receiver.events().len(), 6);
}

#[tokio::test]
async fn a_batch_that_fails_in_part_is_told_in_part() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    let inputs = json!({"inputs": [
        {"id": "ada@example.com", "idProperty": "email", "properties": {"city": "Rome"}},
        {"id": "not an address", "idProperty": "email", "properties": {"email": "not an address"}},
    ]});
    let answer = client.post(&format!("{CONTACTS}/batch/upsert"), inputs).await;
    assert!(client.sandbox().flush_webhooks(PATIENCE).await);
    let contacts = client.sandbox().contacts();
    assert_eq!(receiver.events().len(), contacts.len(), "{}", answer.text);
}
