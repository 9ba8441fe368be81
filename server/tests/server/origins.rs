//! Who may open sockets, post forms and call functions: Parlor's own pages, and nobody else's.

use parlor_protocol::TenantId;
use serde_json::json;

use crate::house::{House, PASSWORD, REP};
use crate::site::{Answer, Visitor, encoded, message_id};
use crate::socket::Socket;

async fn refused(house: &House, path: &str, origins: &[Option<&str>], cookie: &str) -> u16 {
    match Socket::open(house, path, origins, Some(cookie)).await {
        Ok(_) => 101,
        Err(refused) => refused.0,
    }
}

#[tokio::test]
async fn a1_a2_a3_a_socket_opened_by_any_other_page_or_by_none_is_refused_before_the_upgrade() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let rep = house.rep_cookie().await;
    let widget_socket = format!("/ws/visitor?widget={}", house.key);
    let own = house.origin.clone();
    for (path, cookie) in [
        (widget_socket.as_str(), visitor.cookie.as_str()),
        ("/ws/inbox", rep.as_str()),
    ] {
        let with_slash = format!("{own}/");
        for origins in [
            vec![Some("https://evil.example")],
            vec![Some("null")],
            vec![None],
            vec![Some("")],
            vec![Some(with_slash.as_str())],
            vec![Some("http://127.0.0.1")],
            vec![Some(own.as_str()), Some("https://evil.example")],
        ] {
            assert_eq!(refused(&house, path, &origins, cookie).await, 403, "{path} {origins:?}");
        }
        assert_eq!(refused(&house, path, &[Some(&own)], cookie).await, 101, "{path}");
    }
    house.stop().await;
}

#[tokio::test]
async fn a5_a_sibling_subdomain_opens_no_inbox_socket_with_the_reps_cookie() {
    let house = House::start_with(&[("PARLOR_PUBLIC_URL", "https://chat.example.com")]).await;
    let rep = house.rep_cookie().await;
    for sibling in [
        "https://www.example.com",
        "https://evil.chat.example.com",
        "http://chat.example.com",
        "https://chat.example.com:8443",
        "https://chat.example.com.evil.example",
    ] {
        assert_eq!(
            refused(&house, "/ws/inbox", &[Some(sibling)], &rep).await,
            403,
            "{sibling}"
        );
    }
    let own = refused(&house, "/ws/inbox", &[Some("https://chat.example.com")], &rep).await;
    assert_eq!(own, 101);
    house.stop().await;
}

#[tokio::test]
async fn a_socket_of_the_inbox_needs_a_rep_and_a_visitors_cookie_makes_none() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let stolen = visitor.cookie.split('=').nth(1).unwrap();
    for cookie in ["x=y".to_owned(), visitor.cookie.clone(), format!("parlor-rep={stolen}")] {
        // A script cannot read why an upgrade was refused: it is told after hello.
        let mut socket = house.socket("/ws/inbox", Some(&cookie)).await.unwrap();
        socket.send(json!({"type": "hello", "versions": [1]})).await;
        assert_eq!(socket.error().await["code"], "unauthenticated", "{cookie}");
        assert_eq!(socket.closed().await, 1008, "{cookie}");
    }
    house.stop().await;
}

/// Everything that changes something, as somebody whose cookies are sent along would do it.
struct Change {
    path: String,
    cookie: String,
    fields: Vec<(&'static str, String)>,
    json: serde_json::Value,
}

fn changes(house: &House, visitor: &Visitor, rep: &str, stamp: &str) -> Vec<Change> {
    let key = &house.key;
    let conversation = &visitor.conversation;
    let registration = vec![
        ("first_name", "Eve".to_owned()),
        ("last_name", "Forged".to_owned()),
        ("email", "eve@evil.example".to_owned()),
        ("form", stamp.to_owned()),
    ];
    let message = || vec![("id", message_id()), ("text", "forged".to_owned())];
    let password = vec![
        ("current", PASSWORD.to_owned()),
        ("new", "another good password".to_owned()),
        ("again", "another good password".to_owned()),
    ];
    let sign_in = vec![("email", REP.to_owned()), ("password", PASSWORD.to_owned())];
    let change = |path: String, cookie: &str, fields, json| Change {
        path,
        cookie: cookie.to_owned(),
        fields,
        json,
    };
    let register = json!({"input": {"first_name": "Eve", "last_name": "F", "email": "e@evil.example"}, "page": {}});
    let close = json!({"conversation": conversation, "state": "closed"});
    let visitor_cookie = visitor.cookie.as_str();
    vec![
        change(format!("/widget/{key}/register"), "", registration, json!(null)),
        change(
            format!("/widget/{key}/messages"),
            visitor_cookie,
            message(),
            json!(null),
        ),
        change(format!("/widget/{key}/api/visitor/register"), "", vec![], register),
        change(
            format!("/widget/{key}/api/visitor/token"),
            "",
            vec![],
            json!({"code": "x"}),
        ),
        change("/inbox/sign-in".to_owned(), "", sign_in, json!(null)),
        change("/inbox/password".to_owned(), rep, password, json!(null)),
        change(format!("/inbox/{conversation}/messages"), rep, message(), json!(null)),
        change("/api/inbox/set-state".to_owned(), rep, vec![], close),
        change(
            "/api/inbox/release".to_owned(),
            rep,
            vec![],
            json!({"conversation": conversation}),
        ),
        change("/inbox/sign-out".to_owned(), rep, vec![], json!(null)),
    ]
}

/// What the forged requests were after, as it stands.
async fn state(house: &House, visitor: &Visitor, rep: &str) -> String {
    let lines = house.conversations(&TenantId::default_tenant()).await;
    let messages = house.messages(&TenantId::default_tenant(), &visitor.conversation).await;
    let inbox = house.ask("GET", "/inbox").cookie(rep).answer().await;
    format!("{lines:?} {messages:?} {}", inbox.status)
}

#[tokio::test]
async fn a10_a13_no_other_site_posts_a_form_or_calls_a_function() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let rep = house.rep_cookie().await;
    let stamp = house.stamp(&house.key).await;
    let before = state(&house, &visitor, &rep).await;
    for change in changes(&house, &visitor, &rep, &stamp) {
        let fields: Vec<(&str, &str)> = change
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let multipart: String = fields
            .iter()
            .map(|(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
            .collect::<String>()
            + "--b--\r\n";
        let json = change.json.to_string();
        let bodies = [
            ("application/x-www-form-urlencoded", encoded(&fields)),
            ("multipart/form-data; boundary=b", multipart),
            (
                "text/plain",
                if fields.is_empty() {
                    json.clone()
                } else {
                    encoded(&fields)
                },
            ),
            ("application/json", json),
        ];
        for (kind, body) in bodies {
            for (name, value) in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "https://evil.example"),
                ("origin", "https://www.example.com"),
                ("origin", "null"),
            ] {
                let ask = house
                    .ask("POST", &change.path)
                    .cookie(&change.cookie)
                    .header(name, value);
                let answer: Answer = ask.body(kind, &body).answer().await;
                assert_eq!(
                    answer.status, 403,
                    "{} {kind} {name}: {value}: {}",
                    change.path, answer.text
                );
                assert!(answer.set_cookies().is_empty(), "{} sets no cookie", change.path);
                assert_eq!(answer.header("access-control-allow-origin"), "");
            }
        }
    }
    assert_eq!(state(&house, &visitor, &rep).await, before);
    house.stop().await;
}

#[tokio::test]
async fn a_plain_form_within_the_iframe_passes_because_it_is_parlors_own() {
    let house = House::start().await;
    let stamp = house.stamp(&house.key).await;
    let answer = house
        .ask("POST", &format!("/widget/{}/register", house.key))
        .header("sec-fetch-site", "same-origin")
        .header("origin", &house.origin)
        .form(&[
            ("first_name", "Ada"),
            ("last_name", "L"),
            ("email", "ada@example.com"),
            ("form", &stamp),
        ])
        .answer()
        .await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    house.stop().await;
}

#[tokio::test]
async fn a11_a_link_to_a_form_or_a_function_changes_nothing() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let rep = house.rep_cookie().await;
    let stamp = house.stamp(&house.key).await;
    let before = state(&house, &visitor, &rep).await;
    for change in changes(&house, &visitor, &rep, &stamp) {
        // These two addresses show a form to whoever comes by a link; that is no change.
        let shows_a_form = ["/inbox/sign-in", "/inbox/password"].contains(&change.path.as_str());
        // Beside a conversation's address lies a message's; no such conversation is called "sign-out".
        let expected = match change.path.as_str() {
            _ if shows_a_form => 200,
            _ => 405,
        };
        let fields: Vec<(&str, &str)> = change
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let address = format!("{}?{}", change.path, encoded(&fields));
        let ask = house
            .ask("GET", &address)
            .cookie(&change.cookie)
            .header("sec-fetch-site", "cross-site");
        let answer = ask.answer().await;
        assert_eq!(answer.status, expected, "{address}: {}", answer.text);
    }
    assert_eq!(state(&house, &visitor, &rep).await, before);
    house.stop().await;
}

#[tokio::test]
async fn a14_no_other_origin_is_let_in_by_a_preflight() {
    let house = House::start().await;
    for path in [
        "/api/inbox/set-state".to_owned(),
        format!("/widget/{}/api/visitor/register", house.key),
    ] {
        let answer = house
            .ask("OPTIONS", &path)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .answer()
            .await;
        assert_eq!(answer.status, 405, "{path}");
        assert!(
            !answer
                .headers
                .keys()
                .any(|name| name.as_str().starts_with("access-control-"))
        );
    }
    house.stop().await;
}
