//! The visitor's forms: what is taken, and what comes back with a word for each field.

use parlor_protocol::TenantId;
use serde_json::json;

use crate::house::House;
use crate::site::message_id;
use crate::socket::{News, message};

#[tokio::test]
async fn a_good_form_leads_to_the_chat_under_a_cookie_that_lives_in_a_foreign_page() {
    let house = House::start().await;
    let answer = house.post_registration(&house.key, "Ada", "ada@example.com").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), format!("/widget/{}", house.key));
    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 1);
    let mut parts: Vec<&str> = cookies[0].split("; ").collect();
    let pair = parts.remove(0);
    assert!(pair.starts_with(&format!("__Host-parlor-{}=", house.key)), "{pair}");
    parts.retain(|part| !part.starts_with("Max-Age=") && !part.starts_with("Expires="));
    parts.sort_unstable();
    assert_eq!(parts, ["HttpOnly", "Partitioned", "Path=/", "SameSite=None", "Secure"]);
    let page = house
        .ask("GET", &format!("/widget/{}", house.key))
        .cookie(pair)
        .answer()
        .await;
    assert!(
        page.text
            .contains(&format!("action=\"/widget/{}/messages\"", house.key))
    );
    house.stop().await;
}

#[tokio::test]
async fn a_wrong_form_comes_back_with_what_was_typed_and_a_word_for_each_field() {
    let house = House::start().await;
    let stamp = house.stamp(&house.key).await;
    let payload = "\"><script>alert(1)</script>";
    let answer = house
        .ask("POST", &format!("/widget/{}/register", house.key))
        .form(&[
            ("first_name", payload),
            ("last_name", ""),
            ("email", payload),
            ("form", &stamp),
        ])
        .answer()
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.set_cookies().is_empty());
    assert!(answer.text.contains("Please fill this in."));
    assert!(
        answer
            .text
            .contains("Please enter an e-mail address like name@example.com.")
    );
    assert!(
        answer.text.contains("&quot;&gt;&lt;script"),
        "what was typed is there, as text"
    );
    assert!(!answer.text.contains("<script>alert"));
    assert!(house.conversations(&TenantId::default_tenant()).await.is_empty());
    house.stop().await;
}

#[tokio::test]
async fn names_of_any_script_are_taken_and_a_last_name_may_be_left_out_where_the_widget_says_so() {
    let house = House::start().await;
    for name in ["李", "Þórður", "عائشة", "O’Brien-Šmíd", &"é".repeat(100)] {
        let answer = house.post_registration(&house.key, name, "someone@example.com").await;
        assert_eq!(answer.status, 303, "{name}");
    }
    assert_eq!(
        house
            .post_registration(&house.key, &"é".repeat(101), "a@b.example")
            .await
            .status,
        422
    );
    house.stop().await;
}

#[tokio::test]
async fn a62_a_line_break_in_a_name_or_an_address_is_refused() {
    let house = House::start().await;
    let stamp = house.stamp(&house.key).await;
    for (first_name, last_name, email) in [
        ("Ada\r\nBcc: x@evil.example", "L", "ada@example.com"),
        ("Ada", "L\nFROM: admin", "ada@example.com"),
        ("Ada", "L\u{2028}FROM: admin", "ada@example.com"),
        ("Ada", "L", "ada@example.com\r\nBcc: x@evil.example"),
        ("Ada\0", "L", "ada@example.com"),
    ] {
        let fields = [
            ("first_name", first_name),
            ("last_name", last_name),
            ("email", email),
            ("form", &stamp),
        ];
        let plain = house
            .ask("POST", &format!("/widget/{}/register", house.key))
            .form(&fields)
            .answer()
            .await;
        assert_eq!(plain.status, 422, "{first_name:?} {last_name:?} {email:?}");
        let input = json!({"input": {"first_name": first_name, "last_name": last_name, "email": email}, "page": {}});
        let called = house.visitor_function(&house.key, "register", &input).await;
        assert!(called.text.contains("invalid"), "{}", called.text);
        assert!(called.set_cookies().is_empty());
    }
    assert!(house.conversations(&TenantId::default_tenant()).await.is_empty());
    house.stop().await;
}

#[tokio::test]
async fn a61_an_object_or_a_list_where_a_text_belongs_is_refused_everywhere() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let rep = house.rep_cookie().await;
    let odd = [json!({"$ne": null}), json!(["a"]), json!(1), json!(null), json!(true)];
    for value in odd {
        for input in [
            json!({"input": {"first_name": value, "last_name": "L", "email": "a@b.example"}, "page": {}}),
            json!({"input": {"first_name": "A", "last_name": "L", "email": value}, "page": {}}),
            json!({"input": value, "page": {}}),
            json!({"input": {"first_name": "A", "last_name": "L", "email": "a@b.example"}, "page": {"url": value}}),
        ] {
            // An object without the form's fields is an empty form, and a list is one by its fields' order; the texts in either
            // are checked.
            if input["input"].is_array() || input["input"].get("$ne").is_some() {
                continue;
            }
            let answer = house.visitor_function(&house.key, "register", &input).await;
            assert_eq!(answer.status, 422, "{input}: {}", answer.text);
        }
        let token = house
            .visitor_function(&house.key, "token", &json!({"code": value}))
            .await;
        assert_eq!(token.status, 422, "{}", token.text);
        for input in [
            json!({"conversation": value, "state": "closed"}),
            json!({"conversation": visitor.conversation, "state": value}),
        ] {
            let answer = house.inbox_function(&rep, "set-state", &input).await;
            assert_eq!(answer.status, 422, "{input}: {}", answer.text);
        }
        let release = house
            .inbox_function(&rep, "release", &json!({"conversation": value}))
            .await;
        assert_eq!(release.status, 422, "{}", release.text);
    }
    assert_eq!(house.conversations(&TenantId::default_tenant()).await.len(), 1);
    house.stop().await;
}

#[tokio::test]
async fn a60_what_means_something_to_a_database_is_text_in_every_field() {
    let house = House::start().await;
    let rep = house.rep_cookie().await;
    for payload in [
        "' OR '1'='1",
        "\"; DROP TABLE visitor; --",
        "%' --",
        "\\'; SELECT 1",
        "1) UNION SELECT 2--",
        "*",
    ] {
        let path = percent_encoded(payload);
        let visitor = house.register(&house.key, payload, "ada@example.com").await;
        assert_eq!(
            house.summary(&visitor.conversation).await.visitor_name,
            format!("{payload} Lovelace")
        );
        assert_eq!(house.post_registration(&house.key, "Ada", payload).await.status, 422);
        assert_eq!(house.get(&format!("/widget/{path}")).await.status, 404);
        assert_eq!(house.get(&format!("/w/{path}/embed.js")).await.status, 404);
        let page = house.ask("GET", &format!("/inbox/{path}")).cookie(&rep).answer().await;
        assert_eq!(page.status, 404, "{payload}");
        let fields = [("email", payload), ("password", payload), ("next", payload)];
        assert_eq!(
            house.ask("POST", "/inbox/sign-in").form(&fields).answer().await.status,
            422
        );
        let cookie = format!("parlor-rep={path}");
        assert_eq!(house.ask("GET", "/inbox").cookie(&cookie).answer().await.status, 303);
        let token = house
            .visitor_function(&house.key, "token", &json!({"code": payload}))
            .await;
        assert_eq!(token.status, 401, "{}", token.text);
        let mut socket = house.chat(&visitor, None).await;
        socket.say(&visitor.conversation, payload).await;
        let messages = house.messages(&TenantId::default_tenant(), &visitor.conversation).await;
        assert_eq!(messages[0].text, payload);
        socket.send(message(payload, &message_id(), "x")).await;
        assert_eq!(socket.error().await["code"], "malformed_frame");
    }
    assert_eq!(house.conversations(&TenantId::default_tenant()).await.len(), 6);
    house.stop().await;
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn without_script_a_message_is_posted_and_comes_back_when_it_is_wrong() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let post = async |id: &str, text: &str| {
        let ask = house
            .ask("POST", &format!("/widget/{}/messages", house.key))
            .cookie(&visitor.cookie);
        ask.form(&[("id", id), ("text", text)]).answer().await
    };
    let id = message_id();
    assert_eq!(post(&id, "first line\r\nsecond").await.status, 303);
    assert_eq!(
        post(&id, "first line\r\nsecond").await.status,
        303,
        "a reload posts again"
    );
    assert_eq!(post(&id, "something else").await.status, 409);
    let long = post(&message_id(), &format!("</textarea><b>{}", "x".repeat(5_000))).await;
    assert_eq!(long.status, 422);
    assert!(long.text.contains("&lt;/textarea&gt;&lt;b&gt;xxx"));
    assert_eq!(post("not-an-id", "x").await.status, 422);
    let messages = house.messages(&TenantId::default_tenant(), &visitor.conversation).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].text, "first line\nsecond");
    // An open socket hears of what was posted.
    let mut chat = house.chat(&visitor, None).await;
    assert_eq!(post(&message_id(), "live").await.status, 303);
    match chat.news().await {
        News::Frame(frame) => assert_eq!(frame["message"]["text"], "live"),
        News::Closed(code) => panic!("closed with {code}"),
    }
    house.stop().await;
}
