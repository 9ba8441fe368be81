//! Notes on contacts: planned, asked for, created, filled.

use std::time::Duration;

use parlor_store::{NoteKind, NoteRange, NoteState, PlannedNote, StoredNote};

use crate::world::{Registered, World};

impl World {
    async fn plan(&self, key: &str, record: &str, kind: NoteKind, ranges: &[(&Registered, u64, u64)]) {
        let ranges = ranges.iter().map(|(whose, from_seq, to_seq)| NoteRange {
            conversation: whose.conversation.clone(),
            from_seq: *from_seq,
            to_seq: *to_seq,
        });
        let note = PlannedNote {
            key: key.to_owned(),
            record: record.to_owned(),
            kind,
            number: 1,
            ranges: ranges.collect(),
        };
        self.store.plan_notes(&self.tenant, vec![note]).await.unwrap();
    }

    async fn notes(&self, record: &str) -> Vec<StoredNote> {
        self.store.notes_of(&self.tenant, record).await.unwrap()
    }

    async fn set(&self, key: &str, state: NoteState, note: Option<&str>) {
        self.store
            .set_note_state(&self.tenant, key, state, note, None)
            .await
            .unwrap();
    }

    async fn in_notes(&self, record: &str) -> Vec<u64> {
        let transcript = self.store.transcript(&self.tenant, record).await.unwrap();
        transcript.iter().map(|conversation| conversation.in_notes).collect()
    }

    async fn linked_with(&self, address: &str, record: &str, messages: usize) -> Registered {
        let who = self.register(address).await;
        for number in 0..messages {
            self.say(&who, &format!("{number} from {address}")).await;
        }
        let links = vec![(crate::world::email(address), record.to_owned())];
        self.store.link_addresses(&self.tenant, links).await.unwrap();
        who
    }
}

pub async fn a_planned_note_comes_back_as_it_was_planned(world: World) {
    let ada = world.linked_with("ada@example.com", "501", 3).await;
    world.plan("k1", "501", NoteKind::Overflow, &[(&ada, 1, 2)]).await;
    let planned_at = world.now();
    world.clock.advance(Duration::from_secs(60));
    let world = world.restart();
    let notes = world.notes("501").await;
    assert_eq!(notes.len(), 1);
    assert_eq!(
        (notes[0].state, &notes[0].note, notes[0].asked_at),
        (NoteState::Planned, &None, None)
    );
    assert_eq!(notes[0].planned_at, planned_at);
    assert_eq!(
        (notes[0].plan.ranges[0].from_seq, notes[0].plan.ranges[0].to_seq),
        (1, 2)
    );
    assert!(world.notes("502").await.is_empty());
    world
        .store
        .set_note_state(&world.tenant, "k1", NoteState::Asked, None, Some(world.now()))
        .await
        .unwrap();
    assert_eq!(world.notes("501").await[0].asked_at, Some(world.now()));
}

pub async fn messages_stand_in_notes_once_the_note_is_filled(world: World) {
    let ada = world.linked_with("ada@example.com", "501", 5).await;
    world.plan("k1", "501", NoteKind::Overflow, &[(&ada, 1, 2)]).await;
    world.set("k1", NoteState::Created, Some("9001")).await;
    assert_eq!(world.in_notes("501").await, [0]);
    world.set("k1", NoteState::Filled, Some("9001")).await;
    assert_eq!(world.in_notes("501").await, [2]);
    // A summary holds no entries, and another record's notes are another record's.
    world.plan("k2", "501", NoteKind::Summary, &[(&ada, 1, 5)]).await;
    world.set("k2", NoteState::Filled, Some("9002")).await;
    world.plan("k3", "777", NoteKind::Overflow, &[(&ada, 3, 4)]).await;
    world.set("k3", NoteState::Filled, Some("9003")).await;
    assert_eq!(world.in_notes("501").await, [2]);
}

pub async fn a_note_that_gets_more_has_to_be_filled_again(world: World) {
    let ada = world.linked_with("ada@example.com", "501", 5).await;
    world.plan("k1", "501", NoteKind::Overflow, &[(&ada, 1, 2)]).await;
    world.set("k1", NoteState::Filled, Some("9001")).await;
    world.plan("k1", "501", NoteKind::Overflow, &[(&ada, 1, 4)]).await;
    let notes = world.notes("501").await;
    assert_eq!(
        (notes.len(), notes[0].state, notes[0].note.as_deref()),
        (1, NoteState::Created, Some("9001"))
    );
    assert_eq!(notes[0].plan.ranges[0].to_seq, 4);
    // Planned twice before it was asked for, it is still one that was not asked for.
    world.plan("k2", "501", NoteKind::Overflow, &[(&ada, 5, 5)]).await;
    world.plan("k2", "501", NoteKind::Overflow, &[(&ada, 5, 5)]).await;
    assert_eq!(world.notes("501").await[1].state, NoteState::Planned);
}

pub async fn a_merge_takes_the_notes_along(world: World) {
    let ada = world.linked_with("ada@example.com", "501", 3).await;
    let bob = world.linked_with("bob@example.com", "502", 3).await;
    for (key, record, whose) in [("k1", "501", &ada), ("k2", "502", &bob)] {
        world.plan(key, record, NoteKind::Overflow, &[(whose, 1, 2)]).await;
        world.set(key, NoteState::Filled, Some("9001")).await;
    }
    world.store.rekey_record(&world.tenant, "502", "501").await.unwrap();
    assert!(world.notes("502").await.is_empty());
    assert_eq!(world.notes("501").await.len(), 2);
    assert_eq!(world.in_notes("501").await, [2, 2]);
}

pub async fn after_a_restore_every_unfinished_note_is_doubted(world: World) {
    let ada = world.linked_with("ada@example.com", "501", 4).await;
    for (key, from) in [("k1", 1), ("k2", 2), ("k3", 3)] {
        world.plan(key, "501", NoteKind::Overflow, &[(&ada, from, from)]).await;
    }
    world.set("k2", NoteState::Created, Some("9002")).await;
    world.set("k3", NoteState::Filled, Some("9003")).await;
    world
        .store
        .suspect_unfinished_notes(&world.tenant, world.now())
        .await
        .unwrap();
    let known: Vec<_> = world
        .notes("501")
        .await
        .into_iter()
        .map(|note| (note.state, note.asked_at))
        .collect();
    assert_eq!(
        known,
        [
            (NoteState::Asked, Some(world.now())),
            (NoteState::Created, Some(world.now())),
            (NoteState::Filled, None),
        ]
    );
}
