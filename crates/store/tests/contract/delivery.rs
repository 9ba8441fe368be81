//! What HubSpot knows, and what it must still learn.

use std::time::Duration;

use parlor_protocol::PersonName;
use parlor_store::{
    Coalescing, Delivered, DirtyRecord, Fence, NewVisitor, Postponement, RecordState, Sending, Taken, Timestamp,
    Undelivered, ValueHash,
};

use crate::world::{Registered, World, email};

pub const MINUTE: Duration = Duration::from_secs(60);

impl World {
    pub async fn pending(&self) -> Vec<String> {
        let found = self
            .store
            .pending_addresses(&self.tenant, self.now(), 100)
            .await
            .unwrap();
        found
            .into_iter()
            .map(|address| address.email.as_str().to_owned())
            .collect()
    }

    pub async fn link(&self, address: &str, record: &str) {
        self.store
            .link_addresses(&self.tenant, vec![(email(address), record.into())])
            .await
            .unwrap();
    }

    pub async fn dirty(&self) -> Vec<String> {
        self.dirty_rows().await.into_iter().map(|dirty| dirty.record).collect()
    }

    async fn dirty_rows(&self) -> Vec<DirtyRecord> {
        self.dirty_at_most(100).await
    }

    async fn dirty_at_most(&self, limit: usize) -> Vec<DirtyRecord> {
        self.store
            .dirty_records(&self.tenant, self.now(), self.now(), Coalescing::AT_ONCE, limit)
            .await
            .unwrap()
    }

    pub async fn deliver(&self, record: &str, whose: &Registered, seq: u64, confirm_at: Option<Timestamp>) {
        let up_to = vec![(whose.conversation.clone(), seq)];
        let delivered = Delivered {
            record: record.into(),
            up_to,
            confirm_at,
        };
        self.store.note_delivered(&self.tenant, vec![delivered]).await.unwrap();
    }

    pub async fn set_state(&self, record: &str, state: RecordState) {
        self.store
            .set_record_state(&self.tenant, record, state, &"said HubSpot".into(), self.now())
            .await
            .unwrap();
    }

    async fn texts(&self, record: &str) -> Vec<String> {
        let transcript = self.store.transcript(&self.tenant, record).await.unwrap();
        transcript
            .into_iter()
            .flat_map(|one| one.messages)
            .map(|message| message.text)
            .collect()
    }

    async fn delivered_seq(&self, whose: &Registered) -> u64 {
        self.store
            .delivery_of(&self.tenant, &whose.conversation)
            .await
            .unwrap()
            .unwrap()
            .delivered_seq
    }

    /// The lease of whoever delivers.
    pub async fn fence(&self) -> Fence {
        match self
            .store
            .take_lease(&self.tenant, "delivery", "test", MINUTE, MINUTE)
            .await
            .unwrap()
        {
            Taken::Kept(fence) | Taken::New(fence) => fence,
            Taken::Busy(_) => panic!("nobody else is there"),
        }
    }

    pub async fn send(&self, values: Vec<Sending>) {
        let fence = self.fence().await;
        let noted = self.store.note_sending(&self.tenant, &fence, values, self.now()).await;
        assert!(noted.unwrap());
    }

    pub async fn next_due(&self) -> Option<Timestamp> {
        self.store.next_due(&self.tenant, Coalescing::AT_ONCE).await.unwrap()
    }

    /// A visitor who said something, linked to a record.
    pub async fn linked(&self, address: &str, record: &str) -> Registered {
        let who = self.register(address).await;
        self.say(&who, &format!("from {address}")).await;
        self.link(address, record).await;
        who
    }
}

pub async fn a_registration_orders_its_contact_once(world: World) {
    world.register("ada@example.com").await;
    world.clock.advance(MINUTE);
    world.register("bob@example.com").await;
    world.register("ada@example.com").await;
    assert_eq!(world.pending().await, ["ada@example.com", "bob@example.com"]);
    world.link("ada@example.com", "501").await;
    world.register("ada@example.com").await;
    assert_eq!(
        world.pending().await,
        ["bob@example.com"],
        "a linked address stays linked"
    );
    assert_eq!(
        world.store.addresses_of(&world.tenant, "501").await.unwrap(),
        [email("ada@example.com")]
    );
    assert_eq!(
        world.store.conversations_of(&world.tenant, "501").await.unwrap().len(),
        3
    );
    let of_address = world
        .store
        .conversations_of_address(&world.tenant, &email("ada@example.com"))
        .await
        .unwrap();
    assert_eq!(of_address.len(), 3);
}

pub async fn a_held_registration_orders_nothing_until_it_is_released(world: World) {
    let ada = world.register_held("ada@example.com").await;
    world.say(&ada, "hello").await;
    assert!(world.pending().await.is_empty());
    assert_eq!(world.next_due().await, None);
    let release = || world.store.release_conversation(&world.tenant, &ada.conversation);
    let change = world.store.latest_change(&world.tenant).await.unwrap();
    assert_eq!(release().await.unwrap(), Some(true));
    assert_eq!(world.pending().await, ["ada@example.com"]);
    let line = world
        .store
        .summary(&world.tenant, &world.rep, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((line.held, line.change), (false, change + 1));
    assert_eq!(release().await.unwrap(), Some(false));
}

pub async fn the_newest_names_that_are_not_held_go_to_the_contact(world: World) {
    for (first_name, held) in [("First", false), ("Second", false), ("Machine", true)] {
        world.clock.advance(MINUTE);
        let first_name = PersonName::parse(first_name).unwrap();
        let visitor = NewVisitor {
            first_name,
            last_name: None,
            held,
            ..world.visitor("ada@example.com")
        };
        world.register_as(visitor).await.unwrap();
    }
    let pending = world
        .store
        .pending_addresses(&world.tenant, world.now(), 10)
        .await
        .unwrap();
    assert_eq!(
        (
            pending[0].first_name.as_str(),
            pending[0].last_name.as_str(),
            pending[0].attempts
        ),
        ("Second", "", 0)
    );
}

pub async fn a_postponed_address_waits_and_counts(world: World) {
    let ada = world.register("ada@example.com").await;
    let emails = vec![email("ada@example.com")];
    world
        .store
        .postpone_addresses(&world.tenant, emails, Postponement::until(world.now() + MINUTE, "429"))
        .await
        .unwrap();
    assert!(world.pending().await.is_empty());
    assert_eq!(world.next_due().await, Some(world.now() + MINUTE));
    world.clock.advance(MINUTE);
    assert_eq!(
        world
            .store
            .pending_addresses(&world.tenant, world.now(), 1)
            .await
            .unwrap()[0]
            .attempts,
        1
    );
    let delivery = world
        .store
        .delivery_of(&world.tenant, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (delivery.attempts, delivery.detail.as_deref(), delivery.record),
        (1, Some("429"), None)
    );
    world.link("ada@example.com", "501").await;
    let delivery = world
        .store
        .delivery_of(&world.tenant, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (delivery.attempts, delivery.detail, delivery.state),
        (0, None, Some(RecordState::Live))
    );
}

pub async fn a_refused_address_rests_until_somebody_registers_with_it_again(world: World) {
    let ada = world.register("ada@example.com").await;
    world
        .store
        .refuse_address(&world.tenant, &email("ada@example.com"), &"INVALID_EMAIL".into())
        .await
        .unwrap();
    assert!(world.pending().await.is_empty());
    assert_eq!(world.next_due().await, None);
    let delivery = world
        .store
        .delivery_of(&world.tenant, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (delivery.address_refused, delivery.detail.as_deref()),
        (true, Some("INVALID_EMAIL"))
    );
    world.register("ada@example.com").await;
    assert_eq!(world.pending().await, ["ada@example.com"]);
}

pub async fn undelivered_messages_make_a_record_dirty_and_delivery_makes_it_clean(world: World) {
    let ada = world.register("ada@example.com").await;
    world.link("ada@example.com", "501").await;
    assert!(world.dirty().await.is_empty(), "nothing was said");
    world.say(&ada, "one").await;
    assert_eq!(world.dirty().await, ["501"]);
    world.deliver("501", &ada, 1, None).await;
    assert!(world.dirty().await.is_empty());
    world.answer(&ada, "two").await;
    assert_eq!(world.dirty().await, ["501"]);
    let delivery = world
        .store
        .delivery_of(&world.tenant, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (delivery.delivered_seq, delivery.last_seq, delivery.record.as_deref()),
        (1, 2, Some("501"))
    );
}

pub async fn delivered_never_goes_back(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.say(&ada, "two").await;
    world.deliver("501", &ada, 2, None).await;
    world.deliver("501", &ada, 1, None).await;
    assert_eq!(world.delivered_seq(&ada).await, 2);
    world.deliver("501", &ada, 99, None).await;
    assert_eq!(
        world.delivered_seq(&ada).await,
        2,
        "what was not said was not delivered"
    );
}

pub async fn records_that_waited_longest_come_first(world: World) {
    for (address, record) in [
        ("ada@example.com", "9"),
        ("bob@example.com", "5"),
        ("cleo@example.com", "7"),
    ] {
        world.linked(address, record).await;
        world.clock.advance(MINUTE);
    }
    assert_eq!(world.dirty().await, ["9", "5", "7"]);
    let two = world.dirty_at_most(2).await;
    assert_eq!(
        two.iter().map(|dirty| dirty.record.as_str()).collect::<Vec<_>>(),
        ["9", "5"]
    );
}

pub async fn a_postponed_record_waits_counts_and_keeps_its_doubt(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    let (next, doubt) = (world.now() + MINUTE, world.now() + MINUTE * 3);
    let postpone = |unconfirmed_until| {
        let postponement = Postponement {
            unconfirmed_until,
            ..Postponement::until(next, "time-out")
        };
        world
            .store
            .postpone_records(&world.tenant, vec!["501".into()], postponement)
    };
    postpone(Some(doubt)).await.unwrap();
    postpone(Some(doubt - MINUTE)).await.unwrap();
    postpone(None).await.unwrap();
    assert!(world.dirty().await.is_empty());
    assert_eq!(world.next_due().await, Some(next));
    world.clock.advance(MINUTE);
    let expected = DirtyRecord {
        record: "501".into(),
        state: RecordState::Live,
        attempts: 3,
        failing_since: Some(world.now() - MINUTE),
        unconfirmed_until: Some(doubt),
        erasing: None,
        is_restored: false,
    };
    assert_eq!(world.dirty_rows().await, [expected]);
    world.deliver("501", &ada, 1, None).await;
    let delivery = world
        .store
        .delivery_of(&world.tenant, &ada.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((delivery.attempts, delivery.detail), (0, None));
    assert_eq!(world.next_due().await, None, "all is clear");
}

pub async fn an_unclear_write_is_due_to_be_confirmed_at_its_time(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    let confirm_at = world.now() + MINUTE;
    world.deliver("501", &ada, 1, Some(confirm_at)).await;
    world
        .deliver("501", &ada, 1, Some(confirm_at - Duration::from_secs(30)))
        .await;
    assert!(world.dirty().await.is_empty());
    assert_eq!(world.next_due().await, Some(confirm_at));
    world.clock.advance(MINUTE);
    let expected = DirtyRecord {
        record: "501".into(),
        state: RecordState::Live,
        attempts: 0,
        failing_since: None,
        unconfirmed_until: Some(confirm_at),
        erasing: None,
        is_restored: false,
    };
    assert_eq!(world.dirty_rows().await, [expected]);
    world.deliver("501", &ada, 1, None).await;
    assert!(world.dirty().await.is_empty());
}

pub async fn a_full_record_is_worked_on_like_any_other(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.set_state("501", RecordState::Full).await;
    let dirty = world.dirty_rows().await;
    assert_eq!((dirty.len(), dirty[0].state), (1, RecordState::Full));
    let confirm_at = world.now() + MINUTE;
    world.deliver("501", &ada, 1, Some(confirm_at)).await;
    assert!(world.dirty().await.is_empty());
    assert_eq!(world.next_due().await, Some(confirm_at));
    world.clock.advance(MINUTE);
    assert_eq!(world.dirty().await, ["501"]);
    world.deliver("501", &ada, 1, None).await;
    assert!(world.dirty().await.is_empty());
    assert_eq!(world.next_due().await, None);
}

pub async fn a_value_sent_shortly_before_the_program_ended_is_to_be_confirmed(world: World) {
    for (email, record) in [("ada@example.com", "501"), ("bob@example.com", "502")] {
        let person = world.linked(email, record).await;
        world.deliver(record, &person, 1, None).await;
        let sending = Sending {
            record: record.into(),
            hash: ValueHash([1; 32]),
        };
        world.send(vec![sending]).await;
        world.clock.advance(MINUTE);
    }
    let (since, until) = (world.now() - MINUTE, world.now() + MINUTE);
    world
        .store
        .suspect_values_sent_since(&world.tenant, since, until)
        .await
        .unwrap();
    assert!(world.dirty().await.is_empty());
    assert_eq!(world.next_due().await, Some(until));
    world.clock.advance(MINUTE);
    assert_eq!(
        world.dirty().await,
        ["502"],
        "the other was sent too long ago to be under way"
    );
}

pub async fn a_record_out_of_delivery_is_not_dirty_until_it_is_live_again(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    for state in [RecordState::Refused, RecordState::Gone] {
        world.set_state("501", state).await;
        assert!(world.dirty().await.is_empty());
        assert_eq!(world.next_due().await, None);
        let delivery = world
            .store
            .delivery_of(&world.tenant, &ada.conversation)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (delivery.state, delivery.detail.as_deref()),
            (Some(state), Some("said HubSpot"))
        );
        world.set_state("501", RecordState::Live).await;
        assert_eq!(world.dirty().await, ["501"]);
    }
}

pub async fn deleted_text_is_not_resurrected_in_a_new_contact(world: World) {
    let old = world.linked("ada@example.com", "501").await;
    world.set_state("501", RecordState::Gone).await;
    world.say(&old, "still chatting").await;
    assert!(world.pending().await.is_empty(), "old messages order no contact");

    // In the same millisecond: not the clock decides what belongs to which contact.
    let new = world.register("ada@example.com").await;
    assert_eq!(world.pending().await, ["ada@example.com"]);
    world.link("ada@example.com", "502").await;
    world.say(&old, "and on").await;
    assert!(world.dirty().await.is_empty());
    world.say(&new, "fresh").await;
    assert_eq!(world.dirty().await, ["502"]);
    assert_eq!(world.texts("502").await, ["fresh"]);
    assert_eq!(world.store.backlog(&world.tenant).await.unwrap(), 1);
    let delivery = world
        .store
        .delivery_of(&world.tenant, &old.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((delivery.record, delivery.state), (None, Some(RecordState::Gone)));
}

pub async fn a_restored_record_gets_all_of_its_text_again(world: World) {
    world.linked("ada@example.com", "501").await;
    world.set_state("501", RecordState::Gone).await;
    let new = world.register("ada@example.com").await;
    world.say(&new, "fresh").await;
    world.link("ada@example.com", "501").await;
    assert_eq!(world.dirty().await, ["501"]);
    assert_eq!(world.texts("501").await.len(), 2);
}

pub async fn a_merge_moves_everything_and_writes_it_again(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    let bob = world.linked("bob@example.com", "502").await;
    world.deliver("501", &ada, 1, None).await;
    world.deliver("502", &bob, 1, None).await;
    let sending = Sending {
        record: "501".into(),
        hash: ValueHash([1; 32]),
    };
    world.send(vec![sending]).await;

    world.store.rekey_record(&world.tenant, "501", "501").await.unwrap();
    assert!(
        world.dirty().await.is_empty(),
        "a record merged into itself is the same"
    );
    world.store.rekey_record(&world.tenant, "501", "502").await.unwrap();
    assert_eq!(world.dirty().await, ["502"]);
    assert_eq!(
        world.texts("502").await,
        ["from ada@example.com", "from bob@example.com"]
    );
    assert!(world.texts("501").await.is_empty());
    assert_eq!(
        world.store.sent_values(&world.tenant, "502").await.unwrap(),
        [ValueHash([1; 32])]
    );
    let addresses = world.store.addresses_of(&world.tenant, "502").await.unwrap();
    assert_eq!(addresses, [email("ada@example.com"), email("bob@example.com")]);

    world.store.rekey_record(&world.tenant, "502", "900").await.unwrap();
    assert_eq!(
        world.dirty().await,
        ["900"],
        "into a record that was not known before, too"
    );
}

pub async fn a_merge_into_a_record_once_deleted_brings_that_back(world: World) {
    world.linked("ada@example.com", "501").await;
    world.linked("bob@example.com", "502").await;
    world.set_state("502", RecordState::Gone).await;
    assert_eq!(world.dirty().await, ["501"]);
    world.store.rekey_record(&world.tenant, "501", "502").await.unwrap();
    assert_eq!(world.dirty().await, ["502"]);
    assert_eq!(
        world.texts("502").await,
        ["from ada@example.com", "from bob@example.com"]
    );
}

pub async fn what_was_delivered_before_a_merge_does_not_count_after_it(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.store.rekey_record(&world.tenant, "501", "502").await.unwrap();
    world.deliver("501", &ada, 1, None).await;
    assert_eq!(world.dirty().await, ["502"]);
    world.link("ada@example.com", "503").await;
    world.deliver("503", &ada, 1, None).await;
    world.link("ada@example.com", "504").await;
    assert_eq!(world.dirty().await, ["504"], "another record's value is empty");
}

pub async fn values_are_remembered_before_they_are_sent(world: World) {
    world.linked("ada@example.com", "501").await;
    let mut expected = Vec::new();
    for number in 0..250_u8 {
        world.clock.advance(Duration::from_secs(1));
        let hash = ValueHash([number; 32]);
        let values = vec![Sending {
            record: "501".into(),
            hash,
        }];
        world.send(values.clone()).await;
        world.send(values).await;
        expected.insert(0, hash);
    }
    let remembered = world.store.sent_values(&world.tenant, "501").await.unwrap();
    assert!(remembered.len() >= 100 && expected.starts_with(&remembered));
    assert!(world.store.sent_values(&world.tenant, "502").await.unwrap().is_empty());
}

pub async fn a_transcript_holds_what_is_not_held(world: World) {
    let first = world.linked("ada@example.com", "501").await;
    world.clock.advance(MINUTE);
    let held = world.register_held("ada@example.com").await;
    world.say(&held, "spam").await;
    world.register("ada@example.com").await;
    world.clock.advance(MINUTE);
    let second = world.linked("ada.l@example.com", "501").await;
    world.answer(&first, "late answer").await;

    let transcript = world.store.transcript(&world.tenant, "501").await.unwrap();
    let ids: Vec<_> = transcript.iter().map(|one| one.id.clone()).collect();
    assert_eq!(
        ids,
        [first.conversation, second.conversation],
        "in the order of their beginning, none without a message"
    );
    let one = &transcript[0];
    assert_eq!(
        one.messages.iter().map(|message| message.seq).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!((one.first_name.as_str(), one.last_name.as_str()), ("Ada", "Lovelace"));
    assert_eq!(
        (one.page_url.as_str(), one.email_verified),
        ("https://example.com/prices", false)
    );
    assert_eq!(one.email, email("ada@example.com"));
}

pub async fn the_next_due_moment_is_the_earliest_of_all(world: World) {
    assert_eq!(world.next_due().await, None);
    let start = world.now();
    world.register("waiting@example.com").await;
    assert!(world.next_due().await.unwrap() <= start);
    world
        .store
        .postpone_addresses(
            &world.tenant,
            vec![email("waiting@example.com")],
            Postponement::until(start + MINUTE * 9, ""),
        )
        .await
        .unwrap();
    let ada = world.linked("ada@example.com", "501").await;
    assert!(world.next_due().await.unwrap() <= start, "a dirty record is due now");
    world.deliver("501", &ada, 1, Some(start + MINUTE * 5)).await;
    assert_eq!(world.next_due().await, Some(start + MINUTE * 5));
    world
        .store
        .postpone_records(
            &world.tenant,
            vec!["501".into()],
            Postponement::until(start + MINUTE * 7, ""),
        )
        .await
        .unwrap();
    assert_eq!(
        world.next_due().await,
        Some(start + MINUTE * 7),
        "not before it may be tried"
    );
    world.set_state("501", RecordState::Refused).await;
    assert_eq!(world.next_due().await, Some(start + MINUTE * 9));
}

pub async fn the_backlog_counts_conversations_with_something_to_deliver(world: World) {
    let backlog = || async { world.store.backlog(&world.tenant).await.unwrap() };
    let ada = world.linked("ada@example.com", "501").await;
    let held = world.register_held("held@example.com").await;
    world.say(&held, "spam").await;
    let unknown = world.register("unknown@example.com").await;
    assert_eq!(backlog().await, 1);
    world.say(&unknown, "waits for its contact").await;
    assert_eq!(backlog().await, 2);
    world.deliver("501", &ada, 1, None).await;
    assert_eq!(backlog().await, 1);
}

pub async fn the_oldest_undelivered_message_is_the_oldest_that_is_still_to_go_out(world: World) {
    let undelivered = || async { world.store.undelivered(&world.tenant).await.unwrap() };
    assert_eq!(undelivered().await, Undelivered::default());
    let held = world.register_held("held@example.com").await;
    world.say(&held, "spam").await;
    assert_eq!(undelivered().await.oldest, None, "what is held waits for nobody");

    world.clock.advance(MINUTE);
    let ada = world.linked("ada@example.com", "501").await;
    let first = world.now();
    world.clock.advance(MINUTE);
    world.say(&ada, "two").await;
    let second = world.now();
    world.clock.advance(MINUTE);
    let unknown = world.register("unknown@example.com").await;
    world.say(&unknown, "waits for its contact").await;
    let third = world.now();
    assert_eq!(undelivered().await.oldest, Some(first));
    world.deliver("501", &ada, 1, Some(third + MINUTE)).await;
    let at_present = undelivered().await;
    assert_eq!((at_present.oldest, at_present.unconfirmed), (Some(second), 1));

    world.set_state("501", RecordState::Refused).await;
    let at_present = undelivered().await;
    assert_eq!(
        (at_present.oldest, at_present.unconfirmed),
        (Some(third), 0),
        "a letter rests"
    );
    let address = email("unknown@example.com");
    let why = "refused".into();
    world.store.refuse_address(&world.tenant, &address, &why).await.unwrap();
    assert_eq!(undelivered().await.oldest, None);
}
