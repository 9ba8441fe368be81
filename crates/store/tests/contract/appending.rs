//! Messages: one place each, once each, and on disk when that is said.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::{AuthorKind, ConversationId, ConversationState, MessageText, VisitorId};
use parlor_store::{Append, AppendOutcome, StoreError, Writer};

use crate::world::{BEGINNING, World, by_visitor, stored, uuid};

pub async fn a_message_gets_the_next_seq_and_the_commits_time(world: World) {
    let ada = world.register("ada@example.com").await;
    let first = world.say(&ada, "one").await;
    world.clock.advance(Duration::from_secs(2));
    let second = world.answer(&ada, "two").await;

    assert_eq!(
        (first.message.seq, first.message.at, first.new, first.reopened),
        (1, BEGINNING, true, false)
    );
    assert_eq!((second.message.seq, second.message.at), (2, BEGINNING + 2_000));
    assert_eq!(
        (second.message.author.kind, second.message.author.name.as_str()),
        (AuthorKind::Rep, "Grace")
    );
    let kept = world
        .store
        .messages_after(&world.tenant, &ada.conversation, 0, 10)
        .await
        .unwrap();
    assert_eq!(kept, [first.message, second.message]);
}

pub async fn a_resend_is_the_same_message(world: World) {
    let ada = world.register("ada@example.com").await;
    let message = by_visitor(&ada, "once");
    let first = stored(world.store.append(message.clone()).await.unwrap());
    world.say(&ada, "between").await;
    world.clock.advance(Duration::from_secs(5));
    let renamed = Append {
        name: "Another Name".into(),
        ..message
    };
    let again = stored(world.store.append(renamed).await.unwrap());

    assert_eq!(again.message, first.message);
    assert!(first.new && !again.new && !again.reopened);
    let change = world.store.latest_change(&world.tenant).await.unwrap();
    assert_eq!(change, ada.change + 2, "a resend is no change");
    assert_eq!(
        world
            .store
            .messages_after(&world.tenant, &ada.conversation, 0, 10)
            .await
            .unwrap()
            .len(),
        2
    );
}

pub async fn the_same_id_with_other_text_or_another_writer_is_a_conflict(world: World) {
    let ada = world.register("ada@example.com").await;
    let message = by_visitor(&ada, "mine");
    stored(world.store.append(message.clone()).await.unwrap());

    let other_text = Append {
        text: MessageText::parse("not mine").unwrap(),
        ..message.clone()
    };
    let other_writer = Append {
        writer: Writer::Rep(world.rep.clone()),
        ..message
    };
    for conflicting in [other_text, other_writer] {
        assert_eq!(
            world.store.append(conflicting).await.unwrap(),
            AppendOutcome::IdConflict
        );
    }
    assert_eq!(
        world
            .store
            .messages_after(&world.tenant, &ada.conversation, 0, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn the_same_id_in_another_conversation_is_another_message(world: World) {
    let (ada, bob) = (
        world.register("ada@example.com").await,
        world.register("bob@example.com").await,
    );
    let message = by_visitor(&ada, "hello");
    let of_bob = Append {
        id: message.id.clone(),
        ..by_visitor(&bob, "other")
    };
    assert!(stored(world.store.append(message).await.unwrap()).new);
    assert!(stored(world.store.append(of_bob).await.unwrap()).new);
}

pub async fn twins_that_arrive_together_are_one_message(world: World) {
    let ada = world.register("ada@example.com").await;
    for _ in 0..20 {
        let message = by_visitor(&ada, "twin");
        let outcomes = together(&world, vec![message; 8]).await;
        let appended: Vec<_> = outcomes.into_iter().map(stored).collect();
        assert_eq!(appended.iter().filter(|appended| appended.new).count(), 1);
        assert!(appended.iter().all(|twin| twin.message == appended[0].message));
    }
    let kept = world
        .store
        .messages_after(&world.tenant, &ada.conversation, 0, 100)
        .await
        .unwrap();
    assert_eq!(
        kept.iter().map(|message| message.seq).collect::<Vec<_>>(),
        (1..=20).collect::<Vec<_>>()
    );
}

pub async fn of_two_texts_under_one_id_that_arrive_together_one_is_kept(world: World) {
    let ada = world.register("ada@example.com").await;
    for _ in 0..20 {
        let one = by_visitor(&ada, "one text");
        let other = Append {
            text: MessageText::parse("other text").unwrap(),
            ..one.clone()
        };
        let outcomes = together(&world, vec![one, other]).await;
        let conflicts = outcomes
            .iter()
            .filter(|outcome| **outcome == AppendOutcome::IdConflict)
            .count();
        assert_eq!(conflicts, 1, "{outcomes:?}");
    }
    assert_eq!(
        world
            .store
            .messages_after(&world.tenant, &ada.conversation, 0, 100)
            .await
            .unwrap()
            .len(),
        20
    );
}

pub async fn fifty_writers_at_once_leave_no_gap(world: World) {
    let (ada, bob) = (
        world.register("ada@example.com").await,
        world.register("bob@example.com").await,
    );
    let mut messages = Vec::new();
    for index in 0..500 {
        let whose = if index % 2 == 0 { &ada } else { &bob };
        let text = format!("message {index}");
        messages.push(if index % 3 == 0 {
            world.by_rep(whose, &text)
        } else {
            by_visitor(whose, &text)
        });
    }
    let mut writers = Vec::new();
    for share in messages.chunks(10) {
        let (store, share) = (Arc::clone(&world.store), share.to_vec());
        writers.push(tokio::spawn(async move {
            let mut before = Vec::new();
            for message in share {
                let appended = stored(store.append(message.clone()).await.unwrap());
                before.push((message.conversation, appended.message.seq));
            }
            before
        }));
    }
    for writer in writers {
        let acknowledged = writer.await.unwrap();
        for whose in [&ada, &bob] {
            let seqs: Vec<u64> = acknowledged
                .iter()
                .filter(|(id, _)| *id == whose.conversation)
                .map(|(_, seq)| *seq)
                .collect();
            assert!(seqs.is_sorted(), "one writer's messages keep their order");
        }
    }
    for whose in [&ada, &bob] {
        let kept = world
            .store
            .messages_after(&world.tenant, &whose.conversation, 0, 1_000)
            .await
            .unwrap();
        assert_eq!(
            kept.iter().map(|message| message.seq).collect::<Vec<_>>(),
            (1..=250).collect::<Vec<_>>()
        );
        let texts: BTreeSet<_> = kept.iter().map(|message| &message.text).collect();
        assert_eq!(texts.len(), 250);
        let conversation = world
            .store
            .conversation(&world.tenant, &whose.conversation)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(conversation.last_seq, 250);
    }
}

/// A31.
pub async fn a_visitor_cannot_write_into_anothers_conversation(world: World) {
    let (ada, bob) = (
        world.register("ada@example.com").await,
        world.register("bob@example.com").await,
    );
    let intrusion = Append {
        conversation: bob.conversation.clone(),
        ..by_visitor(&ada, "let me in")
    };
    let honest = by_visitor(&bob, "mine");
    // Nor does it learn that an id is there.
    let echo = Append {
        conversation: bob.conversation.clone(),
        id: honest.id.clone(),
        ..by_visitor(&ada, "mine")
    };

    let outcomes = together(&world, vec![intrusion.clone(), honest, intrusion, echo.clone()]).await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == AppendOutcome::NotFound)
            .count(),
        3
    );
    assert_eq!(world.store.append(echo).await.unwrap(), AppendOutcome::NotFound);
    let kept = world
        .store
        .messages_after(&world.tenant, &bob.conversation, 0, 10)
        .await
        .unwrap();
    assert_eq!(
        kept.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        ["mine"]
    );
}

pub async fn nobody_can_write_into_a_conversation_that_is_not_there(world: World) {
    let ada = world.register("ada@example.com").await;
    let nowhere = ConversationId::parse(uuid()).unwrap();
    for message in [by_visitor(&ada, "hello"), world.by_rep(&ada, "hello")] {
        let lost = Append {
            conversation: nowhere.clone(),
            ..message
        };
        assert_eq!(world.store.append(lost).await.unwrap(), AppendOutcome::NotFound);
    }
    let stranger = Writer::Visitor(VisitorId::parse(uuid()).unwrap());
    let foreign = Append {
        writer: stranger,
        ..by_visitor(&ada, "hello")
    };
    assert_eq!(world.store.append(foreign).await.unwrap(), AppendOutcome::NotFound);
}

pub async fn a_visitors_message_opens_a_closed_conversation_and_a_reps_does_not(world: World) {
    let ada = world.register("ada@example.com").await;
    let close = || {
        world
            .store
            .set_conversation_state(&world.tenant, &ada.conversation, ConversationState::Closed)
    };
    let state = || async {
        world
            .store
            .conversation(&world.tenant, &ada.conversation)
            .await
            .unwrap()
            .unwrap()
            .state
    };
    assert_eq!(close().await.unwrap(), Some(true));
    assert!(!world.answer(&ada, "one more thing").await.reopened);
    assert_eq!(state().await, ConversationState::Closed);

    assert!(world.say(&ada, "yes?").await.reopened);
    assert_eq!(state().await, ConversationState::Open);
    assert!(!world.say(&ada, "still here").await.reopened);

    close().await.unwrap();
    let outcomes = together(&world, (0..5).map(|_| by_visitor(&ada, "all at once")).collect()).await;
    let reopened = outcomes
        .into_iter()
        .map(stored)
        .filter(|appended| appended.reopened)
        .count();
    assert_eq!(reopened, 1, "one of them opened it");
}

pub async fn a_resend_does_not_open_a_closed_conversation(world: World) {
    let ada = world.register("ada@example.com").await;
    let message = by_visitor(&ada, "bye");
    stored(world.store.append(message.clone()).await.unwrap());
    world
        .store
        .set_conversation_state(&world.tenant, &ada.conversation, ConversationState::Closed)
        .await
        .unwrap();

    assert!(!stored(world.store.append(message).await.unwrap()).reopened);
    let conversation = world
        .store
        .conversation(&world.tenant, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(conversation.state, ConversationState::Closed);
}

pub async fn time_does_not_go_back_within_a_conversation(world: World) {
    let ada = world.register("ada@example.com").await;
    let first = world.say(&ada, "before").await;
    world.clock.set(BEGINNING - 3_600_000);
    let second = world.say(&ada, "after the clock was set back").await;
    let bob = world.register("bob@example.com").await;
    let elsewhere = world.say(&bob, "a new conversation").await;

    assert_eq!(second.message.at, first.message.at);
    assert_eq!(elsewhere.message.at, BEGINNING - 3_600_000);
}

pub async fn a_restart_keeps_everything(world: World) {
    let ada = world.register("ada@example.com").await;
    let message = by_visitor(&ada, "kept");
    let first = stored(world.store.append(message.clone()).await.unwrap());
    world
        .store
        .mark_read(&world.tenant, &world.rep, &ada.conversation, 1)
        .await
        .unwrap();
    let line = world
        .store
        .summary(&world.tenant, &world.rep, &ada.conversation)
        .await
        .unwrap();
    let change = world.store.latest_change(&world.tenant).await.unwrap();

    let world = world.restart();
    assert_eq!(
        world
            .store
            .summary(&world.tenant, &world.rep, &ada.conversation)
            .await
            .unwrap(),
        line
    );
    assert_eq!(world.store.latest_change(&world.tenant).await.unwrap(), change);
    let again = stored(world.store.append(message).await.unwrap());
    assert!(!again.new);
    assert_eq!(again.message, first.message);
    assert_eq!(world.say(&ada, "goes on").await.message.seq, 2);
}

pub async fn a_caller_that_goes_away_disturbs_nobody(world: World) {
    let ada = world.register("ada@example.com").await;
    let store = Arc::clone(&world.store);
    let leaving = by_visitor(&ada, "gone before the answer");
    let caller = tokio::spawn({
        let leaving = leaving.clone();
        async move { store.append(leaving).await }
    });
    tokio::task::yield_now().await;
    caller.abort();
    let _ = caller.await;

    // Whether it came to be stored or not, the client sends it again, and it is there once.
    let again = stored(world.store.append(leaving).await.unwrap());
    assert_eq!(again.message.seq, 1);
    assert_eq!(world.say(&ada, "next").await.message.seq, 2);
}

pub async fn text_comes_back_as_it_was(world: World) {
    let ada = world.register("ada@example.com").await;
    let texts = [
        "\"quoted\" \\u0041 \\ \n\ttab",
        "{\"$ne\":null}",
        "[1,2]",
        "007",
        "null",
        "1e5",
        "👩‍💻 עברית العربية \u{202e}x",
        " leading and trailing ",
        "\u{7f}\u{85}\u{2028}",
    ];
    for text in texts {
        assert_eq!(world.say(&ada, text).await.message.text, text);
    }
    let longest = "😀".repeat(2_500);
    world.say(&ada, &longest).await;
    let kept = world
        .store
        .messages_after(&world.tenant, &ada.conversation, 0, 100)
        .await
        .unwrap();
    let expected: Vec<&str> = texts.into_iter().chain([longest.as_str()]).collect();
    assert_eq!(
        kept.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        expected
    );
}

pub async fn messages_come_in_pages(world: World) {
    let ada = world.register("ada@example.com").await;
    for index in 1..=7 {
        world.say(&ada, &index.to_string()).await;
    }
    let seqs =
        |messages: Vec<parlor_protocol::Message>| -> Vec<u64> { messages.iter().map(|message| message.seq).collect() };
    let (tenant, id) = (&world.tenant, &ada.conversation);
    assert_eq!(
        seqs(world.store.messages_after(tenant, id, 2, 3).await.unwrap()),
        [3, 4, 5]
    );
    assert_eq!(
        seqs(world.store.messages_after(tenant, id, 7, 3).await.unwrap()),
        [0_u64; 0]
    );
    assert_eq!(
        seqs(world.store.messages_after(tenant, id, u64::MAX, 3).await.unwrap()),
        [0_u64; 0]
    );
    assert_eq!(
        seqs(world.store.messages_before(tenant, id, None, 3).await.unwrap()),
        [5, 6, 7]
    );
    assert_eq!(
        seqs(world.store.messages_before(tenant, id, Some(5), 3).await.unwrap()),
        [2, 3, 4]
    );
    assert_eq!(
        seqs(
            world
                .store
                .messages_before(tenant, id, Some(2), usize::MAX)
                .await
                .unwrap()
        ),
        [1]
    );
    assert_eq!(
        seqs(world.store.messages_before(tenant, id, Some(1), 3).await.unwrap()),
        [0_u64; 0]
    );
}

pub async fn a_failing_job_does_not_spoil_those_committed_with_it(world: World) {
    let ada = world.register("ada@example.com").await;
    let taken = world.visitor("ada@example.com");
    world.register_as(taken.clone()).await.unwrap();
    let mut registrations = Vec::new();
    for index in 0..40 {
        let visitor = if index % 2 == 0 {
            taken.clone()
        } else {
            world.visitor("new@example.com")
        };
        let (store, tenant, message) = (
            Arc::clone(&world.store),
            world.tenant.clone(),
            by_visitor(&ada, "beside it"),
        );
        registrations.push(tokio::spawn(async move {
            tokio::join!(store.register(&tenant, visitor), store.append(message))
        }));
    }
    for (index, registration) in registrations.into_iter().enumerate() {
        let (registered, appended) = registration.await.unwrap();
        stored(appended.unwrap());
        if index % 2 == 0 {
            assert!(matches!(registered, Err(StoreError::Exists { .. })));
        } else {
            registered.unwrap();
        }
    }
    let kept = world
        .store
        .messages_after(&world.tenant, &ada.conversation, 0, 100)
        .await
        .unwrap();
    assert_eq!(kept.len(), 40);
}

/// Appends from as many callers at once.
async fn together(world: &World, messages: Vec<Append>) -> Vec<AppendOutcome> {
    let callers: Vec<_> = messages
        .into_iter()
        .map(|message| {
            let store = Arc::clone(&world.store);
            tokio::spawn(async move { store.append(message).await.unwrap() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.push(caller.await.unwrap());
    }
    outcomes
}
