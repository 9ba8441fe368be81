//! What a token may do, as HubSpot tells it; and limits that are told once.

use parlor_hubspot::Class;
use serde_json::json;

use crate::raw_server::{JSON, RawServer, answer};

#[tokio::test]
async fn a_token_is_asked_about_by_itself_and_its_answer_names_portal_and_scopes() {
    let body = r#"{"userId":1,"hubId":4711,"appId":2,"scopes":["crm.objects.contacts.read","oauth"]}"#;
    let server = RawServer::start(vec![answer("200 OK", JSON, body)]).await;
    let info = server.client().account().token_info().await.unwrap().unwrap();
    assert_eq!(info.hub_id, 4_711);
    assert_eq!(info.scopes, ["crm.objects.contacts.read", "oauth"]);
    assert_eq!(
        server.request_line(),
        "POST /oauth/v2/private-apps/get/access-token-info HTTP/1.1"
    );
    let token = server.request_body()["tokenKey"].clone();
    assert!(token.as_str().is_some_and(|token| !token.is_empty()), "{token}");
    assert_eq!(server.request_body(), json!({"tokenKey": token}));
}

#[tokio::test]
async fn where_hubspot_does_not_know_the_call_nothing_is_known_and_other_failures_are_told() {
    for status in ["404 Not Found", "400 Bad Request"] {
        let server = RawServer::answering(status, "content-type: text/html\r\n", "<html></html>").await;
        assert_eq!(server.client().account().token_info().await.unwrap(), None, "{status}");
    }
    let server = RawServer::answering(
        "401 Unauthorized",
        JSON,
        r#"{"message":"no","category":"INVALID_AUTHENTICATION"}"#,
    )
    .await;
    let error = server.client().account().token_info().await.unwrap_err();
    assert_eq!(*error.class(), Class::Token);
}

#[tokio::test]
async fn limits_are_taken_once_however_long_ago_they_were_told() {
    let headers = "content-type: application/json\r\nx-hubspot-ratelimit-daily: 100\r\nx-hubspot-ratelimit-daily-remaining: 7\r\n";
    let server = RawServer::answering("200 OK", headers, r#"{"portalId":1}"#).await;
    let client = server.client();
    client.account().details().await.unwrap();
    assert_eq!(
        client.take_rate_limit().and_then(|limit| limit.daily_remaining),
        Some(7)
    );
    assert_eq!(client.take_rate_limit(), None);
}
