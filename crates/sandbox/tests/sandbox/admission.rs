//! Tokens, scopes, limits, and what is not there.

use std::time::Duration;

use parlor_sandbox::{Clock, Limits, Moment, SandboxOptions};
use reqwest::Method;
use serde_json::json;

use crate::client::{Client, read};

const UNAUTHENTICATED: &str = "{\"status\":\"error\",\"message\":\"Authentication credentials not found. This API supports \
    OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview\",\
    \"correlationId\":\"…\",\"category\":\"INVALID_AUTHENTICATION\"}";

#[tokio::test]
async fn a_call_without_a_good_token_is_answered_401_as_hubspot_does() {
    let client = Client::start().await;
    let request = || client.request(Method::GET, "/crm/v3/objects/contacts");
    for request in [
        request(),
        request().bearer_auth("pat-unknown"),
        request().basic_auth("pat-sandbox", None::<&str>),
    ] {
        let answer = read(request.send().await.unwrap()).await.unwrap();
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("x-hubspot-auth-failure"), Some("401 Unauthorized"));
        assert_eq!(answer.error_text(), UNAUTHENTICATED);
    }
}

#[tokio::test]
async fn a_missing_scope_is_answered_403_and_named() {
    let client = Client::start().await;
    client.sandbox().add_token("narrow", []);
    let cases = [
        (Method::GET, "/crm/v3/objects/contacts", "crm.objects.contacts.read"),
        (
            Method::POST,
            "/crm/objects/2026-03/contacts/batch/read",
            "crm.objects.contacts.read",
        ),
        (
            Method::POST,
            "/crm/objects/2026-03/contacts",
            "crm.objects.contacts.write",
        ),
        (
            Method::POST,
            "/crm/objects/2026-09/contacts/batch/update",
            "crm.objects.contacts.write",
        ),
        (
            Method::GET,
            "/crm/properties/2026-03/contacts/email",
            "crm.schemas.contacts.read",
        ),
        (
            Method::POST,
            "/crm/v3/properties/contacts",
            "crm.schemas.contacts.write",
        ),
    ];
    for (method, path, scope) in cases {
        let request = client.request(method, path).bearer_auth("narrow");
        let answer = read(request.send().await.unwrap()).await.unwrap();
        assert_eq!(answer.status, 403, "{path}");
        let expected = format!(
            "{{\"status\":\"error\",\"message\":\"This app hasn't been granted all required scopes to make this call. Read \
             more about required scopes here: https://developers.hubspot.com/scopes.\",\"correlationId\":\"…\",\"errors\":\
             [{{\"message\":\"One or more of the following scopes are required.\",\"context\":{{\"requiredGranularScopes\":\
             [\"{scope}\"]}}}}],\"links\":{{\"scopes\":\"https://developers.hubspot.com/scopes\"}},\"category\":\"MISSING_SCOPES\"}}"
        );
        assert_eq!(answer.error_text(), expected, "{path}");
    }

    client.sandbox().add_token("narrow", ["crm.objects.contacts.write"]);
    let path = "/crm/v4/objects/contacts/1/associations/default/tickets/2";
    let refused = client.call_as("narrow", Method::PUT, path).await;
    assert_eq!(refused.status, 403, "one scope of two is not enough");
    assert_eq!(
        refused.json()["errors"][0]["context"]["requiredGranularScopes"],
        json!(["crm.objects.contacts.write", "tickets"])
    );

    client.sandbox().add_token("narrow", ["crm.objects.contacts.read"]);
    let request = client
        .request(Method::GET, "/crm/v3/objects/contacts")
        .bearer_auth("narrow");
    assert_eq!(request.send().await.unwrap().status(), 200);
    let request = client
        .request(Method::GET, "/account-info/v3/details")
        .bearer_auth("narrow");
    assert_eq!(
        request.send().await.unwrap().status(),
        200,
        "account details need no scope"
    );
}

#[tokio::test]
async fn the_ten_second_limit_rolls() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_790_000_000_000));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        limits: Limits {
            ten_seconds: Some(2),
            ..Limits::default()
        },
        ..SandboxOptions::default()
    })
    .await;
    let path = "/crm/v3/objects/contacts";

    let first = client.get(path).await;
    assert_eq!(first.header("x-hubspot-ratelimit-interval-milliseconds"), Some("10000"));
    assert_eq!(first.header("x-hubspot-ratelimit-max"), Some("2"));
    assert_eq!(first.header("x-hubspot-ratelimit-remaining"), Some("1"));
    assert_eq!(first.header("x-hubspot-ratelimit-daily"), Some("625000"));
    assert_eq!(first.header("x-hubspot-ratelimit-daily-remaining"), Some("624999"));
    clock.advance(Duration::from_secs(6));
    let second = client.get("/crm/v3/objects/contacts/1").await;
    assert_eq!(
        (second.status, second.header("x-hubspot-ratelimit-remaining")),
        (404, Some("0"))
    );

    let refused = client.get(path).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-hubspot-ratelimit-remaining"), Some("0"));
    assert_eq!(refused.header("x-hubspot-ratelimit-daily-remaining"), Some("624998"));
    assert_eq!(refused.header("retry-after"), None);
    let body = refused.error_text();
    let start = "{\"status\":\"error\",\"message\":\"You have reached your ten_secondly_rolling limit.\",\"errorType\":\
                 \"RATE_LIMIT\",\"correlationId\":\"…\",\"policyName\":\"TEN_SECONDLY_ROLLING\",\"groupName\":\"publicapi:";
    assert!(body.starts_with(start), "{body}");

    client.sandbox().add_token("another", ["*"]);
    let other = client
        .request(Method::GET, path)
        .bearer_auth("another")
        .send()
        .await
        .unwrap();
    assert_eq!(other.status(), 200, "each token has its own window");

    clock.advance(Duration::from_millis(3_999));
    assert_eq!(
        client.get(path).await.status,
        429,
        "the first call is not ten seconds old yet"
    );
    clock.advance(Duration::from_millis(1));
    assert_eq!(client.get(path).await.status, 200, "the first call is ten seconds old");
    assert_eq!(client.get(path).await.status, 429, "the second one is not");

    client.sandbox().set_limit(5);
    assert_eq!(client.get(path).await.status, 200);
}

#[tokio::test]
async fn the_daily_limit_lasts_until_midnight_and_retry_after_is_sent_on_request() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_790_000_000_000));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        limits: Limits {
            daily: Some(1),
            retry_after: Some(7),
            ..Limits::default()
        },
        ..SandboxOptions::default()
    })
    .await;
    assert_eq!(client.get("/account-info/v3/details").await.status, 200);
    let refused = client.get("/account-info/v3/details").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("7")));
    assert_eq!(refused.json()["message"], "You have reached your daily limit.");
    assert_eq!(refused.json()["policyName"], "DAILY");
    clock.advance(Duration::from_hours(24));
    assert_eq!(client.get("/account-info/v3/details").await.status, 200);
}

#[tokio::test]
async fn without_limits_no_header_speaks_of_them() {
    let client = Client::start_with(SandboxOptions {
        limits: Limits::off(),
        ..SandboxOptions::default()
    })
    .await;
    let answer = client.get("/account-info/v3/details").await;
    assert!(!answer.headers.keys().any(|name| name.as_str().contains("ratelimit")));
}

#[tokio::test]
async fn unknown_routes_are_answered_with_a_page() {
    let client = Client::start().await;
    for path in [
        "/crm/v3/objects/contacts/1/2/3",
        "/nowhere",
        "/crm/objects/2025-01/contacts",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 404);
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
        assert!(answer.text.contains("<html>"));
        assert!(answer.header("x-hubspot-correlation-id").is_some());
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_answered_405_in_json() {
    let client = Client::start().await;
    for (path, allowed) in [
        ("/crm/v3/objects/contacts", "GET,HEAD,POST"),
        ("/crm/objects/2026-03/contacts/search", "POST"),
        ("/oauth/v1/token", "POST"),
        ("/webhooks/v3/1000001/settings", "GET,HEAD,PUT,DELETE"),
    ] {
        let method = if path.ends_with("settings") {
            Method::POST
        } else {
            Method::PUT
        };
        let answer = client.call(method, path, Some(&json!({}))).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{path}");
        assert_eq!(
            answer.error_text(),
            "{\"status\":\"error\",\"message\":\"HTTP 405 Method Not Allowed\",\"correlationId\":\"…\"}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_answered_400_in_json() {
    let client = Client::start().await;
    for path in [
        "/crm/v3/objects/contacts",
        "/crm/v3/objects/contacts/batch/read",
        "/crm/v3/properties/contacts",
    ] {
        let request = client
            .request(Method::POST, path)
            .bearer_auth("pat-sandbox")
            .header("content-type", "application/json; charset=utf-8")
            .body("properties=none");
        let answer = read(request.send().await.unwrap()).await.unwrap();
        assert_eq!(answer.status, 400, "{path}");
        answer.error_text();
        assert_eq!(answer.json()["category"], "VALIDATION_ERROR");
        assert!(
            answer.json()["message"]
                .as_str()
                .unwrap()
                .starts_with("Invalid input JSON on line 1, column ")
        );
    }
}

#[tokio::test]
async fn account_details_name_the_portal() {
    let client = Client::start().await;
    for version in ["v3", "2026-03", "2026-09"] {
        let answer = client.get(&format!("/account-info/{version}/details")).await;
        let expected = json!({
            "portalId": 891_936_587, "accountType": "STANDARD", "timeZone": "UTC", "companyCurrency": "USD",
            "additionalCurrencies": [], "utcOffset": "+00:00", "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1",
        });
        assert_eq!((answer.status, answer.json()), (200, expected));
    }
}

#[tokio::test]
async fn while_it_is_down_every_call_is_answered_503() {
    let client = Client::start().await;
    client.sandbox().set_down(true);
    assert_eq!(client.get("/crm/v3/objects/contacts").await.status, 503);
    assert_eq!(client.get("/").await.status, 200, "the pages go on");
    client.sandbox().set_down(false);
    assert_eq!(client.get("/crm/v3/objects/contacts").await.status, 200);
}

#[tokio::test]
async fn it_refuses_to_listen_where_other_machines_reach_it() {
    let sandbox = parlor_sandbox::Sandbox::new(SandboxOptions::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = sandbox.serve(listener, std::future::pending()).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1"), "{error}");

    let public = parlor_sandbox::Sandbox::new(SandboxOptions {
        allow_public: true,
        ..SandboxOptions::default()
    })
    .unwrap();
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    public.serve(listener, std::future::ready(())).await.unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_say_that_it_is_json_is_refused() {
    let client = Client::start().await;
    let asked = async |method: Method, path: &str, content_type: Option<&str>, body: &'static str| {
        let mut request = client.request(method, path).bearer_auth("pat-sandbox").body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        read(request.send().await.unwrap()).await.unwrap()
    };
    let ada = r#"{"properties": {"email": "ada@example.com"}}"#;
    let contacts = "/crm/v3/objects/contacts";
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        for (method, path) in [
            (Method::POST, contacts),
            (Method::PATCH, "/crm/objects/2026-03/contacts/1"),
            (Method::PUT, "/webhooks/v3/1000001/settings"),
        ] {
            let refused = asked(method, path, content_type, ada).await;
            assert_eq!(refused.status, 415, "{path} {content_type:?}");
            refused.error_text();
        }
    }
    assert!(client.sandbox().contacts().is_empty());
    assert_eq!(
        asked(Method::POST, contacts, Some("Application/JSON;charset=UTF-8"), ada)
            .await
            .status,
        201
    );
    assert_eq!(
        asked(Method::POST, "/_control/down", None, r#"{"down": false}"#)
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_in_words_of_no_language() {
    let client = Client::start().await;
    for (path, body) in [
        ("/crm/v3/objects/contacts", json!([])),
        ("/crm/v3/objects/contacts", json!({"properties": {"email": ["a"]}})),
        ("/crm/v3/objects/contacts", json!({"properties": "email"})),
        ("/crm/v3/objects/contacts/batch/read", json!({"inputs": {}})),
        ("/crm/v3/objects/contacts/gdpr-delete", json!({"objectId": {}})),
        ("/crm/v3/objects/contacts/search", json!({"limit": "many"})),
    ] {
        let refused = client.post(path, body.clone()).await;
        assert_eq!(refused.status, 400, "{path} {body}: {}", refused.text);
        for word in ["struct", "enum", "u32", "usize", "variant", "expected a", "expected s"] {
            assert!(!refused.text.contains(word), "{path} {body}: {}", refused.text);
        }
    }
}

#[tokio::test]
async fn only_an_address_is_deleted_by_its_address() {
    let client = Client::start().await;
    let body = json!({"objectId": "37765128001", "idProperty": "email"});
    let refused = client.post("/crm/v3/objects/contacts/gdpr-delete", body).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
}
