//! What a registration gives away of others, which is nothing.

use parlor_protocol::TenantId;
use parlor_sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use crate::house::House;
use crate::site::{Answer, message_id};
use crate::socket::message;

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
