//! A30: a rep of one tenant, and every address and frame that takes an id, with the ids of another tenant.

use parlor_protocol::{
    ClaimedEmail, ConversationId, MessageId, MessageText, PageContext, PersonName, TenantId, VisitorId, WidgetKey,
};
use parlor_store::{Append, AppendOutcome, NewVisitor, SecretHash, Writer};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::site::message_id;
use crate::socket::message;

const THEIR_REP: &str = "rep@other.example";

/// Another tenant's rows, put straight into the store.
struct Theirs {
    tenant: TenantId,
    key: String,
    visitor: VisitorId,
    conversation: String,
    message: String,
}

async fn second_tenant(house: &House) -> Theirs {
    let tenant = TenantId::parse("other").unwrap();
    let key = house.add_widget(&tenant, "Theirs", &["https://other.example"]).await;
    house.add_rep(&tenant, THEIR_REP, "Their rep").await;
    let store = house.engine.store();
    let widget = store
        .widget_by_key(&WidgetKey::parse(key.as_str()).unwrap())
        .await
        .unwrap()
        .unwrap();
    let (visitor, conversation) = (
        house.engine.context().visitor_id(),
        house.engine.context().conversation_id(),
    );
    let registered = NewVisitor {
        id: visitor.clone(),
        conversation: conversation.clone(),
        widget: widget.settings.id,
        first_name: PersonName::parse("Grace").unwrap(),
        last_name: None,
        email: ClaimedEmail::parse("grace@other.example").unwrap(),
        page: PageContext::default(),
        held: true,
        code: (SecretHash([7; 32]), house.engine.now()),
        form: None,
    };
    store.register(&tenant, registered).await.unwrap();
    let message = message_id();
    let append = Append {
        tenant: tenant.clone(),
        conversation: conversation.clone(),
        writer: Writer::Visitor(visitor.clone()),
        name: "Grace".to_owned(),
        id: MessageId::parse(message.as_str()).unwrap(),
        text: MessageText::parse("their secret").unwrap(),
    };
    assert!(matches!(store.append(append).await.unwrap(), AppendOutcome::Stored(_)));
    Theirs {
        tenant,
        key,
        visitor,
        conversation: conversation.to_string(),
        message,
    }
}

/// All that the second tenant has, as the store tells it.
async fn snapshot(house: &House, theirs: &Theirs) -> String {
    let store = house.engine.store();
    let conversation = ConversationId::parse(theirs.conversation.as_str()).unwrap();
    let kept = store
        .conversation(&theirs.tenant, &conversation)
        .await
        .unwrap()
        .unwrap();
    let messages = house.messages(&theirs.tenant, &theirs.conversation).await;
    let change = store.latest_change(&theirs.tenant).await.unwrap();
    let visitor = store.visitor(&theirs.tenant, &theirs.visitor).await.unwrap().unwrap();
    let mark = house.conversations(&theirs.tenant).await[0].read_seq;
    format!("{kept:?} {messages:?} {change} {visitor:?} {mark:?}")
}

/// A page without what is new in each: ids and nonces.
fn masked(text: &str) -> String {
    let mut masked = text.to_owned();
    for marker in ["nonce=\"", "nonce-"] {
        let pieces: Vec<&str> = masked.split(marker).collect();
        let rest = pieces.iter().skip(1).map(|piece| {
            let end = piece.find(['"', '\'']).unwrap_or(0);
            &piece[end..]
        });
        masked = std::iter::once(pieces[0]).chain(rest).collect::<Vec<_>>().join(marker);
    }
    masked
}

#[tokio::test]
async fn a30_every_address_answers_for_another_tenants_id_as_for_none() {
    let house = House::start().await;
    let theirs = second_tenant(&house).await;
    let before = snapshot(&house, &theirs).await;
    let rep = house.rep_cookie().await;
    let nothing = message_id();
    // Their conversation's id; their visitor's and message's where a conversation's belongs; an id of nobody's.
    let ids = [
        &theirs.conversation,
        &theirs.visitor.to_string(),
        &theirs.message,
        &nothing,
    ];
    let mut answers = Vec::new();
    for id in ids {
        let text = [("id", message_id()), ("text", "forged".to_owned())];
        let form: Vec<(&str, &str)> = text.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = house.ask("GET", &format!("/inbox/{id}")).cookie(&rep).answer().await;
        let posted = house
            .ask("POST", &format!("/inbox/{id}/messages"))
            .cookie(&rep)
            .form(&form)
            .answer()
            .await;
        let close = json!({"conversation": id, "state": "closed"});
        let closed = house.inbox_function(&rep, "set-state", &close).await;
        let released = house
            .inbox_function(&rep, "release", &json!({"conversation": id}))
            .await;
        let all = [page, posted, closed, released];
        for answer in &all {
            assert_eq!(answer.status, 404, "{}", answer.text);
        }
        answers.push(all.map(|answer| masked(&answer.text)));
    }
    for other in &answers[..3] {
        assert_eq!(other, &answers[3]);
    }
    assert_eq!(snapshot(&house, &theirs).await, before);
    house.stop().await;
}

#[tokio::test]
async fn a30_every_frame_answers_for_another_tenants_id_as_for_none() {
    let house = House::start().await;
    let theirs = second_tenant(&house).await;
    let before = snapshot(&house, &theirs).await;
    let mut their_desk = house.desk(&house.sign_in(THEIR_REP, PASSWORD).await).await;
    their_desk.subscribe(&theirs.conversation, None).await;
    their_desk.frame("card").await;
    let rep = house.rep_cookie().await;
    let mine = house.register(&house.key, "Ada", "ada@example.com").await;
    let nothing = message_id();
    let ids = [
        &theirs.conversation,
        &theirs.visitor.to_string(),
        &theirs.message,
        &nothing,
    ];
    let mut answers = Vec::new();
    for id in ids {
        let mut desk = house.desk(&rep).await;
        let mut heard = Vec::new();
        for frame in [
            json!({"type": "subscribe", "conversation": id}),
            json!({"type": "subscribe", "conversation": id, "last_seq": 0}),
            json!({"type": "page", "conversation": id, "after": 0}),
            json!({"type": "page", "conversation": id, "before": 9}),
            message(id, &theirs.message, "forged"),
            json!({"type": "read", "conversation": id, "seq": 1}),
        ] {
            desk.send(frame).await;
            heard.push(desk.error().await);
        }
        desk.send(json!({"type": "typing", "conversation": id})).await;
        desk.send(json!({"type": "unsubscribe", "conversation": id})).await;
        desk.settled().await;
        assert!(heard.iter().all(|error| error["code"] == "not_found"), "{heard:?}");
        answers.push(heard);
        // A visitor knows one conversation, and no other tenant's either.
        let mut chat = house.chat(&mine, None).await;
        chat.subscribe(id, Some(0)).await;
        assert_eq!(chat.error().await["code"], "not_found");
    }
    for other in &answers[..3] {
        assert_eq!(other, &answers[3]);
    }
    assert_eq!(snapshot(&house, &theirs).await, before);
    // Nothing of all that was heard on the other side: the first thing after it is the pong.
    their_desk.send(json!({"type": "ping"})).await;
    match their_desk.news().await {
        crate::socket::News::Frame(frame) => assert_eq!(frame["type"], "pong", "{frame}"),
        crate::socket::News::Closed(code) => panic!("closed with {code}"),
    }
    house.stop().await;
}

#[tokio::test]
async fn a30_the_list_and_its_news_are_one_tenants() {
    let house = House::start().await;
    let theirs = second_tenant(&house).await;
    let mut desk = house.desk(&house.rep_cookie().await).await;
    for frame in [
        json!({"type": "list"}),
        json!({"type": "list", "since": 0}),
        json!({"type": "list", "before": 99}),
    ] {
        desk.send(frame).await;
        assert_eq!(desk.frame("list").await["conversations"], json!([]));
    }
    house.register(&theirs.key, "Theirs", "new@other.example").await;
    desk.send(json!({"type": "ping"})).await;
    match desk.news().await {
        crate::socket::News::Frame(frame) => assert_eq!(frame["type"], "pong", "{frame}"),
        crate::socket::News::Closed(code) => panic!("closed with {code}"),
    }
    let page = house
        .ask("GET", "/inbox")
        .cookie(&house.rep_cookie().await)
        .answer()
        .await;
    assert!(!page.text.contains("Grace") && !page.text.contains("their secret"));
    house.stop().await;
}

#[tokio::test]
async fn a33_a34_without_a_rep_the_inbox_shows_and_does_nothing_whatever_key_is_shown() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let conversation = &visitor.conversation;
    let key = &house.key;
    for (header, value) in [
        ("accept", "*/*".to_owned()),
        ("authorization", format!("Bearer {key}")),
        ("cookie", format!("parlor-rep={key}")),
        ("cookie", visitor.cookie.clone()),
        ("x-api-key", key.clone()),
    ] {
        for path in [
            "/inbox".to_owned(),
            format!("/inbox/{conversation}"),
            "/inbox/password".to_owned(),
        ] {
            let answer = house.ask("GET", &path).header(header, &value).answer().await;
            assert_eq!(answer.status, 303, "{path}");
            assert!(answer.header("location").starts_with("/inbox/sign-in"), "{path}");
        }
        for (function, input) in [
            ("set-state", json!({"conversation": conversation, "state": "closed"})),
            ("release", json!({"conversation": conversation})),
        ] {
            let ask = house
                .ask("POST", &format!("/api/inbox/{function}"))
                .header(header, &value);
            assert_eq!(ask.json(&input).answer().await.status, 401, "{function}");
        }
        let form: Value = json!({"id": message_id()});
        let ask = house
            .ask("POST", &format!("/inbox/{conversation}/messages"))
            .header(header, &value);
        let posted = ask
            .form(&[("id", form["id"].as_str().unwrap()), ("text", "forged")])
            .answer()
            .await;
        assert!(posted.header("location").starts_with("/inbox/sign-in"));
    }
    let line = house.summary(conversation).await;
    assert_eq!((line.last_seq, line.state.as_str()), (0, "open"));
    house.stop().await;
}
