//! Who may frame what, said by every answer; and what is never there at all.

use parlor_protocol::TenantId;

use crate::house::{House, PAGE};
use crate::site::{Answer, message_id};

fn ancestors(answer: &Answer) -> &str {
    let policy = answer.header("content-security-policy");
    let directive = policy.split("frame-ancestors ").nth(1);
    directive.unwrap_or_else(|| panic!("a policy, not {policy:?} with {}", answer.status))
}

#[tokio::test]
async fn a6_a_widgets_page_and_its_errors_may_be_framed_by_that_widgets_sites_alone() {
    let house = House::start().await;
    let key = house
        .add_widget(
            &TenantId::default_tenant(),
            "Two sites",
            &["https://a.example", "https://b.example:8443"],
        )
        .await;
    let page = house.get(&format!("/widget/{key}")).await;
    assert_eq!(
        (page.status, ancestors(&page)),
        (200, "https://a.example https://b.example:8443")
    );
    assert_eq!(page.header("x-frame-options"), "");
    let refused = house.post_registration(&key, "", "nonsense").await;
    assert_eq!(
        (refused.status, ancestors(&refused)),
        (422, "https://a.example https://b.example:8443")
    );
    let registered = house.post_registration(&key, "Ada", "ada@example.com").await;
    assert_eq!(
        (registered.status, ancestors(&registered)),
        (303, "https://a.example https://b.example:8443")
    );
    let other = house.get(&format!("/widget/{}", house.key)).await;
    assert_eq!(ancestors(&other), PAGE);
    house.stop().await;
}

#[tokio::test]
async fn a8_a_widget_without_sites_is_framed_by_nobody_and_says_so() {
    let house = House::start().await;
    let key = house.add_widget(&TenantId::default_tenant(), "Nowhere", &[]).await;
    let page = house.get(&format!("/widget/{key}")).await;
    assert_eq!((page.status, ancestors(&page)), (200, "'none'"));
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert!(page.text.contains("No site may embed this chat yet."));
    house.stop().await;
}

#[tokio::test]
async fn a9_every_answer_but_the_widgets_own_forbids_frames() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let rep = house.rep_cookie().await;
    let conversation = &visitor.conversation;
    let nothing = message_id();
    let asked = [
        ("GET", "/".to_owned(), 303),
        ("GET", "/healthz".to_owned(), 200),
        ("GET", "/readyz".to_owned(), 200),
        ("POST", "/healthz".to_owned(), 405),
        ("GET", "/nothing".to_owned(), 404),
        ("GET", "/pkg/nothing.js".to_owned(), 404),
        ("GET", "/widget/unknownkey".to_owned(), 404),
        ("GET", "/widget/BAD KEY".replace(' ', "%20"), 404),
        ("GET", "/w/unknownkey/embed.js".to_owned(), 404),
        ("GET", "/ws/inbox".to_owned(), 426),
        ("GET", "/ws/elsewhere".to_owned(), 426),
        ("GET", "/ws/visitor".to_owned(), 404),
        ("GET", "/inbox".to_owned(), 303),
        ("GET", "/inbox".to_owned(), 200),
        ("DELETE", "/inbox".to_owned(), 405),
        ("GET", format!("/inbox/{conversation}"), 303),
        ("GET", format!("/inbox/{conversation}"), 200),
        ("GET", format!("/inbox/{nothing}"), 404),
        ("GET", "/inbox/not-an-id".to_owned(), 404),
        ("GET", "/inbox/sign-in".to_owned(), 200),
        ("GET", "/inbox/sign-in".to_owned(), 303),
        ("GET", "/inbox/password".to_owned(), 303),
        ("GET", "/inbox/password".to_owned(), 200),
        ("GET", "/inbox/sign-out".to_owned(), 405),
        ("GET", "/api/inbox/set-state".to_owned(), 405),
        ("POST", "/inbox/sign-in".to_owned(), 415),
        ("POST", "/inbox/password".to_owned(), 415),
        ("POST", "/inbox/password".to_owned(), 303),
        ("POST", "/api/inbox/set-state".to_owned(), 401),
        ("POST", "/api/inbox/set-state".to_owned(), 422),
        ("POST", "/api/inbox/no-such-function".to_owned(), 404),
        ("POST", format!("/inbox/{conversation}/messages"), 415),
    ];
    for (method, path, expected) in asked {
        let mut statuses = Vec::new();
        for cookie in ["", rep.as_str()] {
            let answer = house.ask(method, &path).cookie(cookie).answer().await;
            statuses.push(answer.status);
            assert_eq!(ancestors(&answer), "'none'", "{method} {path} {}", answer.status);
            assert_eq!(answer.header("x-frame-options"), "DENY", "{method} {path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{method} {path}");
        }
        assert!(
            statuses.contains(&expected),
            "{method} {path}: {expected} is not among {statuses:?}"
        );
    }
    let refused = house
        .ask("POST", "/inbox/sign-in")
        .header("sec-fetch-site", "cross-site");
    let refused = refused.answer().await;
    assert_eq!((refused.status, ancestors(&refused)), (403, "'none'"));
    let large = house
        .ask("POST", "/inbox/sign-in")
        .form(&[("email", &"a".repeat(100_000))]);
    let large = large.answer().await;
    assert_eq!((large.status, ancestors(&large)), (413, "'none'"));
    house.stop().await;
}

#[tokio::test]
async fn a18_pages_are_kept_by_no_cache_and_each_has_its_own_nonce() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let rep = house.rep_cookie().await;
    for (path, cookie) in [
        (format!("/widget/{}", house.key), visitor.cookie.as_str()),
        ("/inbox".to_owned(), rep.as_str()),
        ("/inbox/sign-in".to_owned(), ""),
        ("/nothing".to_owned(), ""),
    ] {
        let first = house.ask("GET", &path).cookie(cookie).answer().await;
        let second = house.ask("GET", &path).cookie(cookie).answer().await;
        assert_eq!(first.header("cache-control"), "no-store", "{path}");
        let nonce = |answer: &Answer| {
            let policy = answer.header("content-security-policy");
            policy
                .split("'nonce-")
                .nth(1)
                .unwrap()
                .split('\'')
                .next()
                .unwrap()
                .to_owned()
        };
        assert!(nonce(&first).len() >= 16);
        assert_ne!(nonce(&first), nonce(&second), "{path}");
    }
    house.stop().await;
}

#[tokio::test]
async fn a69_nothing_of_the_workshop_is_on_the_public_listener() {
    let house = House::start().await;
    for path in [
        "/metrics",
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/parlor.toml",
        "/parlor.db",
        "/swagger",
        "/swagger-ui/",
        "/openapi.json",
        "/debug",
        "/debug/pprof",
        "/embed.js",
        "/hubspot.js",
        "/parlor.js.map",
        "/pkg/parlor.js.map",
        "/pkg/parlor_bg.wasm.map",
        "/pkg/../parlor.toml",
        "/pkg/..%2f..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/pkg//etc/passwd",
        "/..%5cCargo.toml",
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    house.stop().await;
}
