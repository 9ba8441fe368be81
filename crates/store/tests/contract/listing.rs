//! The inbox's list: change numbers, pages, marks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::{AuthorKind, ConversationId, ConversationState, ConversationSummary, RepId};
use parlor_store::NewVisitor;

use crate::world::{BEGINNING, World, by_visitor, uuid};

pub async fn every_change_gets_a_greater_number_of_its_own(world: World) {
    let nobody = parlor_protocol::TenantId::parse("nobody").unwrap();
    assert_eq!(world.store.latest_change(&nobody).await.unwrap(), 0);
    let mut seen = 0;
    let mut all = Vec::new();
    for index in 0..10 {
        let registered = world.register(&format!("visitor{index}@example.com")).await;
        assert!(registered.change > seen);
        seen = registered.change;
        all.push(registered);
    }
    assert_eq!(world.store.latest_change(&world.tenant).await.unwrap(), seen);

    let callers: Vec<_> = all
        .iter()
        .map(|who| {
            let (store, message) = (Arc::clone(&world.store), by_visitor(who, "together"));
            tokio::spawn(async move { store.append(message).await.unwrap() })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let lines = world
        .store
        .summaries_since(&world.tenant, &world.rep, seen, 100)
        .await
        .unwrap();
    let numbers: BTreeSet<u64> = lines.iter().map(|line| line.change).collect();
    assert_eq!(numbers.len(), 10);
    assert_eq!(
        numbers.last().copied(),
        Some(world.store.latest_change(&world.tenant).await.unwrap())
    );

    let before = *numbers.last().unwrap();
    world
        .store
        .set_conversation_state(&world.tenant, &all[0].conversation, ConversationState::Closed)
        .await
        .unwrap();
    let line = world
        .store
        .summary(&world.tenant, &world.rep, &all[0].conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(line.change, before + 1);
}

pub async fn the_list_resumes_from_a_change_number(world: World) {
    let (ada, bob) = (
        world.register("ada@example.com").await,
        world.register("bob@example.com").await,
    );
    let cleo = world.register("cleo@example.com").await;
    world.say(&ada, "newest").await;
    let since = |since, limit| world.store.summaries_since(&world.tenant, &world.rep, since, limit);

    assert_eq!(
        ids(&since(0, 10).await.unwrap()),
        [&bob.conversation, &cleo.conversation, &ada.conversation]
    );
    assert_eq!(
        ids(&since(0, 2).await.unwrap()),
        [&bob.conversation, &cleo.conversation]
    );
    assert_eq!(
        ids(&since(bob.change, 10).await.unwrap()),
        [&cleo.conversation, &ada.conversation]
    );
    let latest = world.store.latest_change(&world.tenant).await.unwrap();
    assert!(since(latest, 10).await.unwrap().is_empty());
    assert!(since(u64::MAX, 10).await.unwrap().is_empty());
}

pub async fn the_list_goes_back_in_pages(world: World) {
    let mut changes = Vec::new();
    for index in 0..5 {
        changes.push(world.register(&format!("visitor{index}@example.com")).await.change);
    }
    let before = |before, limit| world.store.summaries_before(&world.tenant, &world.rep, before, limit);
    let numbers = |lines: Vec<ConversationSummary>| lines.iter().map(|line| line.change).collect::<Vec<_>>();
    assert_eq!(numbers(before(None, 2).await.unwrap()), [changes[4], changes[3]]);
    assert_eq!(
        numbers(before(Some(changes[3]), 2).await.unwrap()),
        [changes[2], changes[1]]
    );
    assert_eq!(numbers(before(Some(changes[1]), 2).await.unwrap()), [changes[0]]);
}

pub async fn a_line_tells_what_the_inbox_shows(world: World) {
    let ada = world.register_held("Ada@Example.com").await;
    let line = world
        .store
        .summary(&world.tenant, &world.rep, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (line.last_seq, line.preview.as_str(), line.last_author, line.last_at),
        (0, "", None, BEGINNING)
    );
    assert_eq!(
        (line.visitor_name.as_str(), line.email.as_str()),
        ("Ada Lovelace", "ada@example.com")
    );
    assert!(line.held && line.widget_name.starts_with("widget "));
    assert_eq!(
        (line.change, line.state, line.read_seq),
        (ada.change, ConversationState::Open, Some(0))
    );

    world.clock.advance(Duration::from_secs(9));
    world.answer(&ada, &"ä".repeat(500)).await;
    world
        .store
        .mark_read(&world.tenant, &world.rep, &ada.conversation, 1)
        .await
        .unwrap();
    let line = world
        .store
        .summary(&world.tenant, &world.rep, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (line.last_seq, line.last_author, line.last_at),
        (1, Some(AuthorKind::Rep), BEGINNING + 9_000)
    );
    assert!(line.preview.starts_with("äää") && line.preview.chars().count() < 200);
    assert_eq!(line.read_seq, Some(1));

    let another = world.add_rep(&world.tenant, "another@example.com").await;
    let of_another = world
        .store
        .summary(&world.tenant, &another, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(of_another.read_seq, Some(0), "marks are each rep's own");
    let of_all = world
        .store
        .summaries_for_all_since(&world.tenant, line.change - 1, 10)
        .await
        .unwrap();
    assert_eq!(of_all, [ConversationSummary { read_seq: None, ..line }]);
}

pub async fn a_reading_mark_never_goes_back_nor_past_the_last_message(world: World) {
    let ada = world.register("ada@example.com").await;
    for _ in 0..3 {
        world.say(&ada, "word").await;
    }
    let mark = |seq| world.store.mark_read(&world.tenant, &world.rep, &ada.conversation, seq);
    assert_eq!(mark(2).await.unwrap(), Some(2));
    assert_eq!(mark(1).await.unwrap(), Some(2));
    assert_eq!(mark(u64::MAX).await.unwrap(), Some(3));
    let nowhere = ConversationId::parse(uuid()).unwrap();
    assert_eq!(
        world
            .store
            .mark_read(&world.tenant, &world.rep, &nowhere, 1)
            .await
            .unwrap(),
        None
    );
}

pub async fn closing_twice_changes_nothing(world: World) {
    let ada = world.register("ada@example.com").await;
    let set = |state| {
        world
            .store
            .set_conversation_state(&world.tenant, &ada.conversation, state)
    };
    assert_eq!(set(ConversationState::Open).await.unwrap(), Some(false));
    assert_eq!(set(ConversationState::Closed).await.unwrap(), Some(true));
    let change = world.store.latest_change(&world.tenant).await.unwrap();
    assert_eq!(set(ConversationState::Closed).await.unwrap(), Some(false));
    assert_eq!(world.store.latest_change(&world.tenant).await.unwrap(), change);
    let nowhere = ConversationId::parse(uuid()).unwrap();
    let answer = world
        .store
        .set_conversation_state(&world.tenant, &nowhere, ConversationState::Closed)
        .await
        .unwrap();
    assert_eq!(answer, None);
    assert_eq!(
        world.store.release_conversation(&world.tenant, &nowhere).await.unwrap(),
        None
    );
    let nobody = RepId::parse(uuid()).unwrap();
    assert!(
        world
            .store
            .summary(&world.tenant, &nobody, &nowhere)
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn a_conversation_comes_back_as_it_was_registered(world: World) {
    let visitor = NewVisitor {
        last_name: None,
        held: true,
        ..world.visitor("ada@example.com")
    };
    let registered = world.register_as(visitor.clone()).await.unwrap();
    let kept = world
        .store
        .conversation(&world.tenant, &registered.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.id, kept.visitor, kept.widget),
        (visitor.conversation, visitor.id, visitor.widget)
    );
    assert_eq!(
        (kept.visitor_name.as_str(), kept.email.as_str()),
        ("Ada", "ada@example.com")
    );
    assert_eq!(
        (kept.page, kept.state, kept.held),
        (visitor.page, ConversationState::Open, true)
    );
    assert_eq!((kept.last_seq, kept.created_at.millis()), (0, BEGINNING));
}

fn ids(lines: &[ConversationSummary]) -> Vec<&ConversationId> {
    lines.iter().map(|line| &line.id).collect()
}
