//! Calls whose answer does not arrive, or not whole.

use std::{collections::BTreeMap, time::Duration};

use parlor_hubspot::{Class, Client, ClientOptions, ContactId, CreateOutcome, Error, MAX_ANSWER_BYTES, Retry, Url};
use tokio::net::TcpListener;

use crate::raw_server::{RawServer, Script};

fn seven() -> ContactId {
    "7".parse().unwrap()
}

async fn create(client: &Client) -> Result<CreateOutcome, Error> {
    client.contacts().create(&BTreeMap::new()).await
}

fn is_worth_a_retry(error: &Error) -> bool {
    matches!(error.retry(), Retry::After(_))
}

#[tokio::test]
async fn a_refused_connection_certainly_applied_nothing() {
    // Bound and dropped: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let base_url = Url::parse(&format!("http://{address}")).unwrap();
    let client = Client::new(ClientOptions {
        base_url,
        ..ClientOptions::new("pat")
    })
    .unwrap();
    let error = create(&client).await.unwrap_err();
    assert_eq!(
        (error.class(), error.outcome_unclear(), error.status()),
        (&Class::Connect, false, None)
    );
    assert!(is_worth_a_retry(&error));
}

#[tokio::test]
async fn a_host_that_speaks_no_tls_was_not_reached() {
    // TCP stands (the kernel accepts), and the handshake gets no answer.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = Url::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let connect_timeout = Duration::from_millis(200);
    let options = ClientOptions {
        base_url,
        connect_timeout,
        ..ClientOptions::new("pat")
    };
    let error = create(&Client::new(options).unwrap()).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unclear()), (&Class::Connect, false));
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_a_write_unclear_and_a_read_not() {
    let server = RawServer::start(vec![Script::Hang, Script::Hang]).await;
    let client = server.impatient_client(Duration::from_millis(150));
    let error = create(&client).await.unwrap_err();
    assert_eq!(
        (error.class(), error.outcome_unclear(), error.status()),
        (&Class::Timeout, true, None)
    );
    assert!(is_worth_a_retry(&error));
    let error = client.contacts().get(&seven(), &[]).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unclear()), (&Class::Timeout, false));
}

#[tokio::test]
async fn a_connection_lost_after_the_request_leaves_a_write_unclear() {
    let server = RawServer::start(vec![Script::Close]).await;
    let error = create(&server.client()).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unclear()), (&Class::Interrupted, true));
    assert!(is_worth_a_retry(&error));
    assert_eq!(server.requests().len(), 1, "a write is never sent again by itself");
}

#[tokio::test]
async fn a_truncated_success_leaves_a_write_unclear() {
    let bytes = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":\"7\"}";
    let server = RawServer::start(vec![Script::Send(bytes.to_vec())]).await;
    let error = create(&server.client()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.outcome_unclear(), error.status()),
        (&Class::Interrupted, true, Some(201))
    );
}

#[tokio::test]
async fn a_truncated_refusal_is_still_a_refusal() {
    let bytes = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"mess";
    let server = RawServer::start(vec![Script::Send(bytes.to_vec())]).await;
    let error = create(&server.client()).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unclear()), (&Class::Token, false));
}

#[tokio::test]
async fn an_answer_that_is_no_http_leaves_a_write_unclear() {
    let server = RawServer::start(vec![Script::Send(b"220 mail.example ESMTP\r\n".to_vec())]).await;
    let error = create(&server.client()).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unclear()), (&Class::Interrupted, true));
}

#[tokio::test]
async fn more_than_the_cap_is_an_error_and_not_memory() {
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{{", MAX_ANSWER_BYTES + 1);
    for script in [Script::Endless, Script::Send(announced.into_bytes())] {
        let server = RawServer::start(vec![script]).await;
        let error = create(&server.client()).await.unwrap_err();
        assert_eq!(
            (error.class(), error.outcome_unclear()),
            (&Class::UnexpectedAnswer, true)
        );
        assert_eq!(error.message(), Some("The answer is larger than 16777216 bytes."));
    }
}
