//! The token by which HubSpot's chat widget knows a visitor.

use std::time::Duration;

use parlor_hubspot::{
    ApiVersion, Class, Client, ClientOptions, Error, ExposeSecret, RateLimitPolicy, Retry, SecretString,
    VisitorIdentity,
};
use serde_json::json;

use crate::raw_server::{JSON, RawServer, Script, answer};

const ADA: VisitorIdentity<'static> = VisitorIdentity {
    email: "ada@example.com",
    first_name: Some("Ada"),
    last_name: Some("Lovelace"),
};

async fn create(client: &Client) -> Result<SecretString, Error> {
    client.create_visitor_token(&ADA).await
}

async fn refused(status: &str, headers: &str, body: &str) -> Error {
    let server = RawServer::answering(status, headers, body).await;
    create(&server.client()).await.unwrap_err()
}

#[tokio::test]
async fn the_request_says_who_and_leaves_out_what_is_not_known() {
    let scripts = || vec![answer("200 OK", JSON, r#"{"token":"visitor-token"}"#)];
    let server = RawServer::start(scripts()).await;
    let token = create(&server.client()).await.unwrap();
    assert_eq!(token.expose_secret(), "visitor-token");
    assert_eq!(
        server.request_line(),
        "POST /visitor-identification/2026-03/tokens/create HTTP/1.1"
    );
    assert_eq!(
        server.request_body(),
        json!({"email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"})
    );

    let server = RawServer::start(scripts()).await;
    let client = Client::new(ClientOptions {
        version: ApiVersion::V3,
        ..server.options()
    })
    .unwrap();
    let nameless = VisitorIdentity::new("ada@example.com");
    client.create_visitor_token(&nameless).await.unwrap();
    assert_eq!(
        server.request_line(),
        "POST /visitor-identification/v3/tokens/create HTTP/1.1"
    );
    assert_eq!(server.request_body(), json!({"email": "ada@example.com"}));
}

#[tokio::test]
async fn a_missing_scope_and_a_plan_that_lacks_it_are_told_apart() {
    let scope = "conversations.visitor_identification.tokens.create";
    let named = format!(
        r#"{{"message":"…","category":"MISSING_SCOPES","errors":[{{"message":"…","context":{{"requiredGranularScopes":["{scope}"]}}}}]}}"#
    );
    let error = refused("403 Forbidden", JSON, &named).await;
    assert_eq!(
        error.class(),
        &Class::Permission {
            scopes: vec![scope.to_owned()]
        }
    );
    let unnamed = r#"{"message":"…","category":"MISSING_SCOPES"}"#;
    let error = refused("403 Forbidden", JSON, unnamed).await;
    assert_eq!(error.class(), &Class::Permission { scopes: vec![] });

    let plan = r#"{"status":"error","message":"not for ada@example.com","correlationId":"c-1"}"#;
    let error = refused("403 Forbidden", JSON, plan).await;
    assert_eq!((error.class(), error.retry()), (&Class::Plan, Retry::Later));
    assert_eq!(error.message(), Some("not for ada@example.com"));
    assert_eq!(
        error.to_string(),
        "HubSpot was asked to create a visitor's identification token: the account's plan does not include this (status 403, \
         correlation id c-1)"
    );
    let error = refused("403 Forbidden", "Content-Type: text/html\r\n", "<h1>blocked</h1>").await;
    assert_eq!(
        error.class(),
        &Class::UnexpectedAnswer,
        "a gateway's 403 says nothing of plans"
    );
}

#[tokio::test]
async fn every_other_failure_has_its_own_class_and_is_never_unclear() {
    let limit = r#"{"message":"…","policyName":"TEN_SECONDLY_ROLLING"}"#;
    let policy = RateLimitPolicy::TenSecondly;
    let seconds = |seconds| Retry::After(Duration::from_secs(seconds));
    let cases = [
        (
            "401 Unauthorized",
            r#"{"category":"INVALID_AUTHENTICATION"}"#,
            Class::Token,
            Retry::Later,
        ),
        (
            "400 Bad Request",
            r#"{"category":"VALIDATION_ERROR"}"#,
            Class::Invalid,
            Retry::No,
        ),
        (
            "429 Too Many Requests",
            limit,
            Class::RateLimited { policy },
            seconds(10),
        ),
        ("502 Bad Gateway", "<html></html>", Class::Unavailable, seconds(5)),
        (
            "200 OK",
            "<html>maintenance</html>",
            Class::UnexpectedAnswer,
            Retry::Later,
        ),
    ];
    for (status, body, class, retry) in cases {
        let error = refused(status, JSON, body).await;
        assert_eq!((error.class(), error.retry()), (&class, retry), "{status}");
        assert!(!error.outcome_unclear(), "{status}");
    }
    let server = RawServer::start(vec![Script::Close, Script::Hang]).await;
    let client = server.impatient_client(Duration::from_millis(150));
    for class in [Class::Interrupted, Class::Timeout] {
        let error = create(&client).await.unwrap_err();
        assert_eq!((error.class(), error.outcome_unclear()), (&class, false));
    }
}

#[tokio::test]
async fn a_success_without_a_token_is_an_error() {
    for body in [
        "{}",
        r#"{"token":""}"#,
        r#"{"token":null}"#,
        r#"{"token":7}"#,
        "[]",
        "null",
    ] {
        let error = refused("200 OK", JSON, body).await;
        assert_eq!(error.class(), &Class::UnexpectedAnswer, "{body}");
    }
}

#[tokio::test]
async fn the_limits_of_the_answer_are_kept() {
    let headers = format!("{JSON}X-HubSpot-RateLimit-Max: 190\r\nX-HubSpot-RateLimit-Remaining: 12\r\n");
    let server = RawServer::answering("200 OK", &headers, r#"{"token":"t"}"#).await;
    let client = server.client();
    create(&client).await.unwrap();
    let limit = client.last_rate_limit().unwrap();
    assert_eq!((limit.max, limit.remaining), (Some(190), Some(12)));
}
