//! What crosses the sockets when everybody behaves, and what a client that makes mistakes is told.

use std::time::{Duration, Instant};

use parlor_protocol::TenantId;
use serde_json::{Value, json};

use crate::house::House;
use crate::site::{Visitor, message_id};
use crate::socket::{News, message};

async fn house_with_visitor() -> (House, Visitor) {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    (house, visitor)
}

#[tokio::test]
async fn a_visitor_and_a_rep_read_each_other_live() {
    let (house, visitor) = house_with_visitor().await;
    let conversation = &visitor.conversation;
    let mut desk = house.desk(&house.rep_cookie().await).await;
    let mut chat = house.chat(&visitor, None).await;
    chat.say(conversation, "hello").await;
    let line = desk
        .frame_where("conversation", |frame| frame["summary"]["last_seq"] == 1)
        .await;
    assert_eq!(line["summary"]["preview"], "hello");
    assert_eq!(line["summary"]["visitor_name"], "Ada Lovelace");

    desk.subscribe(conversation, None).await;
    let page = desk.frame("page").await;
    assert_eq!(page["messages"][0]["text"], "hello");
    assert_eq!(
        page["messages"][0]["author"],
        json!({"kind": "visitor", "name": "Ada Lovelace"})
    );
    let ack = desk.say(conversation, "good day\nhow can we help?").await;
    assert_eq!(ack["seq"], 2);
    let answer = chat.frame("message").await;
    assert_eq!(answer["message"]["text"], "good day\nhow can we help?");
    assert_eq!(answer["message"]["author"], json!({"kind": "rep", "name": "Robin"}));
    assert_eq!(answer["message"]["at"], ack["at"]);

    chat.send(json!({"type": "typing", "conversation": conversation})).await;
    assert_eq!(desk.frame("typing").await["author"]["kind"], "visitor");
    desk.send(json!({"type": "typing", "conversation": conversation})).await;
    assert_eq!(chat.frame("typing").await["author"]["name"], "Robin");
    house.stop().await;
}

#[tokio::test]
async fn two_visitors_at_once_do_not_see_each_other() {
    let (house, ada) = house_with_visitor().await;
    let bob = house.register(&house.key, "Bob", "bob@example.com").await;
    let mut first = house.chat(&ada, None).await;
    let mut second = house.chat(&bob, None).await;
    first.say(&ada.conversation, "from Ada").await;
    second.say(&bob.conversation, "from Bob").await;
    second.send(json!({"type": "ping"})).await;
    match second.news().await {
        News::Frame(frame) => assert_eq!(frame["type"], "pong"),
        News::Closed(code) => panic!("closed with {code}"),
    }
    house.stop().await;
}

#[tokio::test]
async fn a_message_sent_again_is_acknowledged_alike_and_shows_once() {
    let (house, visitor) = house_with_visitor().await;
    let conversation = &visitor.conversation;
    let mut desk = house.desk(&house.rep_cookie().await).await;
    desk.subscribe(conversation, None).await;
    desk.frame("card").await;
    let mut first = house.chat(&visitor, None).await;
    let id = message_id();
    first.send(message(conversation, &id, "once")).await;
    let ack = first.frame("ack").await;
    // The acknowledgement was lost with the connection: another socket sends it again.
    let mut second = house.chat(&visitor, None).await;
    for _ in 0..3 {
        second.send(message(conversation, &id, "once")).await;
        assert_eq!(second.frame("ack").await, ack);
    }
    let after = second.say(conversation, "twice").await;
    assert_eq!(after["seq"], 2);
    assert_eq!(desk.frame("message").await["message"]["text"], "once");
    assert_eq!(desk.frame("message").await["message"]["text"], "twice");
    house.stop().await;
}

#[tokio::test]
async fn the_same_id_with_another_text_is_a_conflict_and_stores_nothing() {
    let (house, visitor) = house_with_visitor().await;
    let conversation = &visitor.conversation;
    let mut chat = house.chat(&visitor, None).await;
    let id = message_id();
    chat.send(message(conversation, &id, "one")).await;
    chat.frame("ack").await;
    chat.send(message(conversation, &id, "another")).await;
    let error = chat.error().await;
    assert_eq!((&error["code"], &error["id"]), (&json!("id_conflict"), &json!(id)));
    assert_eq!(house.messages(&TenantId::default_tenant(), conversation).await.len(), 1);
    house.stop().await;
}

#[tokio::test]
async fn a_text_that_cannot_be_taken_is_refused_under_its_id() {
    let (house, visitor) = house_with_visitor().await;
    let mut chat = house.chat(&visitor, None).await;
    for text in [
        "",
        " \n\t ",
        "a\u{1b}[31m",
        "\u{0}",
        &"x".repeat(5_001),
        &"😀".repeat(2_501),
    ] {
        let id = message_id();
        chat.send(message(&visitor.conversation, &id, text)).await;
        let error = chat.error().await;
        assert_eq!((&error["code"], &error["id"]), (&json!("invalid_text"), &json!(id)));
    }
    // The longest message there is fits into a frame, also when every unit of it is escaped.
    let escaped = format!(
        r#"{{"type":"send","conversation":"{}","id":"{}","text":"{}"}}"#,
        visitor.conversation,
        message_id(),
        "\\u00e9".repeat(5_000)
    );
    chat.send_text(&escaped).await;
    assert_eq!(chat.frame("ack").await["seq"], 1);
    house.stop().await;
}

async fn write(house: &House, visitor: &Visitor, count: u64) {
    use parlor_protocol::{ConversationId, MessageId, VisitorId};

    let conversation = ConversationId::parse(visitor.conversation.as_str()).unwrap();
    let tenant = TenantId::default_tenant();
    let known = house
        .engine
        .conversation(&tenant, &conversation)
        .await
        .unwrap()
        .unwrap();
    let id: VisitorId = known.visitor;
    let visitor = house.engine.store().visitor(&tenant, &id).await.unwrap().unwrap();
    for number in 1..=count {
        let id = MessageId::parse(message_id()).unwrap();
        let text = format!("number {number}");
        let sent = house.engine.send_as_visitor(&visitor, &conversation, &id, &text, None);
        sent.await.unwrap();
    }
}

fn seqs(page: &Value) -> (u64, u64, usize) {
    let messages = page["messages"].as_array().unwrap();
    let seq = |message: &Value| message["seq"].as_u64().unwrap();
    (seq(&messages[0]), seq(messages.last().unwrap()), messages.len())
}

#[tokio::test]
async fn who_was_away_catches_up_in_pages_of_a_hundred() {
    let (house, visitor) = house_with_visitor().await;
    let conversation = &visitor.conversation;
    write(&house, &visitor, 250).await;
    let mut chat = house
        .socket(&format!("/ws/visitor?widget={}", house.key), Some(&visitor.cookie))
        .await
        .unwrap();
    chat.hello().await;
    chat.subscribe(conversation, Some(0)).await;
    let mut page = chat.frame("page").await;
    assert_eq!(
        (seqs(&page), &page["more"], &page["older"]),
        ((1, 100, 100), &json!(true), &json!(false))
    );
    chat.send(json!({"type": "page", "conversation": conversation, "after": 100}))
        .await;
    page = chat.frame("page").await;
    assert_eq!((seqs(&page), &page["more"]), ((101, 200, 100), &json!(true)));
    chat.send(json!({"type": "page", "conversation": conversation, "after": 200}))
        .await;
    page = chat.frame("page").await;
    assert_eq!((seqs(&page), &page["more"]), ((201, 250, 50), &json!(false)));
    // From here on it is live, without a gap.
    write(&house, &visitor, 1).await;
    assert_eq!(chat.frame("message").await["message"]["seq"], 251);

    // A reader who comes without a number gets the newest page and scrolls up.
    chat.subscribe(conversation, None).await;
    page = chat.frame("page").await;
    assert_eq!(
        (seqs(&page), &page["more"], &page["older"]),
        ((152, 251, 100), &json!(true), &json!(true))
    );
    chat.send(json!({"type": "page", "conversation": conversation, "before": 152}))
        .await;
    page = chat.frame("page").await;
    assert_eq!((seqs(&page), &page["more"]), ((52, 151, 100), &json!(true)));
    chat.send(json!({"type": "page", "conversation": conversation, "before": 52}))
        .await;
    page = chat.frame("page").await;
    assert_eq!((seqs(&page), &page["more"]), ((1, 51, 51), &json!(false)));
    house.stop().await;
}

#[tokio::test]
async fn a_reader_slower_than_the_writer_loses_nothing() {
    let (house, visitor) = house_with_visitor().await;
    let mut desk = house.desk(&house.rep_cookie().await).await;
    desk.subscribe(&visitor.conversation, Some(0)).await;
    // Nothing is read on this side while far more is written than the bus keeps for one who is behind.
    write(&house, &visitor, 230).await;
    let mut seen = Vec::new();
    while seen.last() != Some(&230) {
        match desk.news().await {
            News::Frame(frame) if frame["type"] == "message" => seen.push(frame["message"]["seq"].as_u64().unwrap()),
            News::Frame(frame) if frame["type"] == "page" => {
                let messages = frame["messages"].as_array().unwrap();
                seen.extend(messages.iter().map(|message| message["seq"].as_u64().unwrap()));
                if frame["more"] == true {
                    let after = seen.last().unwrap();
                    let ask = json!({"type": "page", "conversation": visitor.conversation, "after": after});
                    desk.send(ask).await;
                }
            }
            News::Frame(_) => {}
            News::Closed(code) => panic!("closed with {code}"),
        }
    }
    assert_eq!(seen, (1..=230).collect::<Vec<u64>>());
    house.stop().await;
}

#[tokio::test]
async fn a_reader_who_was_cut_off_resumes_from_the_last_number_it_has() {
    let (house, visitor) = house_with_visitor().await;
    write(&house, &visitor, 5).await;
    let mut chat = house.chat(&visitor, Some(0)).await;
    chat.settled().await;
    drop(chat);
    write(&house, &visitor, 3).await;
    let mut back = house
        .socket(&format!("/ws/visitor?widget={}", house.key), Some(&visitor.cookie))
        .await
        .unwrap();
    back.hello().await;
    back.subscribe(&visitor.conversation, Some(5)).await;
    assert_eq!(seqs(&back.frame("page").await), (6, 8, 3));
    house.stop().await;
}

#[tokio::test]
async fn hello_is_answered_by_a_version_both_speak_or_by_the_end() {
    let (house, visitor) = house_with_visitor().await;
    let path = format!("/ws/visitor?widget={}", house.key);
    let mut newer = house.socket(&path, Some(&visitor.cookie)).await.unwrap();
    newer.send(json!({"type": "hello", "versions": [7, 1]})).await;
    assert_eq!(newer.frame("welcome").await["version"], 1);
    newer.send(json!({"type": "hello", "versions": [1]})).await;
    assert_eq!(newer.error().await["code"], "hello_expected", "a second hello");
    for versions in [json!([2]), json!([])] {
        let mut socket = house.socket(&path, Some(&visitor.cookie)).await.unwrap();
        socket.send(json!({"type": "hello", "versions": versions})).await;
        assert_eq!(socket.error().await["code"], "unsupported_version");
        assert_eq!(socket.closed().await, 1008);
    }
    let mut rude = house.socket(&path, Some(&visitor.cookie)).await.unwrap();
    rude.subscribe(&visitor.conversation, None).await;
    assert_eq!(rude.error().await["code"], "hello_expected");
    assert_eq!(rude.closed().await, 1008);
    house.stop().await;
}

#[tokio::test]
async fn who_says_no_hello_within_five_seconds_is_shown_out() {
    let (house, visitor) = house_with_visitor().await;
    let began = Instant::now();
    let path = format!("/ws/visitor?widget={}", house.key);
    let mut silent = house.socket(&path, Some(&visitor.cookie)).await.unwrap();
    let mut pinging = house
        .socket("/ws/inbox", Some(&house.rep_cookie().await))
        .await
        .unwrap();
    pinging.send(json!({"type": "ping"})).await;
    assert_eq!(silent.closed().await, 1008);
    assert_eq!(pinging.closed().await, 1008);
    let took = began.elapsed();
    assert!(
        (Duration::from_secs(4)..Duration::from_secs(9)).contains(&took),
        "{took:?}"
    );
    house.stop().await;
}

#[tokio::test]
async fn each_malformed_frame_gets_an_error_and_three_in_a_row_end_the_socket() {
    let (house, visitor) = house_with_visitor().await;
    let odd = [
        "",
        "null",
        "[]",
        "{}",
        "{\"type\":\"shout\"}",
        "{\"type\":\"ping\",\"extra\":1}",
        "{\"type\":\"subscribe\",\"conversation\":{\"$ne\":null}}",
        "{\"type\":\"subscribe\",\"conversation\":\"UPPER\"}",
        "{\"type\":\"list\",\"since\":-1}",
        "not json",
        "{\"type\":\"send\"",
    ];
    let mut chat = house.chat(&visitor, None).await;
    for text in odd {
        chat.send_text(text).await;
        let error = chat.error().await;
        assert_eq!(error["code"], "malformed_frame", "{text}");
        // A good frame in between: this client makes mistakes, but not three in a row.
        chat.send(json!({"type": "typing", "conversation": visitor.conversation}))
            .await;
    }
    let deep = "[".repeat(20_000);
    for text in [deep.as_str(), "x"] {
        chat.send_text(text).await;
        assert_eq!(chat.error().await["code"], "malformed_frame");
    }
    chat.send_binary(b"\x00\x01").await;
    assert_eq!(chat.error().await["code"], "malformed_frame");
    assert_eq!(chat.closed().await, 1008);
    house.stop().await;
}

#[tokio::test]
async fn frames_of_the_inbox_mean_nothing_from_a_visitor() {
    let (house, visitor) = house_with_visitor().await;
    let mut chat = house.chat(&visitor, None).await;
    chat.send(json!({"type": "list"})).await;
    assert_eq!(chat.error().await["code"], "not_found");
    chat.send(json!({"type": "read", "conversation": visitor.conversation, "seq": 1}))
        .await;
    assert_eq!(chat.error().await["code"], "not_found");
    house.stop().await;
}

#[tokio::test]
async fn a31_three_attempts_at_another_conversation_end_the_socket() {
    let (house, visitor) = house_with_visitor().await;
    let other = house.register(&house.key, "Bob", "bob@example.com").await;
    house.chat(&other, None).await.say(&other.conversation, "secret").await;
    let mut chat = house.chat(&visitor, None).await;
    chat.subscribe(&other.conversation, Some(0)).await;
    assert_eq!(chat.error().await["code"], "not_found");
    let id = message_id();
    chat.send(message(&other.conversation, &id, "forged")).await;
    let error = chat.error().await;
    assert_eq!((&error["code"], &error["id"]), (&json!("not_found"), &json!(id)));
    chat.send(json!({"type": "typing", "conversation": other.conversation}))
        .await;
    match chat.news().await {
        News::Frame(frame) => assert_eq!(frame["code"], "not_found"),
        News::Closed(code) => panic!("closed with {code} before the error"),
    }
    assert_eq!(chat.closed().await, 1008);
    assert_eq!(
        house
            .messages(&TenantId::default_tenant(), &other.conversation)
            .await
            .len(),
        1
    );
    house.stop().await;
}

#[tokio::test]
async fn whoever_stops_following_hears_no_more() {
    let (house, visitor) = house_with_visitor().await;
    let mut desk = house.desk(&house.rep_cookie().await).await;
    desk.subscribe(&visitor.conversation, None).await;
    desk.frame("card").await;
    desk.send(json!({"type": "unsubscribe", "conversation": visitor.conversation}))
        .await;
    desk.settled().await;
    write(&house, &visitor, 1).await;
    match desk.news().await {
        News::Frame(frame) => assert_eq!(frame["type"], "conversation", "the list goes on, the thread does not"),
        News::Closed(code) => panic!("closed with {code}"),
    }
    house.stop().await;
}

#[tokio::test]
async fn a_number_beyond_all_messages_is_answered_and_the_chat_goes_on() {
    let (house, visitor) = house_with_visitor().await;
    let mut chat = house.chat(&visitor, Some(u64::MAX)).await;
    assert_eq!(chat.say(&visitor.conversation, "still here").await["seq"], 1);
    let page = json!({"type": "page", "conversation": visitor.conversation, "after": u64::MAX});
    chat.send(page).await;
    assert_eq!(chat.frame("page").await["messages"], json!([]));
    assert_eq!(chat.say(&visitor.conversation, "and here").await["seq"], 2);
    house.stop().await;
}

#[tokio::test]
async fn whoever_comes_back_learns_that_the_conversation_was_closed_meanwhile() {
    let (house, visitor) = house_with_visitor().await;
    let cookie = house.rep_cookie().await;
    let input = json!({"conversation": visitor.conversation, "state": "closed"});
    assert_eq!(house.inbox_function(&cookie, "set-state", &input).await.status, 200);
    let mut chat = house
        .socket(&format!("/ws/visitor?widget={}", visitor.key), Some(&visitor.cookie))
        .await
        .unwrap();
    chat.hello().await;
    chat.subscribe(&visitor.conversation, Some(0)).await;
    assert_eq!(chat.frame("state").await["state"], "closed");
    house.stop().await;
}
