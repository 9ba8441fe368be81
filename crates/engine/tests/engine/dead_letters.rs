//! What fails by itself for seven days rests, is seen, and goes out when somebody says so; nobody else waits for it.

use std::time::Duration;

use parlor_protocol::{DeliveryStatus, TenantId};
use parlor_sandbox::{Effect, FaultRule};
use parlor_store::Rest;

use crate::world::World;

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn a_contact_that_only_fails_becomes_a_dead_letter_and_holds_nobody_up() {
    let world = World::new().await;
    let tenant = TenantId::default_tenant();
    let ada = world.ada().await;
    let bob = world.register("Bob", "Bobson", "bob@example.com").await;
    world.pass_until_idle().await;
    let record = world.record(&ada).await;
    let fails = FaultRule::new("POST", "/batch/update", Effect::status(500));
    world.sandbox().add_fault(fails.body_contains(&record));
    world.say(&ada, "hello").await;
    world.say(&bob, "hello").await;

    let begun = world.engine.now();
    let mut next_word = begun + DAY / 4;
    while world.delivery(&ada).await.status != DeliveryStatus::Dead {
        let due = world.pass().await.unwrap_or(next_word);
        if due < next_word {
            world.set_clock(due);
            continue;
        }
        world.set_clock(next_word);
        if next_word > begun + DAY {
            // By now it stands alone: what others say goes out at once.
            world.say(&bob, "still here").await;
            world.pass().await;
            world.assert_delivered(&bob, "").await;
        }
        next_word = next_word + DAY / 4;
        assert!(world.engine.now().since(begun) < DAY * 8, "it is never given up");
    }
    assert!(world.engine.now().since(begun) >= DAY * 7);

    let letters = world.engine.dead_letters(&tenant).await.unwrap();
    let [letter] = letters.as_slice() else {
        panic!("{letters:?}")
    };
    assert_eq!(
        (&letter.conversation, letter.rest, letter.undelivered),
        (&ada.conversation, Rest::Dead, 1)
    );
    assert_eq!(letter.reason.words, "HubSpot answers 500");
    assert!(letter.reason.correlation_id.is_some());
    assert_eq!(
        world.delivery(&ada).await.in_words(),
        "nothing in HubSpot yet; given up after seven days: HubSpot answers 500"
    );
    world.pass_until_idle().await;

    world.sandbox().clear_faults();
    let replayed = world.engine.replay(&tenant, Some(&ada.conversation)).await;
    assert_eq!(replayed.unwrap(), 1);
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    assert!(world.engine.dead_letters(&tenant).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_outage_kills_no_letters() {
    for restarts in [false, true] {
        let mut world = World::new().await;
        let tenant = TenantId::default_tenant();
        let ada = world.ada().await;
        let bob = world.register("Bob", "Bobson", "bob@example.com").await;
        world.pass_until_idle().await;
        // Writes fail, so that each contact has failures of its own noted.
        world
            .sandbox()
            .add_fault(FaultRule::new("POST", "/batch/update", Effect::status(503)));
        world.say(&ada, "hello").await;
        world.say(&bob, "hello").await;
        let begun = world.engine.now();
        while world.engine.now().since(begun) < DAY * 9 {
            world.pass().await;
            world.advance(Duration::from_secs(3 * 3_600));
        }
        if restarts {
            world.restart(Some(parlor_sandbox::DEFAULT_TOKEN)).await;
        }
        assert_eq!(world.engine.dead_letters(&tenant).await.unwrap(), []);
        // HubSpot is back, but not for one of them yet.
        world.sandbox().clear_faults();
        let record = world.record(&ada).await;
        let fails = FaultRule::new("POST", "/batch/update", Effect::status(500));
        world.sandbox().add_fault(fails.body_contains(&record).times(12));
        world.pass_until_idle().await;
        for person in [&ada, &bob] {
            world.assert_delivered(person, "").await;
        }
    }
}

#[tokio::test]
async fn a_contacts_transcript_is_written_again_when_somebody_says_so() {
    let world = World::new().await;
    let tenant = TenantId::default_tenant();
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass_until_idle().await;
    let record = world.record(&ada).await;
    world.sandbox().set_property(&record, "chat_transcript", "").unwrap();
    assert_eq!(world.pass().await, None);
    let again = || world.engine.write_again(&tenant, &ada.conversation);
    assert_eq!(again().await.unwrap(), Some(true));
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;

    world.sandbox().archive(&record).unwrap();
    world.say(&ada, "and").await;
    world.pass_until_idle().await;
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Gone);
    assert_eq!(again().await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_refused_contact_is_a_letter_too_and_its_correlation_id_is_kept() {
    let world = World::new().await;
    let tenant = TenantId::default_tenant();
    let ada = world.ada().await;
    world.pass_until_idle().await;
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::status(400)).times(1));
    world.say(&ada, "hello").await;
    world.pass_until_idle().await;
    let letters = world.engine.dead_letters(&tenant).await.unwrap();
    assert_eq!((letters.len(), letters[0].rest), (1, Rest::Refused));
    assert!(letters[0].reason.correlation_id.is_some());
    assert_eq!(world.engine.replay(&tenant, None).await.unwrap(), 1);
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}
