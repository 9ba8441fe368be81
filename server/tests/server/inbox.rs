//! The inbox: its list, unread marks, states, and the rep's own forms.

use parlor_protocol::{ClaimedEmail, MessageId, MessageText, PageContext, PersonName, TenantId, WidgetKey};
use parlor_store::{Append, AppendOutcome, NewVisitor, SecretHash, Writer};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::site::message_id;
use crate::socket::Socket;

async fn list(desk: &mut Socket, since: u64) -> Vec<Value> {
    desk.send(json!({"type": "list", "since": since})).await;
    desk.frame("list").await["conversations"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_list_resumes_from_the_last_change_a_window_has_seen() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    let ada = house.register(&house.key, "Ada", "ada@example.com").await;
    let bob = house.register(&house.key, "Bob", "bob@example.com").await;
    let mut desk = house.socket("/ws/inbox", Some(&cookie)).await.unwrap();
    let seen = desk.hello().await["change"].as_u64().unwrap();
    assert!(list(&mut desk, seen).await.is_empty());
    drop(desk);
    house.chat(&ada, None).await.say(&ada.conversation, "one").await;
    let mut back = house.socket("/ws/inbox", Some(&cookie)).await.unwrap();
    let latest = back.hello().await["change"].as_u64().unwrap();
    let changed = list(&mut back, seen).await;
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["id"], ada.conversation.as_str());
    assert_eq!(changed[0]["change"], latest);
    let all = list(&mut back, 0).await;
    let order: Vec<&str> = all.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(
        order,
        [bob.conversation.as_str(), ada.conversation.as_str()],
        "oldest change first"
    );
    back.send(json!({"type": "list", "before": latest})).await;
    let below = back.frame("list").await;
    assert_eq!(below["conversations"][0]["id"], bob.conversation.as_str());
    assert_eq!(below["older"], true);
    house.stop().await;
}

/// As many conversations, each with names, an address and a message as long as they may be.
async fn write_longest(house: &House, count: usize) {
    let tenant = TenantId::default_tenant();
    let longest = "𝄞".repeat(100);
    let key = house.add_widget(&tenant, &longest, &[]).await;
    let (store, context) = (house.engine.store(), house.engine.context());
    let key = WidgetKey::parse(key).unwrap();
    let widget = house.engine.widget(&key).await.unwrap().unwrap();
    let domain = format!("{}.{}.{}.example", "b".repeat(60), "b".repeat(60), "b".repeat(51));
    for number in 0..count {
        let email = format!("{number:064}@{domain}");
        let visitor = NewVisitor {
            id: context.visitor_id(),
            conversation: context.conversation_id(),
            widget: widget.settings.id.clone(),
            first_name: PersonName::parse(&longest).unwrap(),
            last_name: Some(PersonName::parse(&longest).unwrap()),
            email: ClaimedEmail::parse(&email).unwrap(),
            page: PageContext::default(),
            held: true,
            code: (SecretHash(secret(number)), house.engine.now()),
            form: None,
        };
        let append = Append {
            tenant: tenant.clone(),
            conversation: visitor.conversation.clone(),
            writer: Writer::Visitor(visitor.id.clone()),
            name: "Ada".to_owned(),
            id: MessageId::parse(message_id()).unwrap(),
            text: MessageText::parse(&"𝄞".repeat(2_500)).unwrap(),
        };
        store.register(&tenant, visitor).await.unwrap();
        assert!(matches!(store.append(append).await.unwrap(), AppendOutcome::Stored(_)));
    }
}

fn secret(number: usize) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

#[tokio::test]
async fn the_list_comes_in_pages_of_64_kib_and_none_is_left_out() {
    let house = House::start().await;
    write_longest(&house, 120).await;
    let mut desk = house
        .socket("/ws/inbox", Some(&house.rep_cookie().await))
        .await
        .unwrap();
    desk.hello().await;
    for (direction, older) in [("since", false), ("before", true)] {
        let mut seen: Vec<u64> = Vec::new();
        let mut asked = json!({"type": "list"});
        if !older {
            asked["since"] = 0.into();
        }
        loop {
            desk.send(asked.clone()).await;
            let page = desk.frame("list").await;
            let bytes = page.to_string().len();
            assert!(bytes < 66 * 1024, "{bytes} bytes");
            let lines = page["conversations"].as_array().unwrap();
            seen.extend(lines.iter().map(|line| line["change"].as_u64().unwrap()));
            if page["more"] == false {
                break;
            }
            assert!(lines.len() > 20, "{} lines", lines.len());
            asked[direction] = (*seen.last().unwrap()).into();
        }
        let mut every: Vec<u64> = house
            .conversations(&TenantId::default_tenant())
            .await
            .iter()
            .map(|line| line.change)
            .collect();
        if !older {
            every.reverse();
        }
        assert_eq!(seen, every, "{direction}");
    }
    house.stop().await;
}

#[tokio::test]
async fn unread_marks_are_each_reps_own_and_shared_by_their_windows() {
    let house = House::start().await;
    house
        .add_rep(&TenantId::default_tenant(), "second@parlor.example", "Sam")
        .await;
    let (first, second) = (
        house.rep_cookie().await,
        house.sign_in("second@parlor.example", PASSWORD).await,
    );
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut chat = house.chat(&visitor, None).await;
    for text in ["one", "two", "three"] {
        chat.say(&visitor.conversation, text).await;
    }
    let mut window = house.desk(&first).await;
    let mut other_window = house.desk(&first).await;
    let mut colleague = house.desk(&second).await;
    window
        .send(json!({"type": "read", "conversation": visitor.conversation, "seq": 2}))
        .await;
    assert_eq!(other_window.frame("read").await["seq"], 2);
    assert_eq!(list(&mut window, 0).await[0]["read_seq"], 2);
    assert_eq!(list(&mut colleague, 0).await[0]["read_seq"], 0);
    // A mark never goes back, and never beyond what there is.
    window
        .send(json!({"type": "read", "conversation": visitor.conversation, "seq": 1}))
        .await;
    window.settled().await;
    assert_eq!(list(&mut window, 0).await[0]["read_seq"], 2);
    window
        .send(json!({"type": "read", "conversation": visitor.conversation, "seq": 999}))
        .await;
    window.settled().await;
    assert_eq!(list(&mut window, 0).await[0]["read_seq"], 3);
    // Whoever answers has read.
    colleague.say(&visitor.conversation, "answer").await;
    assert_eq!(list(&mut colleague, 0).await[0]["read_seq"], 4);
    house.stop().await;
}

#[tokio::test]
async fn a_conversation_is_closed_by_a_rep_and_opened_by_the_visitors_next_message() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut chat = house.chat(&visitor, None).await;
    let mut desk = house.desk(&cookie).await;
    let set = async |state: &str| {
        let input = json!({"conversation": visitor.conversation, "state": state});
        house.inbox_function(&cookie, "set-state", &input).await.status
    };
    assert_eq!(set("closed").await, 200);
    assert_eq!(chat.frame("state").await["state"], "closed");
    assert_eq!(desk.frame("conversation").await["summary"]["state"], "closed");
    assert_eq!(set("closed").await, 200, "what is closed may be closed");
    chat.say(&visitor.conversation, "one more thing").await;
    let is_open = |line: &Value| line["summary"]["state"] == "open" && line["summary"]["last_seq"] == 1;
    desk.frame_where("conversation", is_open).await;
    assert_eq!(set("closed").await, 200);
    assert_eq!(set("open").await, 200);
    assert_eq!(house.summary(&visitor.conversation).await.state.as_str(), "open");
    house.stop().await;
}

#[tokio::test]
async fn without_script_a_rep_answers_by_a_plain_form() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut chat = house.chat(&visitor, None).await;
    let address = format!("/inbox/{}/messages", visitor.conversation);
    let post = async |id: &str, text: &str| {
        let ask = house.ask("POST", &address).cookie(&cookie);
        ask.form(&[("id", id), ("text", text)]).answer().await
    };
    let id = message_id();
    for _ in 0..2 {
        let answer = post(&id, "good day").await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), format!("/inbox/{}", visitor.conversation));
    }
    assert_eq!(chat.frame("message").await["message"]["text"], "good day");
    assert_eq!(post(&id, "bad day").await.status, 409);
    let long = post(&message_id(), &"x".repeat(5_001)).await;
    assert_eq!(long.status, 422);
    assert!(long.text.contains("xxxxx"), "what was typed is there");
    assert_eq!(house.summary(&visitor.conversation).await.last_seq, 1);
    house.stop().await;
}

#[tokio::test]
async fn the_card_says_who_it_is_and_that_nothing_goes_to_hubspot_without_a_token() {
    let house = House::start().await;
    let stamp = house.stamp(&house.key).await;
    let registered = house.call_register(&house.key, "Ada", "ADA@example.com", &stamp).await;
    let visitor = house.visitor(&house.key, &registered.cookie()).await;
    let mut desk = house.desk(&house.rep_cookie().await).await;
    desk.subscribe(&visitor.conversation, None).await;
    let card = desk.frame("card").await["card"].clone();
    assert_eq!(card["name"], "Ada Lovelace");
    assert_eq!(card["email"], "ada@example.com");
    assert_eq!(card["email_verified"], false);
    assert_eq!(card["page"]["url"], "https://www.example.com/pricing");
    assert_eq!(card["page"]["utm_source"], "spring");
    assert_eq!(card["hubspot"], Value::Null);
    house.stop().await;
}
