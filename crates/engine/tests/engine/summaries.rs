//! The end of a conversation is summed up once on the contact's timeline.

use std::time::Duration;

use parlor_protocol::{ConversationState, TenantId};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};

use crate::world::{Person, World};

impl World {
    async fn end(&self, person: &Person) {
        let tenant = TenantId::default_tenant();
        self.store()
            .set_conversation_state(&tenant, &person.conversation, ConversationState::Closed)
            .await
            .unwrap();
    }

    async fn summaries(&self, person: &Person) -> Vec<String> {
        let record = self.record(person).await;
        let notes = self.notes(&record).await;
        notes.into_iter().map(|note| note.body).collect()
    }
}

#[tokio::test]
async fn an_end_is_summed_up_once_and_again_after_it_went_on() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "Do you ship to Mars?").await;
    world.pass_until_idle().await;
    assert!(world.summaries(&ada).await.is_empty());
    world.end(&ada).await;
    world.pass_until_idle().await;
    world.pass_until_idle().await;
    let summaries = world.summaries(&ada).await;
    assert_eq!(summaries.len(), 1);
    for part in [
        "a chat ended",
        "1 messages: 1 by Ada Lovelace, nobody answered",
        "Do you ship to Mars?",
        "Demo on https",
    ] {
        assert!(summaries[0].contains(part), "{part} is missing in {}", summaries[0]);
    }
    world.assert_delivered(&ada, "").await;

    world.say(&ada, "And to Venus?").await;
    world.end(&ada).await;
    world.pass_until_idle().await;
    let summaries = world.summaries(&ada).await;
    assert_eq!(summaries.len(), 2);
    assert!(summaries[1].contains("Venus") && !summaries[1].contains("Mars"));
}

#[tokio::test]
async fn an_unclear_answer_or_a_restart_leaves_no_second_summary() {
    for effect in [
        Effect::applied_not_answered(),
        Effect::DroppedBefore,
        Effect::status(503),
    ] {
        for (method, path) in [("POST", "/objects/2026-03/notes"), ("PATCH", "/notes/")] {
            let mut world = World::new().await;
            let ada = world.ada().await;
            world.say(&ada, "hello").await;
            world.end(&ada).await;
            world
                .sandbox()
                .add_fault(FaultRule::new(method, path, effect.clone()).times(1));
            world.pass().await;
            world.restart(Some(DEFAULT_TOKEN)).await;
            world.pass_until_idle().await;
            let summaries = world.summaries(&ada).await;
            assert_eq!(summaries.len(), 1, "{method} {effect:?}");
            assert!(summaries[0].contains("hello"), "{method} {effect:?}: {}", summaries[0]);
        }
    }
}

#[tokio::test]
async fn a_held_conversation_and_one_of_a_deleted_contact_are_not_summed_up() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass_until_idle().await;
    let record = world.record(&ada).await;
    world.sandbox().archive(&record).unwrap();
    world.say(&ada, "still there?").await;
    world.end(&ada).await;
    world.advance(Duration::from_secs(60));
    world.pass_until_idle().await;
    assert_eq!(world.calls("/objects/2026-03/notes"), 0);
}
