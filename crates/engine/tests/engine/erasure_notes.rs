//! Notes of people who were forgotten are archived, or written again without them.

use std::time::Duration;

use parlor_hubspot::{ContactId, Note};
use parlor_protocol::TenantId;
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};

use crate::world::{Person, World, client};

const LENGTH: usize = 4_990;

impl World {
    pub async fn notes_in_hubspot(&self, record: &str) -> Vec<Note> {
        let client = client(&self.running, DEFAULT_TOKEN, Duration::from_secs(10));
        let contact: ContactId = record.parse().unwrap();
        let ids = client.notes().of_contact(&contact).await.unwrap();
        client.notes().read(&ids).await.unwrap()
    }

    pub async fn say_long(&self, person: &Person, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let text = format!(
                "{number} of {} {}",
                person.visitor.first_name.as_str(),
                "x".repeat(LENGTH)
            );
            self.say(person, &text).await;
        }
    }

    async fn assert_nothing_of(&self, record: &str, name: &str) {
        for note in self.notes_in_hubspot(record).await {
            assert!(!note.body.contains(&format!(" of {name} ")), "a note still has {name}");
        }
    }
}

#[tokio::test]
async fn notes_of_the_forgotten_are_archived_whatever_happens_on_the_way() {
    let effects = [
        None,
        Some(Effect::applied_not_answered()),
        Some(Effect::DroppedBefore),
        Some(Effect::status(503)),
        Some(Effect::status(400)),
    ];
    for effect in effects {
        for restarts in [false, true] {
            let mut world = World::new().await;
            let ada = world.ada().await;
            world.say_long(&ada, 0..30).await;
            world.pass_until_idle().await;
            let record = world.record(&ada).await;
            assert!(!world.notes_in_hubspot(&record).await.is_empty());
            if let Some(effect) = &effect {
                world
                    .sandbox()
                    .add_fault(FaultRule::new("DELETE", "/notes/", effect.clone()).times(1));
            }
            world.forget("ada@example.com").await;
            world.pass().await;
            if restarts {
                world.restart(Some(DEFAULT_TOKEN)).await;
            }
            world.pass_until_idle().await;
            let what = format!("{effect:?} restarts {restarts}");
            assert!(world.notes_in_hubspot(&record).await.is_empty(), "{what}");
            assert_eq!(
                (world.value("ada@example.com"), world.erasures().await),
                (String::new(), 0),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn a_note_that_holds_others_too_is_written_again_without_the_forgotten() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&ada, "hello").await;
    world.say(&bob, "hello").await;
    world.pass_until_idle().await;
    let (first, second) = (world.record(&ada).await, world.record(&bob).await);
    world.sandbox().merge(&first, &second).unwrap();
    for number in 0..20 {
        world.say_long(&ada, number..number + 1).await;
        world.say_long(&bob, number..number + 1).await;
    }
    world.pass_until_idle().await;
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;
    world.assert_nothing_of(&first, "Ada").await;
    let mut texts: Vec<String> = world
        .notes_in_hubspot(&first)
        .await
        .into_iter()
        .map(|note| note.body)
        .collect();
    texts.push(world.value("bob@example.com"));
    for number in 0..20 {
        let count: usize = texts
            .iter()
            .map(|text| text.matches(&format!("MESSAGE: {number} of Bob ")).count())
            .sum();
        assert_eq!(count, 1, "message {number}");
    }
    assert_eq!(world.erasures().await, 0);
}

#[tokio::test]
async fn a_note_whose_making_was_unclear_is_found_and_archived() {
    for effect in [Effect::applied_not_answered(), Effect::applied_after_writes(1)] {
        let world = World::new().await;
        let ada = world.ada().await;
        world.pass_until_idle().await;
        let record = world.record(&ada).await;
        world
            .sandbox()
            .add_fault(FaultRule::new("POST", "/objects/2026-03/notes", effect).times(1));
        world.say_long(&ada, 0..20).await;
        world.pass().await;
        world.forget("ada@example.com").await;
        world.pass_until_idle().await;
        assert!(world.notes_in_hubspot(&record).await.is_empty());
        assert_eq!(world.erasures().await, 0);
    }
}

#[tokio::test]
async fn notes_made_after_a_backup_are_known_again_once_it_is_restored() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say_long(&ada, 0..11).await;
    world.pass_until_idle().await;
    let backup = world.back_up("backup.db");
    world.say_long(&ada, 11..40).await;
    world.pass_until_idle().await;
    let record = world.record(&ada).await;
    let notes = world.notes_in_hubspot(&record).await.len();
    assert!(notes >= 2);
    world.restore(&backup).await;
    world.pass_until_idle().await;
    world.say_long(&ada, 40..42).await;
    world.pass_until_idle().await;
    let mut texts: Vec<String> = world
        .notes_in_hubspot(&record)
        .await
        .into_iter()
        .map(|note| note.body)
        .collect();
    texts.push(world.value("ada@example.com"));
    for number in 0..42 {
        let count: usize = texts
            .iter()
            .map(|text| text.matches(&format!("MESSAGE: {number} of Ada ")).count())
            .sum();
        assert_eq!(count, 1, "message {number}");
    }
    // And whoever is forgotten then is gone from those notes as well.
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;
    world.assert_nothing_of(&record, "Ada").await;
    assert!(!world.value("ada@example.com").contains(" of Ada "));
    assert_eq!(
        world.store().count_erasures(&TenantId::default_tenant()).await.unwrap(),
        0
    );
}
