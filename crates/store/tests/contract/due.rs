//! When HubSpot must be told: after the first message, after some quiet, at the latest, and when the conversation ends.

use std::time::Duration;

use parlor_protocol::ConversationState;
use parlor_store::{Coalescing, Timestamp};

use crate::delivery::MINUTE;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

const USUAL: Coalescing = Coalescing {
    first: SECOND,
    quiet: Duration::from_secs(10),
    most: Duration::from_secs(30),
};

impl World {
    async fn due(&self) -> Option<Timestamp> {
        self.store.next_due(&self.tenant, USUAL).await.unwrap()
    }

    /// The records that go out at that moment.
    async fn due_by(&self, due_by: Timestamp) -> Vec<String> {
        let found = self
            .store
            .dirty_records(&self.tenant, self.now(), due_by, USUAL, 100)
            .await
            .unwrap();
        found.into_iter().map(|dirty| dirty.record).collect()
    }
}

pub async fn a_first_message_is_due_soon_and_later_ones_after_quiet(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    let said = world.now();
    assert_eq!(world.due().await, Some(said + SECOND));
    assert!(world.due_by(said + SECOND - Duration::from_millis(1)).await.is_empty());
    assert_eq!(world.due_by(said + SECOND).await, ["501"]);
    world.deliver("501", &ada, 1, None).await;

    world.clock.advance(MINUTE);
    let second = world.now();
    world.say(&ada, "two").await;
    assert_eq!(world.due().await, Some(second + USUAL.quiet));
    world.clock.advance(SECOND * 9);
    world.answer(&ada, "three").await;
    assert_eq!(
        world.due().await,
        Some(second + SECOND * 19),
        "each message begins the quiet anew"
    );
    assert!(world.due_by(second + SECOND * 10).await.is_empty());
}

pub async fn whatever_follows_the_oldest_message_waits_no_longer_than_allowed(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.deliver("501", &ada, 1, None).await;
    world.clock.advance(MINUTE);
    let oldest = world.now();
    for _ in 0..6 {
        world.say(&ada, "and").await;
        world.clock.advance(SECOND * 6);
    }
    assert_eq!(world.due().await, Some(oldest + USUAL.most));
    // What was delivered meanwhile no longer counts: the oldest is the next one.
    world.deliver("501", &ada, 2, None).await;
    assert_eq!(world.due().await, Some(oldest + SECOND * 6 + USUAL.most));
}

pub async fn the_end_of_a_conversation_makes_it_due_at_once(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.deliver("501", &ada, 1, None).await;
    world.clock.advance(MINUTE);
    world.say(&ada, "bye").await;
    assert!(world.due_by(world.now()).await.is_empty());
    world
        .store
        .set_conversation_state(&world.tenant, &ada.conversation, ConversationState::Closed)
        .await
        .unwrap();
    assert_eq!(world.due_by(world.now()).await, ["501"]);
    assert!(world.due().await.unwrap() <= world.now());
}

pub async fn a_record_due_for_one_conversation_is_due_as_a_whole(world: World) {
    let first = world.linked("ada@example.com", "501").await;
    world.deliver("501", &first, 1, None).await;
    world.clock.advance(MINUTE);
    world.say(&first, "quiet yet").await;
    assert!(world.due_by(world.now() + SECOND).await.is_empty());
    world.linked("ada.l@example.com", "501").await;
    assert_eq!(world.due_by(world.now() + SECOND).await, ["501"]);
}

pub async fn a_record_put_off_waits_however_long_its_messages_have_been_due(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    let until = world.now() + MINUTE;
    let postponement = parlor_store::Postponement::until(until, "503");
    let records = vec!["501".to_owned()];
    let dead = world.store.postpone_records(&world.tenant, records, postponement);
    assert!(dead.await.unwrap().is_empty());
    assert_eq!(world.due().await, Some(until));
    assert!(world.due_by(until).await.is_empty());
    world.clock.advance(MINUTE);
    assert_eq!(world.due_by(world.now()).await, ["501"]);
    drop(ada);
}
