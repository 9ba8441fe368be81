//! Notes on a contact's timeline.

use parlor_hubspot::{ApiVersion, Class, Client, ClientOptions, ContactId, NoteId};
use serde_json::json;
use time::OffsetDateTime;

use crate::raw_server::{JSON, RawServer, answer};

fn ada() -> ContactId {
    "37765128001".parse().unwrap()
}

fn note() -> NoteId {
    "9001".parse().unwrap()
}

#[tokio::test]
async fn a_note_is_created_on_its_contact() {
    let created = r#"{"id":"9001","properties":{"hs_note_body":"<p>x</p>"},"createdAt":"2026-11-21T08:30:00Z"}"#;
    let server = RawServer::start(vec![answer("201 Created", JSON, created)]).await;
    let at = OffsetDateTime::from_unix_timestamp(1_795_249_800).unwrap();
    let id = server.client().notes().create(&ada(), "<p>x</p>", at).await.unwrap();
    assert_eq!(id, note());
    assert_eq!(server.request_line(), "POST /crm/objects/2026-03/notes HTTP/1.1");
    assert_eq!(
        server.request_body(),
        json!({
            "properties": {"hs_timestamp": "2026-11-21T08:30:00Z", "hs_note_body": "<p>x</p>"},
            "associations": [{
                "to": {"id": "37765128001"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}],
            }],
        })
    );
}

#[tokio::test]
async fn a_text_is_replaced_and_a_note_that_is_gone_is_told() {
    let gone = r#"{"status":"error","message":"resource not found","correlationId":"c-1"}"#;
    let server = RawServer::start(vec![
        answer("200 OK", JSON, r#"{"id":"9001","properties":{}}"#),
        answer("404 Not Found", JSON, gone),
    ])
    .await;
    assert!(server.client().notes().set_body(&note(), "<p>y</p>").await.unwrap());
    assert_eq!(server.request_line(), "PATCH /crm/objects/2026-03/notes/9001 HTTP/1.1");
    assert_eq!(
        server.request_body(),
        json!({"properties": {"hs_note_body": "<p>y</p>"}})
    );
    assert!(!server.client().notes().set_body(&note(), "<p>y</p>").await.unwrap());
}

#[tokio::test]
async fn a_note_is_archived_with_an_empty_answer() {
    let gone = r#"{"status":"error","message":"resource not found","correlationId":"c-1"}"#;
    let server = RawServer::start(vec![
        answer("204 No Content", "", ""),
        answer("404 Not Found", JSON, gone),
        answer("403 Forbidden", JSON, r#"{"message":"no","category":"MISSING_SCOPES"}"#),
    ])
    .await;
    server.client().notes().archive(&note()).await.unwrap();
    assert_eq!(server.request_line(), "DELETE /crm/objects/2026-03/notes/9001 HTTP/1.1");
    server.client().notes().archive(&note()).await.unwrap();
    let error = server.client().notes().archive(&note()).await.unwrap_err();
    assert!(matches!(error.class(), Class::Permission { .. }));
}

#[tokio::test]
async fn a_contacts_notes_come_in_pages() {
    let first = r#"{"results":[{"toObjectId":9001,"associationTypes":[]},{"toObjectId":"9002"}],"paging":{"next":{"after":"A b"}}}"#;
    let server = RawServer::start(vec![
        answer("200 OK", JSON, first),
        answer("200 OK", JSON, r#"{"results":[{"toObjectId":9003}]}"#),
    ])
    .await;
    let ids = server.client().notes().of_contact(&ada()).await.unwrap();
    let ids: Vec<_> = ids.iter().map(NoteId::as_str).collect();
    assert_eq!(ids, ["9001", "9002", "9003"]);
    assert_eq!(
        server.request_lines(),
        [
            "GET /crm/objects/2026-03/contacts/37765128001/associations/notes?limit=500 HTTP/1.1",
            "GET /crm/objects/2026-03/contacts/37765128001/associations/notes?limit=500&after=A+b HTTP/1.1",
        ]
    );

    let server = RawServer::answering(
        "200 OK",
        JSON,
        r#"{"results":[{"id":"9001","type":"contact_to_note"}]}"#,
    )
    .await;
    let client = Client::new(ClientOptions {
        version: ApiVersion::V3,
        ..server.options()
    })
    .unwrap();
    assert_eq!(client.notes().of_contact(&ada()).await.unwrap(), [note()]);
    assert!(
        server
            .request_line()
            .starts_with("GET /crm/v3/objects/contacts/37765128001/associations/notes?")
    );
}

#[tokio::test]
async fn texts_are_read_by_the_hundred_and_shown_to_nobody() {
    let body = r#"{"status":"COMPLETE","results":[{"id":"9001","properties":{"hs_note_body":"<p>secret</p>"}},{"id":"9002","properties":{"hs_note_body":null}}]}"#;
    let server = RawServer::answering("200 OK", JSON, body).await;
    let ids = [note(), "9002".parse().unwrap(), "9003".parse().unwrap()];
    let read = server.client().notes().read(&ids).await.unwrap();
    assert_eq!(
        (read.len(), read[0].body.as_str(), read[1].body.as_str()),
        (2, "<p>secret</p>", "")
    );
    assert!(!format!("{read:?}").contains("secret"));
    assert_eq!(
        server.request_line(),
        "POST /crm/objects/2026-03/notes/batch/read HTTP/1.1"
    );
    let error = server.client().notes().read(&vec![note(); 101]).await.unwrap_err();
    assert!(matches!(error.class(), Class::NotSent(_)));
}
