//! What is made of HubSpot's answers, and of answers that are not HubSpot's.

use std::{collections::BTreeMap, time::Duration};

use parlor_hubspot::{Class, ContactId, CreateOutcome, Error, PropertyOutcome, RateLimit, RateLimitPolicy, Retry};

use crate::raw_server::{JSON, RawServer, answer};

/// The error of a write answered like this.
async fn refused(status: &str, headers: &str, body: &str) -> Error {
    let server = RawServer::answering(status, headers, body).await;
    server
        .client()
        .contacts()
        .update(&seven(), &BTreeMap::new())
        .await
        .unwrap_err()
}

fn seven() -> ContactId {
    "7".parse().unwrap()
}

#[tokio::test]
async fn a_contact_that_is_not_there_is_none_and_a_page_that_is_not_there_is_an_error() {
    let body = r#"{"status":"error","message":"resource not found","correlationId":"c-1"}"#;
    let server = RawServer::answering("404 Not Found", JSON, body).await;
    assert_eq!(server.client().contacts().get(&seven(), &[]).await.unwrap(), None);
    let server = RawServer::answering("404 Not Found", JSON, body).await;
    assert_eq!(
        server
            .client()
            .contacts()
            .update(&seven(), &BTreeMap::new())
            .await
            .unwrap(),
        None
    );
    let server = RawServer::answering("404 Not Found", JSON, body).await;
    assert_eq!(server.client().properties().get("contacts", "x").await.unwrap(), None);

    let html = "<html><title>404</title>ada@example.com</html>";
    let server = RawServer::answering("404 Not Found", "Content-Type: text/html; charset=utf-8\r\n", html).await;
    let error = server.client().contacts().get(&seven(), &[]).await.unwrap_err();
    assert_eq!((error.class(), error.retry()), (&Class::UnexpectedAnswer, Retry::Later));
    assert_eq!(
        error.message(),
        Some("The answer is not HubSpot's JSON (status 404, text/html): […]")
    );
}

#[tokio::test]
async fn a_conflict_names_the_contact_that_is_there() {
    let body =
        r#"{"status":"error","message":"Contact already exists. Existing ID: 37765128953","category":"CONFLICT"}"#;
    let server = RawServer::answering("409 Conflict", JSON, body).await;
    let outcome = server.client().contacts().create(&BTreeMap::new()).await.unwrap();
    assert_eq!(
        outcome,
        CreateOutcome::Conflict {
            existing_id: Some("37765128953".parse().unwrap())
        }
    );
}

#[tokio::test]
async fn a_property_that_is_there_already_is_no_error() {
    let property = parlor_hubspot::NewProperty {
        group_name: String::new(),
        name: "x".to_owned(),
        label: String::new(),
        kind: "string".to_owned(),
        field_type: "textarea".to_owned(),
        description: String::new(),
    };
    let body =
        r#"{"status":"error","message":"A property named 'x' already exists.","category":"OBJECT_ALREADY_EXISTS"}"#;
    let server = RawServer::answering("409 Conflict", JSON, body).await;
    let outcome = server
        .client()
        .properties()
        .create("contacts", &property)
        .await
        .unwrap();
    assert_eq!(outcome, PropertyOutcome::AlreadyExists);
}

#[tokio::test]
async fn a_refused_request_is_invalid_for_ever_and_keeps_hubspots_words_apart() {
    let body = r#"{"status":"error","message":"Email address ada@example is invalid","correlationId":"c-1","category":"VALIDATION_ERROR"}"#;
    let error = refused("400 Bad Request", JSON, body).await;
    assert_eq!(
        (error.class(), error.retry(), error.outcome_unclear()),
        (&Class::Invalid, Retry::No, false)
    );
    assert_eq!(
        (error.status(), error.category()),
        (Some(400), Some("VALIDATION_ERROR"))
    );
    assert_eq!(error.message(), Some("Email address ada@example is invalid"));
    assert_eq!(
        error.to_string(),
        "HubSpot was asked to change a contact: it refuses the request (status 400, VALIDATION_ERROR, correlation id c-1)"
    );
    assert!(!format!("{error:?}").contains("ada"));
}

#[tokio::test]
async fn a_missing_scope_is_named_under_its_newer_and_its_older_name() {
    for key in ["requiredGranularScopes", "requiredScopes"] {
        let body = format!(
            r#"{{"message":"…","category":"MISSING_SCOPES","errors":[{{"message":"…","context":{{"{key}":["crm.schemas.contacts.write"]}}}}]}}"#
        );
        let error = refused("403 Forbidden", JSON, &body).await;
        let scopes = vec!["crm.schemas.contacts.write".to_owned()];
        assert_eq!(
            (error.class(), error.retry()),
            (&Class::Permission { scopes }, Retry::Later)
        );
        assert!(
            error.to_string().contains("lacks a scope: crm.schemas.contacts.write"),
            "{error}"
        );
    }
    let error = refused("403 Forbidden", "Content-Type: text/html\r\n", "<h1>blocked</h1>").await;
    assert_eq!(
        error.class(),
        &Class::UnexpectedAnswer,
        "a gateway's 403 says nothing of scopes"
    );
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_told_apart() {
    let error = refused(
        "401 Unauthorized",
        JSON,
        r#"{"category":"EXPIRED_AUTHENTICATION","message":"expired"}"#,
    )
    .await;
    assert_eq!(
        (error.class(), error.retry(), error.outcome_unclear()),
        (&Class::Token, Retry::Later, false)
    );
}

#[tokio::test]
async fn a_429_waits_for_the_window_of_its_policy() {
    let interval = "X-HubSpot-RateLimit-Interval-Milliseconds: 7000\r\n";
    let endless = "X-HubSpot-RateLimit-Interval-Milliseconds: 999999999\r\n";
    let named = |name: &str| format!(r#"{{"message":"…","errorType":"RATE_LIMIT","policyName":"{name}"}}"#);
    let said = |message: &str| format!(r#"{{"message":"{message}","category":"RATE_LIMITS"}}"#);
    let seconds = |seconds| Retry::After(Duration::from_secs(seconds));
    let cases = [
        (
            named("TEN_SECONDLY_ROLLING"),
            interval,
            RateLimitPolicy::TenSecondly,
            seconds(7),
        ),
        (
            named("TEN_SECONDLY_ROLLING"),
            endless,
            RateLimitPolicy::TenSecondly,
            seconds(10),
        ),
        (
            named("TEN_SECONDLY_ROLLING"),
            "",
            RateLimitPolicy::TenSecondly,
            seconds(10),
        ),
        (
            named("TEN_SECONDLY_ROLLING"),
            "Retry-After: 3\r\n",
            RateLimitPolicy::TenSecondly,
            seconds(3),
        ),
        (named("DAILY"), interval, RateLimitPolicy::Daily, Retry::Later),
        (
            named("DAILY"),
            "Retry-After: 60\r\n",
            RateLimitPolicy::Daily,
            seconds(60),
        ),
        (
            said("You have reached your secondly limit."),
            "",
            RateLimitPolicy::Secondly,
            seconds(1),
        ),
        (
            said("You have reached your ten_secondly_rolling limit."),
            "",
            RateLimitPolicy::TenSecondly,
            seconds(10),
        ),
        (
            "<html>slow down</html>".to_owned(),
            "",
            RateLimitPolicy::Other,
            seconds(10),
        ),
    ];
    for (body, headers, policy, retry) in cases {
        let error = refused("429 Too Many Requests", &format!("{JSON}{headers}"), &body).await;
        assert_eq!(
            (error.class(), error.retry()),
            (&Class::RateLimited { policy }, retry),
            "{body} {headers}"
        );
        assert!(!error.outcome_unclear());
    }
}

#[tokio::test]
async fn unavailable_is_worth_a_retry_and_unclear_for_a_write_where_it_may_have_been_applied() {
    let html = "Content-Type: text/html\r\n";
    let cases = [
        ("500 Internal Server Error", 5, true),
        ("502 Bad Gateway", 5, true),
        ("504 Gateway Timeout", 5, true),
        ("521 Web Server Is Down", 5, true),
        ("423 Locked", 2, false),
        ("477 Migration In Progress", 5, false),
    ];
    for (status, wait, unclear) in cases {
        let error = refused(status, html, "<html>Bad gateway</html>").await;
        let retry = Retry::After(Duration::from_secs(wait));
        assert_eq!(
            (error.class(), error.retry(), error.outcome_unclear()),
            (&Class::Unavailable, retry, unclear),
            "{status}"
        );
    }
    let error = refused("477 Migration In Progress", "Retry-After: 90\r\n", "").await;
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(90)));

    let server = RawServer::answering("502 Bad Gateway", html, "").await;
    let error = server.client().contacts().get(&seven(), &[]).await.unwrap_err();
    assert!(!error.outcome_unclear(), "a read applies nothing");
}

#[tokio::test]
async fn a_redirect_is_an_error_that_names_the_host_and_is_not_followed() {
    let elsewhere = RawServer::start(vec![]).await;
    let location = format!("Location: {}contacts/ada@example.com\r\n", elsewhere.base_url);
    let error = refused("302 Found", &location, "").await;
    let to = elsewhere.base_url.as_str().trim_end_matches('/').to_owned();
    assert_eq!(error.class(), &Class::Redirect { to: Some(to.clone()) });
    assert!(
        error.to_string().contains(&to) && !error.to_string().contains("ada"),
        "{error}"
    );
    assert_eq!((error.status(), error.retry()), (Some(302), Retry::Later));
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_leaves_a_write_unclear() {
    let bodies = [
        "",
        "<html>ok</html>",
        "{\"id\":",
        "[]",
        r#"{"properties":{}}"#,
        r#"{"id":"../7"}"#,
        r#"{"id":7}"#,
    ];
    for body in bodies {
        let error = refused("200 OK", JSON, body).await;
        assert_eq!(
            (error.class(), error.outcome_unclear()),
            (&Class::UnexpectedAnswer, true),
            "{body:?}"
        );
        assert_eq!(error.status(), Some(200));
        assert!(
            !error.message().unwrap().contains("<html>"),
            "nothing of a success is kept"
        );
    }
    let error = refused("204 No Content", "X-HubSpot-Correlation-Id: c-9\r\n", "").await;
    assert_eq!((error.outcome_unclear(), error.correlation_id()), (true, Some("c-9")));
}

#[tokio::test]
async fn odd_error_bodies_and_headers_are_tolerated() {
    for body in [
        r#"{"message":5,"category":["x"],"errors":"y","correlationId":"c-1"}"#,
        r#"{"category":"a b\nc"}"#,
    ] {
        let headers =
            format!("{JSON}X-HubSpot-RateLimit-Max: many\r\nRetry-After: soon\r\nX-HubSpot-Correlation-Id: \u{1}\r\n");
        let headers = headers.replace('\u{1}', "a b c");
        let error = refused("400 Bad Request", &headers, body).await;
        assert_eq!(
            (error.class(), error.category(), error.rate_limit()),
            (&Class::Invalid, None, None),
            "{body}"
        );
        assert!(
            !error.to_string().contains('\n') && !error.to_string().contains("a b c"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_latest_rate_limit_is_kept_from_successes_and_errors() {
    let limits = |remaining: u32| {
        format!(
            "{JSON}X-HubSpot-RateLimit-Max: 190\r\nX-HubSpot-RateLimit-Remaining: {remaining}\r\nX-HubSpot-RateLimit-Daily: 250000\r\n"
        )
    };
    let server = RawServer::start(vec![
        answer("200 OK", &limits(5), r#"{"id":"7"}"#),
        answer("404 Not Found", &limits(4), r#"{"message":"resource not found"}"#),
        answer("502 Bad Gateway", "", ""),
    ])
    .await;
    let client = server.client();
    assert_eq!(client.last_rate_limit(), None);
    for remaining in [5, 4, 4] {
        let _ = client.contacts().get(&seven(), &[]).await;
        let limit = client.last_rate_limit().unwrap();
        let expected = RateLimit {
            max: Some(190),
            remaining: Some(remaining),
            daily: Some(250_000),
            ..RateLimit::default()
        };
        assert_eq!(limit, expected);
    }
}

#[tokio::test]
async fn the_account_leads_to_a_contacts_page() {
    let body = r#"{"portalId":123456,"timeZone":"US/Eastern","uiDomain":"app-eu1.hubspot.com","utcOffsetMilliseconds":-18000000}"#;
    let server = RawServer::answering("200 OK", JSON, body).await;
    let mut details = server.client().account().details().await.unwrap();
    assert_eq!(
        (details.portal_id, details.time_zone.as_deref()),
        (123_456, Some("US/Eastern"))
    );
    let url = details.contact_url(&seven()).unwrap();
    assert_eq!(url.as_str(), "https://app-eu1.hubspot.com/contacts/123456/record/0-1/7");
    for odd in ["", "evil.example/x", "a@b", "a?b"] {
        details.ui_domain = Some(odd.to_owned());
        assert_eq!(details.contact_url(&seven()), None, "{odd:?}");
    }
}
