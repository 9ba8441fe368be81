//! How much one client may ask for, and that the others do not feel it.

use std::time::{Duration, Instant};

use parlor_protocol::TenantId;
use serde_json::json;

use crate::house::House;
use crate::site::message_id;
use crate::socket::{News, Socket, message};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a84_a_flood_on_one_socket_is_slowed_then_shut_out_and_loses_nothing_it_was_promised() {
    let house = House::start().await;
    let flooder = house.register(&house.key, "Eve", "eve@example.com").await;
    let other = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut calm = house.chat(&other, None).await;
    let mut flood = house.chat(&flooder, None).await;

    let conversation = other.conversation.clone();
    let chatting = tokio::spawn(async move {
        let mut slowest = Duration::ZERO;
        for number in 0..20 {
            let began = Instant::now();
            calm.say(&conversation, &format!("calm {number}")).await;
            slowest = slowest.max(began.elapsed());
        }
        slowest
    });
    let ids: Vec<String> = (0..1_000).map(|_| message_id()).collect();
    for id in &ids {
        if !flood.try_send(&message(&flooder.conversation, id, "flood")).await {
            break;
        }
    }
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    let code = loop {
        match flood.news().await {
            News::Frame(frame) if frame["type"] == "ack" => taken.push(frame["id"].as_str().unwrap().to_owned()),
            News::Frame(frame) if frame["code"] == "rate_limited" => {
                assert!(frame["retry_after_ms"].as_u64().unwrap() >= 50);
                refused.push(frame["id"].as_str().unwrap().to_owned());
            }
            News::Frame(frame) => panic!("{frame}"),
            News::Closed(code) => break code,
        }
    };
    assert!((30..60).contains(&taken.len()), "{} were taken at once", taken.len());
    assert!(refused.len() >= 20, "{} were told to wait", refused.len());
    // A client that writes on against a closed door may be reset before it reads why.
    assert!(code == 1008 || code == 0, "{code}");

    let mut back = house.chat(&flooder, None).await;
    heed(&mut back, &flooder.conversation, &refused[0]).await;
    let stored = house.messages(&TenantId::default_tenant(), &flooder.conversation).await;
    assert_eq!(
        stored.len(),
        taken.len() + 1,
        "what was acknowledged is there, and nothing else"
    );
    let slowest = chatting.await.unwrap();
    assert!(
        slowest < Duration::from_secs(2),
        "another visitor's message took {slowest:?}"
    );
    house.stop().await;
}

/// Sends a message until it is taken, and waits in between as long as the server asks: that delay is what is tested.
async fn heed(chat: &mut Socket, conversation: &str, id: &str) {
    loop {
        chat.send(message(conversation, id, "flood")).await;
        let News::Frame(frame) = chat.news().await else {
            panic!("closed although the delay was heeded");
        };
        if frame["type"] == "ack" {
            return;
        }
        assert_eq!((&frame["code"], &frame["id"]), (&json!("rate_limited"), &json!(id)));
        let delay = frame["retry_after_ms"].as_u64().unwrap();
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
}

/// Sends so many messages at once; answers how many were taken, and the ids of the others.
async fn burst(chat: &mut Socket, conversation: &str, count: usize) -> (usize, Vec<String>) {
    for _ in 0..count {
        chat.send(message(conversation, &message_id(), "flood")).await;
    }
    let (mut taken, mut refused) = (0, Vec::new());
    while taken + refused.len() < count {
        match chat.news().await {
            News::Frame(frame) if frame["type"] == "ack" => taken += 1,
            News::Frame(frame) if frame["code"] == "rate_limited" => {
                refused.push(frame["id"].as_str().unwrap().to_owned());
            }
            News::Frame(_) => {}
            News::Closed(code) => panic!("closed with {code}"),
        }
    }
    (taken, refused)
}

#[tokio::test]
async fn a84_a_new_connection_is_no_new_start_for_a_visitor_nor_for_a_rep() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Eve", "eve@example.com").await;
    let conversation = &visitor.conversation;
    let rep = house.rep_cookie().await;
    let sockets = [
        (house.chat(&visitor, None).await, house.chat(&visitor, None).await),
        (house.desk(&rep).await, house.desk(&rep).await),
    ];
    for (mut first, mut second) in sockets {
        let (taken, _) = burst(&mut first, conversation, 100).await;
        assert!((30..60).contains(&taken), "{taken} were taken at once");
        drop(first);
        let (taken, refused) = burst(&mut second, conversation, 30).await;
        assert!(taken < 15, "{taken} were taken on another socket");
        heed(&mut second, conversation, &refused[0]).await;
    }
    house.stop().await;
}

#[tokio::test]
async fn a84_a_plain_form_counts_like_a_socket_and_keeps_what_was_typed() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Eve", "eve@example.com").await;
    let conversation = &visitor.conversation;
    let rep = house.rep_cookie().await;
    burst(&mut house.chat(&visitor, None).await, conversation, 60).await;
    burst(&mut house.desk(&rep).await, conversation, 60).await;
    for (path, cookie) in [
        (format!("/widget/{}/messages", visitor.key), &visitor.cookie),
        (format!("/inbox/{conversation}/messages"), &rep),
    ] {
        let post = async |id: &str| {
            let ask = house.ask("POST", &path).cookie(cookie);
            ask.form(&[("id", id), ("text", "typed with care")]).answer().await
        };
        // One may just have become free.
        let (id, refused) = loop {
            let id = message_id();
            let answer = post(&id).await;
            if answer.status != 303 {
                break (id, answer);
            }
        };
        assert_eq!(refused.status, 429);
        assert!(refused.text.contains("typed with care"), "{}", refused.text);
        assert!(refused.text.contains(&format!("value=\"{id}\"")), "{}", refused.text);
        let delay: u64 = refused.header("retry-after").parse().unwrap();
        tokio::time::sleep(Duration::from_secs(delay)).await;
        assert_eq!(post(&id).await.status, 303);
    }
    house.stop().await;
}

#[tokio::test]
async fn a84_whoever_heeds_the_delay_goes_on() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut chat = house.chat(&visitor, None).await;
    let mut pending: Vec<String> = (0..38).map(|_| message_id()).collect();
    let mut waited = 0;
    while !pending.is_empty() {
        for id in &pending {
            chat.send(message(&visitor.conversation, id, "patience")).await;
        }
        let mut delay = 0;
        for _ in 0..pending.len() {
            let News::Frame(frame) = chat.news().await else {
                panic!("closed although the delay was heeded");
            };
            if frame["type"] == "ack" {
                pending.retain(|id| frame["id"] != id.as_str());
            } else {
                assert_eq!(frame["code"], "rate_limited");
                assert!(
                    pending.iter().any(|id| frame["id"] == id.as_str()),
                    "the message stays pending"
                );
                delay = delay.max(frame["retry_after_ms"].as_u64().unwrap());
                waited += 1;
            }
        }
        // The delay that the server asks for is what is tested.
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    assert!(waited > 0, "more than may be sent at once was sent at once");
    assert_eq!(house.summary(&visitor.conversation).await.last_seq, 38);
    house.stop().await;
}

#[tokio::test]
async fn a84_a_flood_of_typing_ends_the_socket() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Eve", "eve@example.com").await;
    let mut chat = house.chat(&visitor, None).await;
    let typing = json!({"type": "typing", "conversation": visitor.conversation});
    for _ in 0..1_000 {
        if !chat.try_send(&typing).await {
            break;
        }
    }
    let code = chat.closed().await;
    assert!(code == 1008 || code == 0, "{code}");
    house.stop().await;
}

#[tokio::test]
async fn a89_beyond_its_places_the_server_says_503_and_the_others_live_on() {
    let house = House::start_with(&[("PARLOR_MAX_SOCKETS", "3")]).await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let path = format!("/ws/visitor?widget={}", house.key);
    let mut open = Vec::new();
    while open.len() < 3 {
        // The place of the socket that registration looked with is free again once the server has seen it go.
        match house.socket(&path, Some(&visitor.cookie)).await {
            Ok(mut socket) => {
                socket.hello().await;
                open.push(socket);
            }
            Err(refused) => {
                assert_eq!(refused.0, 503);
                tokio::task::yield_now().await;
            }
        }
    }
    let rep = house.rep_cookie().await;
    for (path, cookie) in [(path.as_str(), &visitor.cookie), ("/ws/inbox", &rep)] {
        let refused = house.socket(path, Some(cookie)).await.err().expect("there is no place");
        assert_eq!(refused.0, 503);
    }
    for socket in &mut open {
        socket.settled().await;
    }
    assert_eq!(house.get("/readyz").await.status, 200);
    drop(open.pop());
    let mut next = loop {
        match house.socket(&path, Some(&visitor.cookie)).await {
            Ok(socket) => break socket,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    next.hello().await;
    house.stop().await;
}

#[tokio::test]
async fn a90_compression_is_offered_and_never_taken() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    // Every socket of these tests offers permessage-deflate.
    let chat = house.chat(&visitor, None).await;
    assert!(!chat.upgrade.contains_key("sec-websocket-extensions"));
    house.stop().await;
}

/// What our own client does after an outage: everything that is pending, at once.
#[tokio::test]
async fn a84_a_resend_of_sixty_messages_is_slowed_and_not_shut_out() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut chat = house.chat(&visitor, None).await;
    let ids: Vec<String> = (0..60).map(|_| message_id()).collect();
    for id in &ids {
        chat.send(message(&visitor.conversation, id, "written while away"))
            .await;
    }
    let (mut taken, mut delayed) = (0, 0);
    for _ in &ids {
        match chat.news().await {
            News::Frame(frame) if frame["type"] == "ack" => taken += 1,
            News::Frame(frame) if frame["code"] == "rate_limited" => delayed += 1,
            News::Frame(frame) => panic!("{frame}"),
            News::Closed(code) => panic!("closed with {code}"),
        }
    }
    assert!(taken >= 30 && taken + delayed == 60, "{taken} taken, {delayed} delayed");
    house.stop().await;
}
