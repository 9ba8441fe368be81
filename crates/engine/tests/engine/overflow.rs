//! What finds no room in the property stands in notes on the contact: whole, once and in order, whatever happens on the way.

use std::time::Duration;

use parlor_engine::delivery::transcript::{MARKER, SAFE_UNITS};
use parlor_hubspot::{ContactId, Note};
use parlor_protocol::DeliveryStatus;
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};

use crate::world::{Person, World, client};

const LENGTH: usize = 4_990;

impl World {
    pub async fn notes(&self, record: &str) -> Vec<Note> {
        let client = client(&self.running, DEFAULT_TOKEN, Duration::from_secs(10));
        let contact: ContactId = record.parse().unwrap();
        let ids = client.notes().of_contact(&contact).await.unwrap();
        let mut notes = client.notes().read(&ids).await.unwrap();
        notes.sort_by_key(|note| note.id.as_str().parse::<u64>().unwrap());
        notes
    }

    async fn say_much(&self, person: &Person, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.say(person, &format!("{number} {}", "x".repeat(LENGTH))).await;
        }
    }

    /// The numbers of the long messages that HubSpot has, notes first, each in order.
    async fn numbers_in_hubspot(&self, person: &Person) -> Vec<usize> {
        let record = self.record(person).await;
        let mut texts: Vec<String> = self.notes(&record).await.into_iter().map(|note| note.body).collect();
        let value = self.value(person.visitor.email.as_str());
        assert!(value.encode_utf16().count() <= SAFE_UNITS);
        texts.push(value);
        let mut numbers = Vec::new();
        for text in texts {
            for entry in text.split("MESSAGE: ").skip(1) {
                let (number, rest) = entry.split_once(' ').unwrap();
                assert!(rest.starts_with(&"x".repeat(LENGTH)), "an entry is whole");
                numbers.push(number.parse().unwrap());
            }
        }
        numbers
    }

    async fn assert_all_in_hubspot(&self, person: &Person, messages: usize) {
        let expected: Vec<usize> = (0..messages).collect();
        assert_eq!(self.numbers_in_hubspot(person).await, expected);
        let delivery = self.delivery(person).await;
        assert_eq!(
            (delivery.delivered_seq, delivery.last_seq),
            (messages as u64, messages as u64)
        );
    }
}

#[tokio::test]
async fn past_the_margin_the_oldest_entries_move_into_notes_and_nothing_is_cut() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say_much(&ada, 0..40).await;
    world.pass_until_idle().await;
    world.assert_all_in_hubspot(&ada, 40).await;
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Delivered);
    let record = world.record(&ada).await;
    let notes = world.notes(&record).await;
    assert!(notes.len() >= 2);
    for (note, number) in notes.iter().zip(1..) {
        assert!(
            note.body.contains(&format!("Parlor chat transcript, part {number}<")),
            "{}",
            note.body
        );
    }
    let pointer = format!("(Earlier messages stand in {} notes on this contact.)", notes.len());
    assert!(world.value("ada@example.com").contains(&pointer));

    // It goes on, and moves seldom: down to half each time.
    world.say_much(&ada, 40..45).await;
    world.pass_until_idle().await;
    assert_eq!(world.notes(&record).await.len(), notes.len());
    world.say_much(&ada, 45..60).await;
    world.pass_until_idle().await;
    world.assert_all_in_hubspot(&ada, 60).await;
}

#[tokio::test]
async fn a_crash_or_an_unclear_answer_at_any_point_leaves_no_second_copy() {
    let unclear = [
        Effect::applied_not_answered(),
        Effect::DroppedBefore,
        Effect::status(503),
        Effect::status(429),
        Effect::applied_after_writes(2),
    ];
    for effect in unclear {
        for (method, path) in [
            ("POST", "/objects/2026-03/notes"),
            ("PATCH", "/notes/"),
            ("POST", "/contacts/batch/update"),
        ] {
            for skip in 0..2 {
                for restarts in [false, true] {
                    let mut world = World::new().await;
                    let ada = world.ada().await;
                    world
                        .sandbox()
                        .add_fault(FaultRule::new(method, path, effect.clone()).skip(skip).times(1));
                    world.say_much(&ada, 0..30).await;
                    world.pass().await;
                    if restarts {
                        world.restart(Some(DEFAULT_TOKEN)).await;
                    }
                    world.pass_until_idle().await;
                    let what = format!("{method} {path} {effect:?} skip {skip} restarts {restarts}");
                    assert_eq!(
                        world.numbers_in_hubspot(&ada).await,
                        (0..30).collect::<Vec<_>>(),
                        "{what}"
                    );
                    let record = world.record(&ada).await;
                    for note in world.notes(&record).await {
                        assert!(note.body.contains("MESSAGE: "), "a heading alone was left: {what}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn where_foreign_text_leaves_little_room_messages_stand_in_a_note_that_grows() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    let record = world.record(&ada).await;
    let foreign = "y".repeat(55_000);
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &foreign)
        .unwrap();
    for text in ["one", "two", "three"] {
        world.say(&ada, text).await;
        world.pass_until_idle().await;
    }
    let notes = world.notes(&record).await;
    assert_eq!(notes.len(), 1);
    for text in ["MESSAGE: one", "MESSAGE: two", "MESSAGE: three"] {
        assert_eq!(notes[0].body.matches(text).count(), 1);
    }
    let value = world.value("ada@example.com");
    assert!(value.starts_with(&format!("{foreign}\n{MARKER}")) && !value.contains("MESSAGE"));
    let delivery = world.delivery(&ada).await;
    assert_eq!((delivery.status, delivery.delivered_seq), (DeliveryStatus::Full, 3));
    assert!(
        delivery.in_words().contains("notes on the contact"),
        "{}",
        delivery.in_words()
    );

    // What a person wrote into the note stays; more goes into another.
    let edited = format!("{}<p>A rep wrote this here.</p>", notes[0].body);
    let hubspot = client(&world.running, DEFAULT_TOKEN, Duration::from_secs(10));
    assert!(hubspot.notes().set_body(&notes[0].id, &edited).await.unwrap());
    world.say(&ada, "four").await;
    world.pass_until_idle().await;
    let notes = world.notes(&record).await;
    assert_eq!((notes.len(), &notes[0].body), (2, &edited));
    assert!(notes[1].body.contains("MESSAGE: four") && !notes[1].body.contains("MESSAGE: three"));

    // There is room again: new messages stand in the property.
    world
        .sandbox()
        .set_property(&record, "chat_transcript", "short")
        .unwrap();
    world.say(&ada, "five").await;
    world.pass_until_idle().await;
    let value = world.value("ada@example.com");
    assert!(value.starts_with("short\n") && value.contains("MESSAGE: five") && !value.contains("MESSAGE: four"));
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn foreign_text_that_fills_the_property_is_left_as_it_is() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    let record = world.record(&ada).await;
    let foreign = "y".repeat(65_500);
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &foreign)
        .unwrap();
    world.say(&ada, "hello").await;
    world.pass_until_idle().await;
    assert_eq!(world.value("ada@example.com"), foreign);
    assert!(world.notes(&record).await[0].body.contains("MESSAGE: hello"));
    let delivery = world.delivery(&ada).await;
    assert_eq!((delivery.status, delivery.delivered_seq), (DeliveryStatus::Full, 1));
}

#[tokio::test]
async fn foreign_text_that_grows_pushes_ours_into_notes_and_loses_nothing() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say_much(&ada, 0..10).await;
    world.pass_until_idle().await;
    let record = world.record(&ada).await;
    let value = format!("{}\n{}", "y".repeat(13_000), world.value("ada@example.com"));
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &value)
        .unwrap();
    world.say_much(&ada, 10..11).await;
    world.pass_until_idle().await;
    assert!(world.value("ada@example.com").starts_with(&"y".repeat(13_000)));
    world.assert_all_in_hubspot(&ada, 11).await;
}

#[tokio::test]
async fn a_merge_of_two_contacts_with_notes_keeps_every_message_once() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say_much(&ada, 0..20).await;
    world.say_much(&bob, 20..40).await;
    world.pass_until_idle().await;
    let (first, second) = (world.record(&ada).await, world.record(&bob).await);
    world.sandbox().merge(&first, &second).unwrap();
    world.say_much(&bob, 40..41).await;
    world.pass_until_idle().await;
    assert_eq!(world.record(&bob).await, first);
    let mut numbers = world.numbers_in_hubspot(&ada).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (0..41).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_note_that_hubspot_refuses_names_the_reason_and_holds_up_nobody() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    let refused = Effect::status(400);
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/objects/2026-03/notes", refused));
    world.say_much(&ada, 0..20).await;
    world.say(&bob, "hello").await;
    world.pass_until_idle().await;
    world.assert_delivered(&bob, "").await;
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Refused);
}

#[tokio::test]
async fn a_note_that_is_not_there_when_it_is_to_be_filled_is_looked_for_and_not_made_again_and_again() {
    let world = World::new().await;
    let ada = world.ada().await;
    world
        .sandbox()
        .add_fault(FaultRule::new("PATCH", "/notes/", Effect::status(404)).times(5));
    world.say_much(&ada, 0..20).await;
    world.pass_until_idle().await;
    world.assert_all_in_hubspot(&ada, 20).await;
    let record = world.record(&ada).await;
    let notes = world.notes(&record).await;
    assert!(
        notes.iter().all(|note| note.body.contains("MESSAGE: ")),
        "no heading alone is left"
    );
    let creations = world.sandbox().requests();
    let creations = creations
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/notes"));
    assert_eq!(creations.count(), notes.len());
}

#[tokio::test]
async fn a_contact_whose_notes_cannot_be_listed_holds_nobody_up_for_long() {
    let world = World::new().await;
    let ada = world.ada().await;
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/objects/2026-03/notes", Effect::applied_not_answered()).times(1));
    world.say_much(&ada, 0..20).await;
    world.pass().await;
    world
        .sandbox()
        .add_fault(FaultRule::new("GET", "/associations/notes", Effect::status(500)));
    world.advance(Duration::from_secs(62));
    for number in 0..5 {
        let email = format!("other{number}@example.com");
        let other = world.register("Other", "One", &email).await;
        world.say(&other, "hello").await;
        let begun = world.engine.now();
        while world.delivery(&other).await.delivered_seq == 0 {
            let due = world.pass().await.unwrap();
            world.set_clock(due);
        }
        let took = world.engine.now().since(begun);
        assert!(took <= Duration::from_secs(60), "{email} waited {took:?}");
        world.advance(Duration::from_secs(60));
    }
    world.sandbox().clear_faults();
    world.advance(Duration::from_secs(3_600));
    world.pass_until_idle().await;
    world.assert_all_in_hubspot(&ada, 20).await;
}
