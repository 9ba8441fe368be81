//! Erasure: what goes, what stays, and what is ordered.

use std::time::Duration;

use parlor_store::{
    AppendOutcome, Coalescing, Erased, ErasureNoteAction, Forget, NoteKind, NoteRange, NoteState, PlannedNote,
    RecordState, Sending, Timestamp, ValueHash,
};

use crate::world::{Registered, World, by_visitor, email, hash, number, stored};

const MINUTE: Duration = Duration::from_secs(60);

impl World {
    async fn forget_address(&self, address: &str) -> Erased {
        let forget = Forget {
            email: Some(email(address)),
            conversations: Vec::new(),
            actor: "command line".into(),
            confirm_until: self.now() + MINUTE,
        };
        self.store.forget(&self.tenant, forget).await.unwrap()
    }

    async fn delivered(&self, address: &str, record: &str) -> Registered {
        let who = self.register(address).await;
        self.say(&who, &format!("from {address}")).await;
        let links = vec![(email(address), record.to_owned())];
        self.store.link_addresses(&self.tenant, links).await.unwrap();
        let fence = self.fence().await;
        let sending = Sending {
            record: record.into(),
            hash: ValueHash([7; 32]),
        };
        let noted = self.store.note_sending(&self.tenant, &fence, vec![sending], self.now());
        assert!(noted.await.unwrap());
        let delivered = parlor_store::Delivered {
            record: record.into(),
            up_to: vec![(who.conversation.clone(), 1)],
            confirm_at: None,
        };
        self.store.note_delivered(&self.tenant, vec![delivered]).await.unwrap();
        who
    }

    async fn note(&self, key: &str, record: &str, whose: &[&Registered], filled: bool) {
        let ranges = whose.iter().map(|whose| NoteRange {
            conversation: whose.conversation.clone(),
            from_seq: 1,
            to_seq: 1,
        });
        let note = PlannedNote {
            key: key.into(),
            record: record.into(),
            kind: NoteKind::Overflow,
            number: 1,
            ranges: ranges.collect(),
        };
        self.store.plan_notes(&self.tenant, vec![note]).await.unwrap();
        if filled {
            let id = format!("9{key}");
            self.store
                .set_note_state(&self.tenant, key, NoteState::Filled, Some(&id), None)
                .await
                .unwrap();
        }
    }

    async fn since(&self, record: &str) -> Timestamp {
        let dirty = self
            .store
            .dirty_records(&self.tenant, self.now(), self.now(), Coalescing::AT_ONCE, 10)
            .await
            .unwrap();
        let found = dirty.into_iter().find(|dirty| dirty.record == record);
        found.unwrap().erasing.unwrap().since
    }
}

pub async fn the_forgotten_leave_tombstones_that_take_nothing_in(world: World) {
    let ada = world.register("ada@example.com").await;
    let bob = world.register("bob@example.com").await;
    let first = world.say(&ada, "private").await.message;
    let append = by_visitor(&ada, "again");
    stored(world.store.append(append.clone()).await.unwrap());
    let answered = world.answer(&ada, "an answer").await.message;
    world.say(&bob, "mine").await;
    let erased = world.forget_address("ada@example.com").await;
    assert_eq!((erased.visitors, erased.messages, erased.records), (1, 3, 0));
    let left = world
        .store
        .messages_after(&world.tenant, &ada.conversation, 0, 9)
        .await
        .unwrap();
    assert_eq!((left[0].seq, &left[0].id, left[0].at), (1, &first.id, first.at));
    assert_eq!(left[2].author.kind, answered.author.kind);
    assert!(
        left.iter()
            .all(|message| message.text.is_empty() && message.author.name.is_empty())
    );
    for again in [append, by_visitor(&ada, "new"), world.by_rep(&ada, "hello?")] {
        assert_eq!(world.store.append(again).await.unwrap(), AppendOutcome::NotFound);
    }
    assert!(
        world
            .store
            .visitor(&world.tenant, &ada.visitor)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        world
            .store
            .exchange_code(ada.code, hash(number()), world.now(), world.now() + MINUTE)
            .await
            .unwrap()
            .is_none()
    );
    let conversation = world
        .store
        .conversation(&world.tenant, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert!(conversation.is_erased && conversation.email.is_empty() && conversation.page.url.is_empty());
    assert_eq!(
        world.store.addresses(&world.tenant).await.unwrap(),
        [email("bob@example.com")]
    );
    let bobs = world
        .store
        .messages_after(&world.tenant, &bob.conversation, 0, 9)
        .await
        .unwrap();
    assert_eq!(bobs[0].text, "mine");
    // A code cannot be added, and what was erased comes in the order of its changes.
    let code = (hash(number()), world.now() + MINUTE);
    assert!(!world.store.add_code(&world.tenant, &ada.visitor, code).await.unwrap());
    world.forget_address("bob@example.com").await;
    let all = world.store.erased_after(&world.tenant, 0, 9).await.unwrap();
    let ids: Vec<_> = all.iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(ids, [ada.conversation.clone(), bob.conversation.clone()]);
    assert_eq!(
        world
            .store
            .erased_after(&world.tenant, all[0].0, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let among = vec![ada.conversation.clone()];
    assert_eq!(
        world.store.forgotten_among(&world.tenant, among).await.unwrap(),
        [ada.conversation]
    );
    assert!(
        world
            .store
            .pending_addresses(&world.tenant, world.now(), 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.store.backlog(&world.tenant).await.unwrap(), 0);
}

pub async fn an_address_forgotten_while_its_contact_was_looked_up_is_not_linked(world: World) {
    world.register("ada@example.com").await;
    world.forget_address("ada@example.com").await;
    let links = vec![(email("ada@example.com"), "501".to_owned())];
    world.store.link_addresses(&world.tenant, links).await.unwrap();
    assert!(world.store.addresses(&world.tenant).await.unwrap().is_empty());
    assert!(world.store.addresses_of(&world.tenant, "501").await.unwrap().is_empty());
}

pub async fn a_records_erasure_is_due_until_it_is_finished(world: World) {
    world.delivered("ada@example.com", "501").await;
    let bob = world.delivered("bob@example.com", "501").await;
    assert_eq!(world.forget_address("ada@example.com").await.records, 1);
    assert!(
        world
            .store
            .next_due(&world.tenant, Coalescing::AT_ONCE)
            .await
            .unwrap()
            .is_some_and(|due| due <= world.now())
    );
    let since = world.since("501").await;
    let transcript = world.store.transcript(&world.tenant, "501").await.unwrap();
    assert_eq!(transcript.len(), 1, "Bob's alone");
    // Not before it was removed.
    assert!(!world.store.finish_erasure(&world.tenant, "501", since).await.unwrap());
    world.store.note_removed(&world.tenant, "501", since).await.unwrap();
    assert!(
        world
            .store
            .dirty_records(&world.tenant, world.now(), world.now(), Coalescing::AT_ONCE, 9)
            .await
            .unwrap()
            .is_empty()
    );
    world.clock.advance(MINUTE);
    let dirty = world
        .store
        .dirty_records(&world.tenant, world.now(), world.now(), Coalescing::AT_ONCE, 9)
        .await
        .unwrap();
    assert!(
        dirty[0].erasing.is_some_and(|erasing| erasing.is_removed),
        "it is confirmed"
    );
    // Another erasure meanwhile: what ends is not the earlier one's to end.
    let other = world.forget_address("bob@example.com").await;
    assert_eq!(other.conversations, [bob.conversation]);
    world.store.note_removed(&world.tenant, "501", since).await.unwrap();
    assert!(!world.store.finish_erasure(&world.tenant, "501", since).await.unwrap());
    let world = world.restart();
    let later = world.since("501").await;
    assert!(later > since);
    world.store.note_removed(&world.tenant, "501", later).await.unwrap();
    assert!(world.store.finish_erasure(&world.tenant, "501", later).await.unwrap());
    assert_eq!(world.store.count_erasures(&world.tenant).await.unwrap(), 0);
    assert!(
        world.store.sent_values(&world.tenant, "501").await.unwrap().is_empty(),
        "nobody is left on it"
    );
}

pub async fn notes_of_the_forgotten_are_ordered_to_go_and_shared_ones_to_be_written_again(world: World) {
    let ada = world.delivered("ada@example.com", "501").await;
    let bob = world.delivered("bob@example.com", "501").await;
    world.note("aa", "501", &[&ada], true).await;
    world.note("bb", "501", &[&ada, &bob], true).await;
    world.note("cc", "501", &[&bob], true).await;
    world.note("dd", "501", &[&ada], false).await;
    // A twin of a restored store, which holds nothing known.
    world.note("aax", "501", &[], true).await;
    world.forget_address("ada@example.com").await;
    let orders = world.store.erasure_notes(&world.tenant, "501").await.unwrap();
    let shown: Vec<_> = orders
        .iter()
        .map(|order| (order.key.as_str(), order.action, order.note.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            ("aa", ErasureNoteAction::Archive, Some("9aa")),
            ("aax", ErasureNoteAction::Archive, Some("9aax")),
            ("bb", ErasureNoteAction::Rewrite, Some("9bb")),
            ("dd", ErasureNoteAction::Archive, None)
        ]
    );
    let since = world.since("501").await;
    world.store.note_removed(&world.tenant, "501", since).await.unwrap();
    assert!(
        !world.store.finish_erasure(&world.tenant, "501", since).await.unwrap(),
        "notes are left"
    );
    for order in &orders {
        world.store.settle_erasure_note(&world.tenant, order).await.unwrap();
    }
    let left = world.store.notes_of(&world.tenant, "501").await.unwrap();
    let states: Vec<_> = left
        .iter()
        .map(|note| (note.plan.key.as_str(), note.state, note.plan.ranges.len()))
        .collect();
    assert_eq!(states, [("bb", NoteState::Created, 1), ("cc", NoteState::Filled, 1)]);
    assert!(world.store.finish_erasure(&world.tenant, "501", since).await.unwrap());
}

pub async fn a_refused_record_is_tried_again_and_a_deleted_one_ends_the_erasure(world: World) {
    world.delivered("ada@example.com", "501").await;
    world
        .store
        .set_record_state(
            &world.tenant,
            "501",
            RecordState::Refused,
            &"ada@example.com is no good".into(),
            world.now(),
        )
        .await
        .unwrap();
    world.forget_address("ada@example.com").await;
    let since = world.since("501").await;
    world
        .store
        .set_record_state(&world.tenant, "501", RecordState::Refused, &"no".into(), world.now())
        .await
        .unwrap();
    let is_due = async || {
        !world
            .store
            .dirty_records(&world.tenant, world.now(), world.now(), Coalescing::AT_ONCE, 9)
            .await
            .unwrap()
            .is_empty()
    };
    world.store.revive_erasures(&world.tenant, world.now()).await.unwrap();
    assert!(!is_due().await);
    world.clock.advance(MINUTE * 60);
    world.store.revive_erasures(&world.tenant, world.now()).await.unwrap();
    assert!(is_due().await);
    assert_eq!(world.since("501").await, since);
    world
        .store
        .set_record_state(&world.tenant, "501", RecordState::Gone, &"".into(), world.now())
        .await
        .unwrap();
    assert_eq!(world.store.count_erasures(&world.tenant).await.unwrap(), 0);
}

pub async fn a_merge_takes_the_erasure_along(world: World) {
    let ada = world.delivered("ada@example.com", "501").await;
    world.delivered("bob@example.com", "502").await;
    world.note("aa", "501", &[&ada], true).await;
    world.forget_address("ada@example.com").await;
    world.store.rekey_record(&world.tenant, "501", "502").await.unwrap();
    world.since("502").await;
    assert_eq!(world.store.erasure_notes(&world.tenant, "502").await.unwrap().len(), 1);
    assert_eq!(world.store.count_erasures(&world.tenant).await.unwrap(), 1);
}

pub async fn only_what_is_quiet_delivered_and_confirmed_expires(world: World) {
    let quiet = world.delivered("quiet@example.com", "501").await;
    let undelivered = world.delivered("undelivered@example.com", "502").await;
    world.say(&undelivered, "more").await;
    let unconfirmed = world.delivered("unconfirmed@example.com", "503").await;
    let delivered = parlor_store::Delivered {
        record: "503".into(),
        up_to: vec![(unconfirmed.conversation.clone(), 1)],
        confirm_at: Some(world.now()),
    };
    world
        .store
        .note_delivered(&world.tenant, vec![delivered])
        .await
        .unwrap();
    let in_notes = world.delivered("notes@example.com", "504").await;
    world.note("nn", "504", &[&in_notes], false).await;
    let pending = world.register("pending@example.com").await;
    let held = world.register_held("held@example.com").await;
    world.clock.advance(MINUTE * 10);
    let loud = world.delivered("loud@example.com", "505").await;
    let expired = async |before: Timestamp, given_up: Timestamp| {
        world.store.expired(&world.tenant, before, given_up, 9).await.unwrap()
    };
    let (recently, now) = (world.now() - MINUTE, world.now());
    let long_ago = world.now() - MINUTE * 60;
    let quiet_alone = std::slice::from_ref(&quiet.conversation);
    assert_eq!(expired(recently, long_ago).await, quiet_alone);
    assert_eq!(expired(recently, now).await.len(), 2, "the held one is given up");
    assert!(expired(long_ago, long_ago).await.is_empty());
    let erased = world
        .store
        .expire(&world.tenant, vec![quiet.conversation.clone()])
        .await
        .unwrap();
    assert_eq!((erased.conversations.len(), erased.records), (1, 0));
    assert!(expired(recently, long_ago).await.is_empty());
    assert!(
        world
            .store
            .forgotten_among(&world.tenant, vec![quiet.conversation])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(world.store.sent_values(&world.tenant, "501").await.unwrap().is_empty());
    for other in [undelivered, unconfirmed, in_notes, pending, held, loud] {
        let kept = world
            .store
            .conversation(&world.tenant, &other.conversation)
            .await
            .unwrap()
            .unwrap();
        assert!(!kept.is_erased, "{}", kept.email);
    }
}

pub async fn an_adopted_note_is_filled_with_what_it_was_found_to_hold(world: World) {
    let ada = world.delivered("ada@example.com", "501").await;
    world.note("aa", "501", &[&ada], false).await;
    let mut note = world.store.notes_of(&world.tenant, "501").await.unwrap().remove(0).plan;
    note.number = 3;
    world.store.adopt_note(&world.tenant, note, "77").await.unwrap();
    let notes = world.store.notes_of(&world.tenant, "501").await.unwrap();
    assert_eq!(
        (notes[0].state, notes[0].note.as_deref(), notes[0].asked_at),
        (NoteState::Filled, Some("77"), None)
    );
    assert_eq!(
        world.store.transcript(&world.tenant, "501").await.unwrap()[0].in_notes,
        1
    );
}
