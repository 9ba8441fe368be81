//! What the sandbox does at the worst moment.

use std::time::{Duration, Instant};

use parlor_sandbox::{Effect, FaultRule};
use reqwest::Method;
use serde_json::json;

use crate::client::{Client, read};

pub const BASE: &str = "/crm/objects/2026-03/contacts";

pub fn city(client: &Client) -> Option<String> {
    let contact = client.sandbox().contact_by_email("ada@example.com")?;
    contact.property("city").map(str::to_owned)
}

pub async fn client_with_ada() -> (Client, String) {
    let client = Client::start().await;
    let id = client
        .sandbox()
        .seed_contact([("email", "ada@example.com")])
        .unwrap()
        .id;
    (client, format!("{BASE}/{id}"))
}

pub fn to(city: &str) -> serde_json::Value {
    json!({"properties": {"city": city}})
}

#[tokio::test]
async fn a_rule_strikes_the_calls_it_names_and_no_others() {
    let (client, ada) = client_with_ada().await;
    let rule = FaultRule::new("PATCH", "/contacts/", Effect::status(502))
        .skip(1)
        .times(2)
        .body_contains("Rome");
    client.sandbox().add_fault(rule);
    assert_eq!(client.get(&ada).await.status, 200, "another method");
    assert_eq!(client.patch(&ada, to("Bonn")).await.status, 200, "another body");
    let statuses = [
        client.patch(&ada, to("Rome")).await.status,
        client.patch(&ada, to("Rome")).await.status,
        client.patch(&ada, to("Rome")).await.status,
        client.patch(&ada, to("Rome")).await.status,
    ];
    assert_eq!(statuses, [200, 502, 502, 200]);
    let state = &client.sandbox().faults()[0];
    assert_eq!((state.matched, state.struck), (4, 2));
    let struck = client
        .sandbox()
        .requests()
        .iter()
        .filter(|request| request.fault == Some(state.id))
        .count();
    assert_eq!(struck, 2);
}

#[tokio::test]
async fn a_delay_lets_the_call_go_its_way_later() {
    let (client, ada) = client_with_ada().await;
    client
        .sandbox()
        .add_fault(FaultRule::every_call(Effect::delay(Duration::from_millis(50))).times(1));
    let start = Instant::now();
    assert_eq!(client.patch(&ada, to("Rome")).await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(city(&client).as_deref(), Some("Rome"));
}

#[tokio::test]
async fn a_call_can_be_applied_without_an_answer() {
    let (client, ada) = client_with_ada().await;
    client
        .sandbox()
        .add_fault(FaultRule::new("PATCH", "", Effect::applied_not_answered()).times(1));
    let error = client
        .try_call(Method::PATCH, &ada, Some(&to("Rome")))
        .await
        .err()
        .unwrap();
    assert!(error.is_request(), "the client saw no answer at all: {error:?}");
    assert_eq!(city(&client).as_deref(), Some("Rome"));
    assert_eq!(client.sandbox().requests().last().unwrap().status, None);
    assert_eq!(
        client.patch(&ada, to("Bonn")).await.status,
        200,
        "the next call finds a new connection"
    );
}

#[tokio::test]
async fn a_call_can_be_applied_and_hang() {
    let (client, ada) = client_with_ada().await;
    let rule = FaultRule::new("PATCH", "", Effect::AppliedNotAnswered { hang: true }).times(1);
    client.sandbox().add_fault(rule);
    let request = client
        .request(Method::PATCH, &ada)
        .bearer_auth("pat-sandbox")
        .json(&to("Rome"));
    let error = request.timeout(Duration::from_millis(300)).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(city(&client).as_deref(), Some("Rome"));
}

#[tokio::test]
async fn a_call_that_hangs_does_not_keep_the_sandbox_from_stopping() {
    let (client, ada) = client_with_ada().await;
    let rule = FaultRule::new("PATCH", "", Effect::AppliedNotAnswered { hang: true });
    client.sandbox().add_fault(rule);
    let request = client
        .request(Method::PATCH, &ada)
        .bearer_auth("pat-sandbox")
        .json(&to("Rome"));
    let hanging = tokio::spawn(request.send());
    while city(&client).is_none() {
        tokio::task::yield_now().await;
    }
    client.running.stop().await.unwrap();
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn a_connection_can_be_dropped_before_anything_is_applied() {
    let (client, ada) = client_with_ada().await;
    client
        .sandbox()
        .add_fault(FaultRule::new("PATCH", "", Effect::DroppedBefore).times(1));
    assert!(client.try_call(Method::PATCH, &ada, Some(&to("Rome"))).await.is_err());
    assert_eq!(city(&client), None);
}

#[tokio::test]
async fn an_old_write_can_overwrite_a_later_one() {
    let (client, ada) = client_with_ada().await;
    client.sandbox().seed_contact([("email", "bob@example.com")]).unwrap();
    let rule = FaultRule::new("POST", "/batch/update", Effect::applied_after_writes(2)).times(1);
    client.sandbox().add_fault(rule);
    let id = ada.rsplit('/').next().unwrap();
    let update = format!("{BASE}/batch/update");
    let old = json!({"inputs": [{"id": id, "properties": {"city": "old"}}]});
    assert!(client.try_call(Method::POST, &update, Some(&old)).await.is_err());
    assert_eq!(city(&client), None);

    assert_eq!(client.patch(&ada, to("new")).await.status, 200);
    let bob = format!("{BASE}/bob%40example.com?idProperty=email");
    assert_eq!(client.patch(&bob, to("Bonn")).await.status, 200);
    assert_eq!(
        city(&client).as_deref(),
        Some("new"),
        "one write to this record, one to another"
    );
    let by_email = format!("{BASE}/ada%40example.com?idProperty=email");
    assert_eq!(client.patch(&by_email, to("newer")).await.status, 200);
    assert_eq!(
        city(&client).as_deref(),
        Some("old"),
        "the second write let the old one in"
    );
    assert_eq!(client.patch(&ada, to("newest")).await.status, 200);
    assert_eq!(city(&client).as_deref(), Some("newest"), "and it comes only once");
}

#[tokio::test]
async fn a_creation_can_come_late_and_find_the_address_taken() {
    let client = Client::start().await;
    client
        .sandbox()
        .add_fault(FaultRule::new("POST", BASE, Effect::applied_after_writes(1)).times(1));
    let body = json!({"properties": {"email": "ada@example.com"}});
    assert!(client.try_call(Method::POST, BASE, Some(&body)).await.is_err());
    assert!(client.sandbox().contacts().is_empty());
    assert_eq!(client.post(BASE, body).await.status, 201);
    assert_eq!(client.sandbox().contacts().len(), 1, "the late one met the conflict");
}

#[tokio::test]
async fn a_write_can_be_applied_after_a_time() {
    let (client, ada) = client_with_ada().await;
    let effect = Effect::AppliedLate {
        after_writes: None,
        after_milliseconds: Some(30),
        hang: false,
    };
    client.sandbox().add_fault(FaultRule::new("PATCH", "", effect).times(1));
    assert!(client.try_call(Method::PATCH, &ada, Some(&to("late"))).await.is_err());
    let applied = async {
        while city(&client).as_deref() != Some("late") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), applied).await.unwrap();
}

#[tokio::test]
async fn calls_that_are_not_admitted_meet_no_fault() {
    let client = Client::start().await;
    client
        .sandbox()
        .add_fault(FaultRule::every_call(Effect::status(500)).times(1));
    let request = client.request(Method::GET, BASE).bearer_auth("wrong");
    assert_eq!(read(request.send().await.unwrap()).await.unwrap().status, 401);
    assert_eq!(client.get(BASE).await.status, 500);
    client.sandbox().add_fault(FaultRule::every_call(Effect::status(500)));
    client.sandbox().clear_faults();
    assert_eq!(client.get(BASE).await.status, 200);
}

#[tokio::test]
async fn a_late_write_of_any_kind_waits_for_writes_to_its_own_record() {
    let client = Client::start().await;
    let seed = |name: &'static str| client.sandbox().seed_record("companies", [("name", name)]).unwrap().id;
    let (one, two) = (seed("One"), seed("Two"));
    let base = "/crm/v3/objects/companies";
    let rule = FaultRule::new("PATCH", base, Effect::applied_after_writes(1)).times(1);
    client.sandbox().add_fault(rule);
    let path = |id: &str| format!("{base}/{id}");
    assert!(
        client
            .try_call(Method::PATCH, &path(&one), Some(&to("old")))
            .await
            .is_err()
    );
    assert_eq!(client.patch(&path(&two), to("Bonn")).await.status, 200);
    let city = || {
        let record = client.sandbox().record("companies", &one).unwrap();
        record.property("city").map(str::to_owned)
    };
    assert_eq!(city(), None, "another record was written");
    let note = client
        .sandbox()
        .seed_record("notes", [("hs_timestamp", "1")])
        .unwrap()
        .id;
    let associate = format!("/crm/v4/objects/notes/{note}/associations/default/companies/{one}");
    assert_eq!(client.call(Method::PUT, &associate, None).await.status, 200);
    assert_eq!(city().as_deref(), Some("old"), "an association touches both its ends");
}

#[tokio::test]
async fn a_late_upsert_waits_for_writes_to_the_address_it_names() {
    let client = Client::start().await;
    let rule = FaultRule::new("POST", "/batch/upsert", Effect::applied_after_writes(1)).times(1);
    client.sandbox().add_fault(rule);
    let inputs = json!([{"id": "ADA@example.com", "idProperty": "email", "properties": {"city": "old"}}]);
    let upsert = json!({"inputs": inputs});
    let path = format!("{BASE}/batch/upsert");
    assert!(client.try_call(Method::POST, &path, Some(&upsert)).await.is_err());
    let body = json!({"properties": {"email": "ada@example.com", "city": "new"}});
    assert_eq!(client.post(BASE, body).await.status, 201);
    assert_eq!(city(&client).as_deref(), Some("old"));
}
