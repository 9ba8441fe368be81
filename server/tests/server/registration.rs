//! Registration: what is taken, what is refused and how, what is held back, and what is given away, which is nothing.

use std::time::Duration;

use parlor_protocol::TenantId;
use parlor_sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use crate::house::House;
use crate::site::{Answer, message_id};
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

/// An answer with what is new each time put away: ids, codes, nonces, cookies' values, dates.
fn masked(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| {
            let value = value.to_str().unwrap();
            let value = match (name.as_str(), value.split_once('=')) {
                ("set-cookie", Some((name, rest))) => {
                    let (secret, attributes) = rest.split_once(';').unwrap();
                    let attributes: Vec<&str> = attributes
                        .split(';')
                        .filter(|attribute| !attribute.contains("Expires="))
                        .collect();
                    format!("{name}=<{}>;{}", secret.len(), attributes.join(";"))
                }
                _ => value.to_owned(),
            };
            format!("{name}: {value}")
        })
        .collect();
    headers.sort();
    let mut text = answer.text.clone();
    if let Ok(serde_json::Value::Object(mut object)) = serde_json::from_str(&answer.text)
        && let Some(registered) = object.get_mut("registered")
    {
        for name in ["conversation", "code"] {
            let length = registered[name].as_str().unwrap().len();
            registered[name] = format!("<{length}>").into();
        }
        text = serde_json::Value::Object(object).to_string();
    }
    format!("{}\n{}\n\n{text}", answer.status, headers.join("\n"))
}

#[tokio::test]
async fn a20_the_answer_does_not_tell_a_known_address_from_an_unknown_one() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let contact = [
        ("email", "known@example.com"),
        ("firstname", "Grace"),
        ("lastname", "Hopper"),
    ];
    hubspot.sandbox().seed_contact(contact).unwrap();
    let base_url = hubspot.base_url();
    let settings = [
        ("HUBSPOT_BASE_URL", base_url.as_str()),
        ("HUBSPOT_ACCESS_TOKEN", "pat-sandbox"),
    ];
    let house = House::start_with(&settings).await;
    house.register(&house.key, "Grace", "known@example.com").await;
    // Known to HubSpot and to Parlor; a rep's; nobody's.
    let addresses = ["known@example.com", "rep@parlor.example", "nobody@example.com"];
    let mut plain = Vec::new();
    let mut called = Vec::new();
    for address in addresses {
        plain.push(masked(&house.post_registration(&house.key, "Ada", address).await));
        let stamp = house.stamp(&house.key).await;
        called.push(masked(&house.call_register(&house.key, "Ada", address, &stamp).await));
    }
    assert!(
        plain[0].starts_with("303") && called[0].starts_with("200"),
        "{}",
        called[0]
    );
    assert_eq!(plain[0], plain[1]);
    assert_eq!(plain[0], plain[2]);
    assert_eq!(called[0], called[1]);
    assert_eq!(called[0], called[2]);
    house.stop().await;
}

#[tokio::test]
async fn a21_somebody_elses_address_opens_an_empty_conversation_and_shows_nothing_of_theirs() {
    let house = House::start().await;
    let victim = house.register(&house.key, "Grace", "grace@example.com").await;
    let mut chat = house.chat(&victim, None).await;
    chat.say(&victim.conversation, "my order number is 4711").await;
    let attacker = house.register(&house.key, "Eve", "GRACE@example.com").await;
    assert_ne!(attacker.conversation, victim.conversation);
    let page = house
        .ask("GET", &format!("/widget/{}", house.key))
        .cookie(&attacker.cookie)
        .answer()
        .await;
    assert!(page.text.contains("Eve"));
    assert!(!page.text.contains("Grace") && !page.text.contains("4711"));
    let mut socket = house.chat(&attacker, Some(0)).await;
    socket.subscribe(&attacker.conversation, None).await;
    let history = socket.frame("page").await;
    assert_eq!(history["messages"], json!([]));
    // The victim writes on, and the attacker's open socket hears nothing of it.
    chat.say(&victim.conversation, "and my street is Elm Street").await;
    let own = socket.say(&attacker.conversation, "hello").await;
    assert_eq!(own["seq"], 1);
    house.stop().await;
}

#[tokio::test]
async fn a22_a_visitor_learns_nothing_about_ids_that_are_not_theirs() {
    let house = House::start().await;
    let victim = house.register(&house.key, "Grace", "grace@example.com").await;
    house
        .chat(&victim, None)
        .await
        .say(&victim.conversation, "secret")
        .await;
    let attacker = house.register(&house.key, "Eve", "eve@example.com").await;
    let nothing = message_id();
    let mut answers = Vec::new();
    for conversation in [&victim.conversation, &nothing] {
        let mut socket = house.chat(&attacker, None).await;
        socket.subscribe(conversation, Some(0)).await;
        let mut heard = vec![socket.error().await.to_string()];
        socket
            .send(json!({"type": "page", "conversation": conversation, "after": 0}))
            .await;
        heard.push(socket.error().await.to_string());
        socket.send(message(conversation, &nothing, "forged")).await;
        heard.push(socket.error().await.to_string());
        heard.push(socket.closed().await.to_string());
        answers.push(heard);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0][0].contains("not_found"));
    assert_eq!(
        house
            .messages(&TenantId::default_tenant(), &victim.conversation)
            .await
            .len(),
        1
    );
    house.stop().await;
}

#[tokio::test]
async fn a_session_of_one_widget_is_nothing_to_another() {
    let house = House::start().await;
    let other = house
        .add_widget(&TenantId::default_tenant(), "Other", &["https://other.example"])
        .await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let secret = visitor.cookie.split('=').nth(1).unwrap();
    let moved = format!("__Host-parlor-{other}={secret}");
    for cookie in [visitor.cookie.as_str(), moved.as_str()] {
        let page = house
            .ask("GET", &format!("/widget/{other}"))
            .cookie(cookie)
            .answer()
            .await;
        assert!(
            page.text.contains("name=\"first_name\"") && !page.text.contains("Ada"),
            "the form is shown"
        );
        let path = format!("/ws/visitor?widget={other}");
        let mut socket = house.socket(&path, Some(cookie)).await.unwrap();
        socket.send(json!({"type": "hello", "versions": [1]})).await;
        assert_eq!(socket.error().await["code"], "unauthenticated");
        assert_eq!(socket.closed().await, 1008);
        let posted = house.ask("POST", &format!("/widget/{other}/messages")).cookie(cookie);
        let posted = posted.form(&[("id", &message_id()), ("text", "x")]).answer().await;
        assert_eq!(posted.status, 401);
    }
    house.stop().await;
}

#[tokio::test]
async fn where_no_cookie_comes_back_a_code_buys_a_token_once_and_the_token_says_hello() {
    let house = House::start().await;
    let other = house
        .add_widget(&TenantId::default_tenant(), "Other", &["https://other.example"])
        .await;
    let stamp = house.stamp(&house.key).await;
    let registered = house
        .call_register(&house.key, "Ada", "ada@example.com", &stamp)
        .await
        .json();
    let registered = &registered["registered"];
    let code = json!({"code": registered["code"]});
    let granted = house.visitor_function(&house.key, "token", &code).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    let granted = granted.json();
    assert_eq!(granted["conversation"], registered["conversation"]);
    let again = house.visitor_function(&house.key, "token", &code).await;
    assert_eq!(again.status, 401, "a code is good once: {}", again.text);

    let hello = json!({"type": "hello", "versions": [1], "token": granted["token"]});
    let mut socket = house
        .socket(&format!("/ws/visitor?widget={}", house.key), None)
        .await
        .unwrap();
    socket.send(hello.clone()).await;
    assert_eq!(
        socket.frame("welcome").await["conversation"],
        registered["conversation"]
    );
    let mut elsewhere = house
        .socket(&format!("/ws/visitor?widget={other}"), None)
        .await
        .unwrap();
    elsewhere.send(hello).await;
    assert_eq!(elsewhere.error().await["code"], "unauthenticated", "another widget's");
    let mut wrong = house
        .socket(&format!("/ws/visitor?widget={}", house.key), None)
        .await
        .unwrap();
    wrong
        .send(json!({"type": "hello", "versions": [1], "token": "guessed"}))
        .await;
    assert_eq!(wrong.error().await["code"], "unauthenticated");
    house.stop().await;
}

#[tokio::test]
async fn a_code_is_worth_nothing_at_another_widget() {
    let house = House::start().await;
    let other = house
        .add_widget(&TenantId::default_tenant(), "Other", &["https://other.example"])
        .await;
    let stamp = house.stamp(&house.key).await;
    let registered = house
        .call_register(&house.key, "Ada", "ada@example.com", &stamp)
        .await
        .json();
    let code = json!({"code": registered["registered"]["code"]});
    assert_eq!(house.visitor_function(&other, "token", &code).await.status, 401);
    house.stop().await;
}

/// A stamp old enough for a person to have filled the form in meanwhile.
async fn ripe_stamp(house: &House) -> String {
    let stamp = house.stamp(&house.key).await;
    // What is waited for is the passing of time itself; the server's clock is the machine's.
    tokio::time::sleep(Duration::from_millis(850)).await;
    stamp
}

async fn is_held(house: &House, stamp: &str, more: &[(&str, &str)], forwarded: Option<&str>) -> bool {
    let mut fields = vec![
        ("first_name", "Ada"),
        ("last_name", "L"),
        ("email", "ada@example.com"),
        ("form", stamp),
    ];
    fields.extend_from_slice(more);
    let mut ask = house.ask("POST", &format!("/widget/{}/register", house.key));
    if let Some(forwarded) = forwarded {
        ask = ask.header("x-forwarded-for", forwarded);
    }
    let answer = ask.form(&fields).answer().await;
    assert_eq!(answer.status, 303, "a machine is answered like a person");
    let newest = house.conversations(&TenantId::default_tenant()).await;
    newest[0].held
}

#[tokio::test]
async fn a81_a_machines_registration_is_held_and_a_persons_is_not() {
    let house = House::start().await;
    let stamp = ripe_stamp(&house).await;
    assert!(!is_held(&house, &stamp, &[("website", "")], None).await, "a person");
    assert!(
        is_held(&house, &stamp, &[("website", "https://spam.example")], None).await,
        "the trap is filled"
    );
    let fresh = house.stamp(&house.key).await;
    assert!(is_held(&house, &fresh, &[], None).await, "too fast");
    assert!(is_held(&house, "", &[], None).await, "no stamp");
    let mut forged = stamp.clone();
    forged.replace_range(0..4, "AAAA");
    assert!(is_held(&house, &forged, &[], None).await, "a stamp of one's own making");
    house.stop().await;
}

#[tokio::test]
async fn a83_a_forwarded_address_counts_from_a_trusted_proxy_alone() {
    let direct = House::start_with(&[("PARLOR_REGISTRATION_BURST", "1")]).await;
    let stamp = ripe_stamp(&direct).await;
    assert!(!is_held(&direct, &stamp, &[], Some("203.0.113.1")).await);
    assert!(
        is_held(&direct, &stamp, &[], Some("203.0.113.2")).await,
        "whoever connects is one network"
    );
    direct.stop().await;

    let trusting = [
        ("PARLOR_REGISTRATION_BURST", "1"),
        ("PARLOR_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let proxied = House::start_with(&trusting).await;
    let stamp = ripe_stamp(&proxied).await;
    assert!(!is_held(&proxied, &stamp, &[], Some("203.0.113.1")).await);
    assert!(
        !is_held(&proxied, &stamp, &[], Some("203.0.113.2")).await,
        "another client"
    );
    assert!(
        is_held(&proxied, &stamp, &[], Some("203.0.113.1")).await,
        "the first one again"
    );
    let behind = "198.51.100.9, 203.0.113.2";
    assert!(
        is_held(&proxied, &stamp, &[], Some(behind)).await,
        "what the client wrote itself does not count"
    );
    assert!(!is_held(&proxied, &stamp, &[], Some("2001:db8:1:2::1")).await);
    assert!(
        is_held(&proxied, &stamp, &[], Some("2001:db8:1:2:ffff::9")).await,
        "one customer's /64"
    );
    proxied.stop().await;
}

#[tokio::test]
async fn what_is_held_waits_in_the_inbox_and_reaches_hubspot_only_once_released() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let base_url = hubspot.base_url();
    let settings = [
        ("HUBSPOT_BASE_URL", base_url.as_str()),
        ("HUBSPOT_ACCESS_TOKEN", "pat-sandbox"),
    ];
    let house = House::start_with(&settings).await;
    let rep = house.rep_cookie().await;
    let mut desk = house.desk(&rep).await;
    let held = house.register(&house.key, "Held", "held@example.com").await;
    let line = desk.frame("conversation").await;
    assert_eq!(line["summary"]["held"], true);
    assert_eq!(line["summary"]["id"], held.conversation.as_str());

    // Another visitor, who is not held, goes to HubSpot: by then a held one would have gone as well.
    let stamp = ripe_stamp(&house).await;
    let fields = [
        ("first_name", "Free"),
        ("last_name", "L"),
        ("email", "free@example.com"),
        ("form", &stamp),
    ];
    let answer = house
        .ask("POST", &format!("/widget/{}/register", house.key))
        .form(&fields)
        .answer()
        .await;
    let free = house.visitor(&house.key, &answer.cookie()).await;
    desk.subscribe(&free.conversation, None).await;
    let mut chat = house.chat(&free, None).await;
    chat.say(&free.conversation, "hello").await;
    desk.frame_where("card", |card| card["card"]["delivery"]["status"] == "delivered")
        .await;
    assert!(hubspot.sandbox().contact_by_email("free@example.com").is_some());
    assert!(hubspot.sandbox().contact_by_email("held@example.com").is_none());

    desk.subscribe(&held.conversation, None).await;
    let card = desk
        .frame_where("card", |card| card["conversation"] == held.conversation.as_str())
        .await;
    assert_eq!(card["card"]["delivery"]["status"], "held");
    let released = house
        .inbox_function(&rep, "release", &json!({"conversation": held.conversation}))
        .await;
    assert_eq!(released.status, 200, "{}", released.text);
    let is_delivered = |card: &serde_json::Value| {
        card["conversation"] == held.conversation.as_str() && card["card"]["delivery"]["status"] == "delivered"
    };
    desk.frame_where("card", is_delivered).await;
    assert!(hubspot.sandbox().contact_by_email("held@example.com").is_some());
    drop(desk);
    house.stop().await;
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
