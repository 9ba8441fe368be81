//! Dead letters: what rests, why, and how it goes on its way again.

use std::time::Duration;

use parlor_store::{Postponement, Reason, RecordState, Rest};

use crate::delivery::MINUTE;
use crate::world::{World, email};

const DAYS: Duration = Duration::from_secs(7 * 24 * 3_600);

impl World {
    fn failure(&self) -> Postponement {
        Postponement {
            give_up_failing_since: Some(self.now() - DAYS),
            ..Postponement::until(
                self.now() + MINUTE,
                Reason {
                    words: "HubSpot answers 500".into(),
                    correlation_id: Some("c-1".into()),
                },
            )
        }
    }

    async fn fail_record(&self, record: &str) -> Vec<String> {
        let postponement = self.failure();
        self.store
            .postpone_records(&self.tenant, vec![record.into()], postponement)
            .await
            .unwrap()
    }

    async fn fail_address(&self, address: &str) -> usize {
        let postponement = self.failure();
        let dead = self
            .store
            .postpone_addresses(&self.tenant, vec![email(address)], postponement);
        dead.await.unwrap().len()
    }
}

pub async fn what_fails_for_seven_days_becomes_a_dead_letter(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.say(&ada, "two").await;
    let bob = world.register("bob@example.com").await;
    world.say(&bob, "hello").await;
    assert!(world.fail_record("501").await.is_empty());
    assert_eq!(world.fail_address("bob@example.com").await, 0);
    world.clock.advance(DAYS.saturating_sub(MINUTE));
    assert!(world.fail_record("501").await.is_empty());
    assert_eq!(world.fail_address("bob@example.com").await, 0);
    world.clock.advance(MINUTE);
    assert_eq!(world.fail_record("501").await, ["501"]);
    assert_eq!(world.fail_address("bob@example.com").await, 1);

    world.clock.advance(MINUTE);
    assert!(world.dirty().await.is_empty());
    assert!(world.pending().await.is_empty());
    assert_eq!(world.next_due().await, None);
    assert_eq!(world.store.count_dead_letters(&world.tenant).await.unwrap(), 2);
    let letters = world.store.dead_letters(&world.tenant, 10).await.unwrap();
    let told: Vec<_> = letters
        .iter()
        .map(|letter| {
            assert_eq!((letter.rest, letter.since), (Rest::Dead, world.now() - MINUTE));
            assert_eq!(letter.reason.words, "HubSpot answers 500");
            assert_eq!(letter.reason.correlation_id.as_deref(), Some("c-1"));
            (
                letter.conversation.clone(),
                letter.record.as_deref(),
                letter.undelivered,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (ada.conversation.clone(), Some("501"), 2),
            (bob.conversation.clone(), None, 1)
        ]
    );
    let delivery_of = async |whose: &crate::world::Registered| {
        let found = world.store.delivery_of(&world.tenant, &whose.conversation).await;
        found.unwrap().unwrap()
    };
    assert_eq!(delivery_of(&ada).await.state, Some(RecordState::Dead));
    assert!(delivery_of(&bob).await.address_dead);
}

pub async fn a_success_in_between_begins_the_seven_days_anew(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.fail_record("501").await;
    world.clock.advance(DAYS);
    world.deliver("501", &ada, 1, None).await;
    assert!(world.fail_record("501").await.is_empty());
}

pub async fn time_in_which_hubspot_was_away_does_not_count(world: World) {
    world.linked("ada@example.com", "501").await;
    world.register("bob@example.com").await;
    world.fail_record("501").await;
    world.fail_address("bob@example.com").await;
    world.clock.advance(DAYS);
    world.store.excuse_failures(&world.tenant, DAYS * 9).await.unwrap();
    assert!(world.fail_record("501").await.is_empty());
    assert_eq!(world.fail_address("bob@example.com").await, 0);
    world.clock.advance(DAYS);
    assert_eq!(
        world.fail_record("501").await,
        ["501"],
        "no failure begins in the future"
    );
}

pub async fn a_replayed_letter_goes_out_as_if_it_had_never_failed(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    let bob = world.register("bob@example.com").await;
    world.linked("cleo@example.com", "503").await;
    world.set_state("501", RecordState::Refused).await;
    world.set_state("503", RecordState::Refused).await;
    world
        .store
        .refuse_address(&world.tenant, &email("bob@example.com"), &"INVALID_EMAIL".into())
        .await
        .unwrap();
    let replay = |which| world.store.replay(&world.tenant, which);
    assert_eq!(replay(Some(&ada.conversation)).await.unwrap(), 1);
    assert_eq!(world.dirty().await, ["501"]);
    assert_eq!(replay(Some(&ada.conversation)).await.unwrap(), 0);
    assert_eq!(replay(Some(&bob.conversation)).await.unwrap(), 1);
    assert_eq!(world.pending().await, ["bob@example.com"]);
    assert_eq!(replay(None).await.unwrap(), 1);
    assert_eq!(world.dirty().await.len(), 2);
    assert_eq!(world.store.count_dead_letters(&world.tenant).await.unwrap(), 0);
}

pub async fn writing_again_takes_up_what_was_delivered_too_but_brings_no_deleted_contact_back(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.deliver("501", &ada, 1, None).await;
    assert!(world.dirty().await.is_empty());
    let again = |whose: &crate::world::Registered| {
        let conversation = whose.conversation.clone();
        let (store, tenant, now) = (world.store.clone(), world.tenant.clone(), world.now());
        async move { store.write_again(&tenant, &conversation, now).await.unwrap() }
    };
    assert_eq!(again(&ada).await, Some(true));
    assert_eq!(world.dirty().await, ["501"]);
    world.deliver("501", &ada, 1, None).await;

    world.set_state("501", RecordState::Refused).await;
    assert_eq!(again(&ada).await, Some(true));
    assert_eq!(world.dirty().await, ["501"], "one that rests is sent on its way");
    world.set_state("501", RecordState::Gone).await;
    assert_eq!(again(&ada).await, Some(false));
    let held = world.register_held("held@example.com").await;
    assert_eq!(again(&held).await, Some(false));
}
