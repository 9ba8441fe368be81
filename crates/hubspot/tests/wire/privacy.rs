//! The token and personal data stay out of logs, `Debug` and `Display`.

use std::{
    collections::BTreeMap,
    error::Error as _,
    io,
    sync::{Arc, Mutex},
};

use parlor_hubspot::{BatchReadBy, CreateInput, Error, VisitorIdentity};
use tracing::Level;

use crate::raw_server::{JSON, RawServer, Script, TOKEN, answer};

const EMAIL: &str = "ada.lovelace@example.com";
const VISITOR_TOKEN_ANSWER: &str = r#"{"token":"visitor-very-secret"}"#;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Fails where a text holds the token, the address or the name in it.
fn is_clean(text: &str) {
    for private in [TOKEN, "very-secret", "lovelace", "example.com"] {
        assert!(!text.contains(private), "{private:?} in {text}");
    }
}

fn every_text(error: &Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes: Vec<String> = causes.map(|cause| format!("{cause} {cause:?}")).collect();
    format!("{error} {error:?} {error:#?} {}", causes.join(" "))
}

#[tokio::test]
async fn a_call_is_one_line_with_the_template_and_nothing_private_at_any_level() {
    // With nobody listening, other tests' threads would have these lines switched off for the whole process.
    let everything = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(std::io::sink);
    let _ = tracing::subscriber::set_global_default(everything.finish());
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let headers = format!("{JSON}X-HubSpot-Correlation-Id: c-42\r\n");
    let body = format!(r#"{{"message":"no {EMAIL} for {TOKEN}","correlationId":"c-42"}}"#);
    let scripts = vec![
        answer("404 Not Found", &headers, &body),
        Script::Close,
        answer("200 OK", JSON, VISITOR_TOKEN_ANSWER),
    ];
    let server = RawServer::start(scripts).await;
    let client = server.client();
    assert!(client.contacts().get_by_email(EMAIL, &[]).await.unwrap().is_none());
    assert!(client.contacts().get_by_email(EMAIL, &[]).await.is_err());
    client.create_visitor_token(&VisitorIdentity::new(EMAIL)).await.unwrap();
    drop(guard);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    is_clean(&log);
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("called HubSpot")).collect();
    assert_eq!(lines.len(), 3, "{log}");
    for part in [
        "DEBUG",
        "method=GET",
        "path=\"/crm/objects/{version}/contacts/{email}\"",
        "status=404",
        "ms=",
        "\"c-42\"",
    ] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    assert!(
        lines[1].contains("class=Interrupted") && !lines[1].contains("status="),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains("path=\"/visitor-identification/{version}/tokens/create\""),
        "{}",
        lines[2]
    );
}

#[tokio::test]
async fn errors_hold_the_private_parts_of_an_answer_only_in_their_message() {
    let json = format!(
        r#"{{"message":"{EMAIL} {TOKEN}","category":"{EMAIL}","correlationId":"{TOKEN}","policyName":"{EMAIL}"}}"#
    );
    let html = format!(
        "<p>GET /contacts/{} Authorization: Bearer {TOKEN} {EMAIL}</p>",
        EMAIL.replace('@', "%40")
    );
    for (status, headers, body) in [
        ("400 Bad Request", JSON, json.as_str()),
        ("404 Not Found", "Content-Type: text/html\r\n", html.as_str()),
        ("502 Bad Gateway", "", html.as_str()),
        ("302 Found", "Location: /ada.lovelace@example.com\r\n", ""),
    ] {
        let server = RawServer::answering(status, headers, body).await;
        let error = server.client().contacts().get_by_email(EMAIL, &[]).await.unwrap_err();
        is_clean(&every_text(&error));
        let message = error.message().unwrap_or_default();
        assert!(!message.contains(TOKEN), "{message}");
        assert!(status.starts_with("400") || !message.contains("lovelace"), "{message}");
    }
    let server = RawServer::start(vec![Script::Close]).await;
    is_clean(&every_text(
        &server.client().contacts().get_by_email(EMAIL, &[]).await.unwrap_err(),
    ));
}

#[tokio::test]
async fn debug_shows_neither_the_token_nor_values() {
    let body = format!(
        r#"{{"status":"COMPLETE","results":[{{"id":"7","properties":{{"email":"{EMAIL}"}}}}],"errors":[{{"message":"{EMAIL}"}}]}}"#
    );
    let server = RawServer::start(vec![answer("200 OK", JSON, &body), answer("201 Created", JSON, &body)]).await;
    let client = server.client();
    is_clean(&format!("{:?} {client:?} {:?}", server.options(), client.contacts()));
    let read = client
        .contacts()
        .batch_read(BatchReadBy::Email, &[EMAIL, "eve@example.com"], &[])
        .await
        .unwrap();
    is_clean(&format!("{read:?}"));
    let input = CreateInput::new("a", BTreeMap::from([("email".to_owned(), EMAIL.to_owned())]));
    is_clean(&format!("{input:?}"));
    let write = client.contacts().batch_create(vec![input]).await.unwrap();
    is_clean(&format!("{write:?}"));
    let server = RawServer::answering("200 OK", JSON, VISITOR_TOKEN_ANSWER).await;
    let visitor = VisitorIdentity::new(EMAIL);
    let token = server.client().create_visitor_token(&visitor).await.unwrap();
    is_clean(&format!("{visitor:?} {token:?}"));
}
