//! Errors: whoever refuses a request, and however broken it is, the answer is a problem document or one of our pages, and what
//! was typed comes back where it could be read.

use serde_json::json;

use crate::house::{House, PAGE};
use crate::raw::until_closed;
use crate::site::{Answer, Ask, message_id};

const FORM: &str = "application/x-www-form-urlencoded";

fn is_page(answer: &Answer) -> bool {
    answer.header("content-type").starts_with("text/html") && answer.text.contains("</html>")
}

/// The `code` of a problem, which must be one.
fn code(answer: &Answer) -> String {
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{} {}",
        answer.status,
        answer.text
    );
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status);
    assert!(problem["detail"].as_str().unwrap().ends_with('.'), "{problem}");
    problem["code"].as_str().unwrap().to_owned()
}

/// What stands behind this in a page, up to the next quotation mark.
fn behind<'a>(page: &'a str, mark: &str) -> &'a str {
    let rest = page.split_once(mark).unwrap_or_else(|| panic!("{mark} in {page}")).1;
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn no_error_is_in_the_words_of_a_library() {
    let house = House::start().await;
    let rep = house.rep_cookie().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let (key, conversation) = (&house.key, &visitor.conversation);
    let large = format!("email={}", "a".repeat(100_000));
    let asked = [
        ("GET", "/w/%ff/embed.js".to_owned(), "", "", 400, "bad_request"),
        ("GET", "/inbox/%ff".to_owned(), "", "", 400, "bad_request"),
        ("GET", "/pkg/%ff".to_owned(), "", "", 400, "bad_request"),
        (
            "GET",
            "/inbox/sign-in?next=a&next=b".to_owned(),
            "",
            "",
            400,
            "bad_request",
        ),
        (
            "POST",
            "/inbox/sign-in".to_owned(),
            "text/plain",
            "x",
            415,
            "unreadable",
        ),
        (
            "POST",
            "/inbox/sign-in".to_owned(),
            FORM,
            "email=a%40b.example",
            422,
            "unreadable",
        ),
        ("POST", "/inbox/sign-in".to_owned(), FORM, &large, 413, "too_large"),
        (
            "POST",
            "/inbox/password".to_owned(),
            "text/plain",
            "x",
            415,
            "unreadable",
        ),
        (
            "POST",
            "/inbox/password".to_owned(),
            FORM,
            "current=x",
            422,
            "unreadable",
        ),
        (
            "POST",
            format!("/inbox/{conversation}/messages"),
            "text/plain",
            "x",
            415,
            "unreadable",
        ),
        (
            "POST",
            "/api/inbox/no-such-function".to_owned(),
            "application/json",
            "{}",
            404,
            "not_found",
        ),
        (
            "POST",
            format!("/widget/{key}/api/visitor/no-such-function"),
            "application/json",
            "{}",
            404,
            "not_found",
        ),
        ("GET", "/ws/inbox".to_owned(), "", "", 426, "upgrade_required"),
        (
            "GET",
            format!("/ws/visitor?widget={key}"),
            "",
            "",
            426,
            "upgrade_required",
        ),
        ("GET", "/ws/elsewhere".to_owned(), "", "", 426, "upgrade_required"),
    ];
    for (method, path, kind, body, status, expected) in asked {
        let ask = || -> Ask {
            let ask = house.ask(method, &path).cookie(&rep);
            if kind.is_empty() { ask } else { ask.body(kind, body) }
        };
        let answer = ask().answer().await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (status, expected),
            "{method} {path}"
        );
        if status == 426 {
            assert_eq!(answer.header("upgrade"), "websocket");
            assert_eq!(answer.header("connection"), "upgrade");
            continue;
        }
        if path.contains("/api/") {
            continue;
        }
        let answer = ask().header("accept", "text/html,*/*;q=0.8").answer().await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(is_page(&answer), "{method} {path}: {}", answer.text);
    }
    house.stop().await;
}

#[tokio::test]
async fn what_the_layers_around_the_routes_refuse_is_a_problem_too() {
    let house = House::start().await;
    let foreign = house
        .ask("POST", "/inbox/sign-in")
        .header("sec-fetch-site", "cross-site");
    let foreign = foreign.answer().await;
    assert_eq!((foreign.status, code(&foreign).as_str()), (403, "cross_origin"));
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        house.address
    );
    let answer = until_closed(&house, request.as_bytes()).await;
    assert!(
        answer.contains("application/problem+json") && answer.contains("\"transfer_encoding\""),
        "{answer}"
    );
    house.stop().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_brings_the_page_back_into_its_iframe_with_what_was_typed() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let address = format!("/widget/{}/messages", house.key);
    let post = async |kind: &str, body: &str| {
        let ask = house.ask("POST", &address).cookie(&visitor.cookie);
        let answer = ask.body(kind, body).answer().await;
        assert!(
            is_page(&answer) && answer.text.contains("id=\"chat\""),
            "{}",
            answer.text
        );
        let policy = answer.header("content-security-policy");
        assert!(policy.ends_with(&format!("frame-ancestors {PAGE}")), "{policy}");
        answer
    };
    for (body, typed) in [
        ("id=nonsense&text=typed+with+care", "typed with care"),
        ("text=typed+with+care", "typed with care"),
        ("id=nonsense", ""),
    ] {
        let answer = post(FORM, body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.text.contains("Please send it again."), "{body}: {}", answer.text);
        assert!(answer.text.contains(typed), "{body}: what was typed is there");
        assert!(!answer.text.contains("nonsense"));
    }
    let other = post("text/plain", "text=typed").await;
    assert_eq!(other.status, 415);
    assert!(other.text.contains("What was sent could not be read."));
    let large = post(FORM, &format!("text={}", "x".repeat(100_000))).await;
    assert_eq!(large.status, 413);
    assert!(large.text.contains("Please send it in parts."));

    // The page that came back is as good as new.
    let again = post(FORM, "id=nonsense&text=typed").await;
    let id = behind(&again.text, "name=\"id\" value=\"");
    let ask = house.ask("POST", &address).cookie(&visitor.cookie);
    assert_eq!(ask.form(&[("id", id), ("text", "typed")]).answer().await.status, 303);
    assert_eq!(house.summary(&visitor.conversation).await.preview, "typed");
    house.stop().await;
}

#[tokio::test]
async fn a_registration_that_cannot_be_read_brings_the_form_back_into_its_iframe() {
    let house = House::start().await;
    for (kind, body, status) in [
        ("text/plain", "first_name=Ada".to_owned(), 415),
        (FORM, format!("first_name={}", "x".repeat(100_000)), 413),
        (
            FORM,
            "first_name=Ada&email=a%40b.example&context=1&context=2".to_owned(),
            422,
        ),
    ] {
        let answer = house
            .ask("POST", &format!("/widget/{}/register", house.key))
            .body(kind, &body)
            .answer()
            .await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(
            is_page(&answer) && answer.text.contains("name=\"email\""),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("Please send it"), "{status}: a word of what to do");
        let policy = answer.header("content-security-policy");
        assert!(policy.ends_with(&format!("frame-ancestors {PAGE}")), "{policy}");
    }
    house.stop().await;
}

#[tokio::test]
async fn a_reps_answer_that_cannot_be_read_comes_back_with_its_text() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let address = format!("/inbox/{}/messages", visitor.conversation);
    let post = async |id: &str| {
        let ask = house.ask("POST", &address).cookie(&cookie);
        ask.form(&[("id", id), ("text", "typed with care")]).answer().await
    };
    let answer = post("nonsense").await;
    assert_eq!(answer.status, 422);
    assert!(
        is_page(&answer) && answer.text.contains("typed with care"),
        "{}",
        answer.text
    );
    assert_eq!(house.summary(&visitor.conversation).await.last_seq, 0);
    assert_eq!(post(&message_id()).await.status, 303);
    house.stop().await;
}

#[tokio::test]
async fn a_server_function_reads_no_more_than_a_form_holds() {
    let house = House::start().await;
    let input = json!({
        "input": {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"},
        "page": {"title": "x".repeat(1_000_000)},
    });
    let answer = house.visitor_function(&house.key, "register", &input).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(
        house
            .conversations(&parlor_protocol::TenantId::default_tenant())
            .await
            .is_empty()
    );
    house.stop().await;
}

#[tokio::test]
async fn an_error_at_a_widgets_address_shows_in_its_iframe_whichever_layer_says_it() {
    let house = House::start().await;
    let key = &house.key;
    let foreign = house
        .ask("POST", &format!("/widget/{key}/messages"))
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site");
    let answers = [
        (405, house.ask("PUT", &format!("/widget/{key}")).answer().await),
        (405, house.ask("GET", &format!("/widget/{key}/register")).answer().await),
        (404, house.ask("GET", &format!("/widget/{key}/nope")).answer().await),
        (403, foreign.form(&[("text", "x")]).answer().await),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status);
        let policy = answer.header("content-security-policy");
        assert!(
            policy.ends_with(&format!("frame-ancestors {PAGE}")),
            "{status}: {policy}"
        );
        assert_eq!(answer.header("x-frame-options"), "", "{status}");
    }
    let unknown = house.ask("GET", "/widget/nosuchwidgetkey2/register").answer().await;
    assert!(
        unknown
            .header("content-security-policy")
            .ends_with("frame-ancestors 'none'")
    );
    house.stop().await;
}
