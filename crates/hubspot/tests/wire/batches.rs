//! Batches: what is sent, and which part of the answer belongs to which input.

use std::collections::BTreeMap;

use parlor_hubspot::{BatchReadBy, BatchWrite, Class, CreateInput, NotSent, TraceId, UpdateInput};
use serde_json::json;

use crate::raw_server::{JSON, RawServer};

fn email(address: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("email".to_owned(), address.to_owned())])
}

fn update(trace_id: &str, id: &str) -> UpdateInput {
    UpdateInput {
        trace_id: trace_id.into(),
        id: id.parse().unwrap(),
        properties: BTreeMap::new(),
    }
}

async fn answering(status: &str, body: &serde_json::Value) -> RawServer {
    RawServer::answering(status, JSON, &body.to_string()).await
}

fn traces(write: &BatchWrite) -> Vec<(Option<&str>, &str)> {
    write
        .written
        .iter()
        .map(|(trace, contact)| (trace.as_ref().map(TraceId::as_str), contact.id.as_str()))
        .collect()
}

#[tokio::test]
async fn a_read_attributes_records_by_first_and_further_addresses_without_regard_to_case() {
    let body = json!({ "status": "COMPLETE", "results": [
        { "id": "2", "properties": { "email": "bob@example.com", "hs_additional_emails": "b@x.co;robert@example.com" } },
        { "id": "1", "properties": { "email": "ada@example.com" } },
    ], "numErrors": 1, "errors": [
        { "status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some CONTACT objects", "context": { "ids": ["eve@example.com"] } }
    ] });
    let server = answering("207 Multi-Status", &body).await;
    let asked = [
        "Ada@Example.com",
        "ada@example.com",
        "robert@example.com",
        "eve@example.com",
        "mallory@example.com",
    ];
    let read = server
        .client()
        .contacts()
        .batch_read(BatchReadBy::Email, &asked, &["firstname", "email"])
        .await
        .unwrap();
    let id_for = |asked| read.answer_to(asked).map(|contact| contact.id.as_str());
    assert_eq!(
        (id_for("Ada@Example.com"), id_for("ada@example.com")),
        (Some("1"), Some("1"))
    );
    assert_eq!(id_for("robert@example.com"), Some("2"));
    assert_eq!(read.missing, ["eve@example.com", "mallory@example.com"]);
    assert!(read.unclear.is_empty() && read.errors.is_empty());

    let sent = server.request_body();
    assert_eq!(sent["idProperty"], "email");
    assert_eq!(
        sent["inputs"].as_array().unwrap().len(),
        4,
        "one address in two spellings is asked for once"
    );
    assert_eq!(
        sent["properties"],
        json!(["firstname", "email", "hs_additional_emails", "hs_merged_object_ids"])
    );
    assert_eq!(
        server.request_line(),
        "POST /crm/objects/2026-03/contacts/batch/read HTTP/1.1"
    );
}

#[tokio::test]
async fn a_merged_record_answers_for_the_id_it_had() {
    let body = json!({ "status": "COMPLETE", "results": [
        { "id": "9", "properties": { "hs_merged_object_ids": "3;4" } },
        { "id": "8", "properties": {} },
    ] });
    let server = answering("200 OK", &body).await;
    let read = server
        .client()
        .contacts()
        .batch_read(BatchReadBy::Id, &["4", "5"], &[])
        .await
        .unwrap();
    assert_eq!(read.answer_to("4").unwrap().id.as_str(), "9");
    assert_eq!(
        read.answer_to("5").unwrap().id.as_str(),
        "8",
        "the one record left answers the one question left"
    );
    assert!(server.request_body().get("idProperty").is_none());
}

#[tokio::test]
async fn what_cannot_be_attributed_is_never_called_missing() {
    let stray = json!({ "status": "COMPLETE", "results": [{ "id": "8" }] });
    let failed = json!({ "status": "COMPLETE", "results": [], "numErrors": 1 });
    let named = json!({ "status": "COMPLETE", "results": [], "errors": [
        { "category": "INTERNAL_ERROR", "message": "…", "context": { "ids": ["4", "5"] } }
    ] });
    for body in [stray, failed, named] {
        let server = answering("200 OK", &body).await;
        let read = server
            .client()
            .contacts()
            .batch_read(BatchReadBy::Id, &["4", "5"], &[])
            .await
            .unwrap();
        assert_eq!(
            (read.missing.len(), read.unclear.as_slice()),
            (0, &["4".to_owned(), "5".to_owned()][..]),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_partial_creation_says_for_each_input_what_became_of_it_whatever_the_status() {
    let body = json!({ "status": "COMPLETE", "results": [
        { "id": "11", "objectWriteTraceId": "a", "properties": { "email": "a@x.co" } },
        { "id": "12", "properties": { "email": "B@x.co" } },
    ], "numErrors": 2, "errors": [
        { "status": "error", "category": "CONFLICT", "message": "Contact already exists. Existing ID: 99",
          "context": { "objectWriteTraceId": ["c"] } },
        { "status": "error", "category": "VALIDATION_ERROR", "message": "…", "context": { "objectWriteTraceId": ["d"] } },
    ] });
    for status in ["201 Created", "207 Multi-Status", "200 OK"] {
        let server = answering(status, &body).await;
        let inputs = ["a", "b", "c", "d", "e"].map(|name| CreateInput::new(name, email(&format!("{name}@x.co"))));
        let write = server.client().contacts().batch_create(inputs.to_vec()).await.unwrap();
        assert_eq!(traces(&write), [(Some("a"), "11"), (Some("b"), "12")]);
        let failures: Vec<_> = write
            .failed
            .iter()
            .map(|failure| (failure.trace_ids.clone(), failure.class()))
            .collect();
        let conflict = Class::Conflict {
            existing_id: Some("99".parse().unwrap()),
        };
        assert_eq!(
            failures,
            [(vec!["c".into()], conflict), (vec!["d".into()], Class::Invalid)]
        );
        assert_eq!(write.unanswered, ["e".into()]);
        assert!(!write.is_complete());
        let first = &server.request_body()["inputs"][0];
        assert_eq!(
            first,
            &json!({ "objectWriteTraceId": "a", "properties": { "email": "a@x.co" }, "associations": [] })
        );
    }
}

#[tokio::test]
async fn an_update_is_attributed_by_record_id_where_no_trace_id_comes_back() {
    let body = json!({ "status": "COMPLETE", "results": [{ "id": "2" }], "numErrors": 1, "errors": [
        { "category": "OBJECT_NOT_FOUND", "message": "…", "context": { "ids": ["1"] } }
    ] });
    let server = answering("207 Multi-Status", &body).await;
    let write = server
        .client()
        .contacts()
        .batch_update(vec![update("a", "1"), update("b", "2")])
        .await
        .unwrap();
    assert_eq!(traces(&write), [(Some("b"), "2")]);
    assert_eq!(
        (write.failed[0].trace_ids.clone(), write.failed[0].class()),
        (vec!["a".into()], Class::NotFound)
    );
    assert!(write.unanswered.is_empty());
}

#[tokio::test]
async fn a_batch_that_is_not_complete_leaves_its_writes_unclear() {
    for body in [
        json!({ "status": "PROCESSING", "results": [] }),
        json!({ "status": "COMPLETE" }),
        json!({ "results": [{}] }),
    ] {
        let server = answering("200 OK", &body).await;
        let error = server
            .client()
            .contacts()
            .batch_update(vec![update("a", "1")])
            .await
            .unwrap_err();
        assert_eq!(
            (error.class(), error.outcome_unclear()),
            (&Class::UnexpectedAnswer, true),
            "{body}"
        );
    }
}

#[tokio::test]
async fn too_many_inputs_and_none_at_all_make_no_call() {
    let server = RawServer::start(vec![]).await;
    let client = server.client();
    let ids: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let updates: Vec<_> = ids.iter().map(|id| update(id, id)).collect();
    let creations: Vec<_> = ids
        .iter()
        .map(|id| CreateInput::new(id.as_str(), BTreeMap::new()))
        .collect();
    let errors = [
        client
            .contacts()
            .batch_read(BatchReadBy::Id, &ids, &[])
            .await
            .unwrap_err(),
        client.contacts().batch_update(updates).await.unwrap_err(),
        client.contacts().batch_create(creations).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(
            error.class(),
            &Class::NotSent(NotSent::TooManyInputs {
                given: 101,
                allowed: 100
            })
        );
        assert!(!error.outcome_unclear());
    }
    assert!(
        client
            .contacts()
            .batch_read(BatchReadBy::Id, &[] as &[&str], &[])
            .await
            .unwrap()
            .found
            .is_empty()
    );
    assert!(client.contacts().batch_update(vec![]).await.unwrap().is_complete());
    assert!(client.contacts().batch_create(vec![]).await.unwrap().is_complete());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_hundred_records_with_full_values_are_read() {
    let value = "x".repeat(65_536);
    let results: Vec<_> = (1..=100)
        .map(|id| json!({ "id": id.to_string(), "properties": { "chat": value } }))
        .collect();
    let server = answering("200 OK", &json!({ "status": "COMPLETE", "results": results })).await;
    let ids: Vec<String> = (1..=100).map(|id| id.to_string()).collect();
    let read = server
        .client()
        .contacts()
        .batch_read(BatchReadBy::Id, &ids, &["chat"])
        .await
        .unwrap();
    assert_eq!((read.found.len(), read.missing.len()), (100, 0));
    assert_eq!(read.answer_to("100").unwrap().property("chat").unwrap().len(), 65_536);
}
