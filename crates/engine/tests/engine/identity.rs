//! Records, not addresses: two addresses of one contact, merges, deletions.

use std::time::Duration;

use parlor_protocol::DeliveryStatus;
use parlor_sandbox::{Effect, FaultRule};

use crate::world::World;

#[tokio::test]
async fn two_addresses_of_one_record_make_one_transcript_in_the_order_of_what_was_said() {
    let world = World::new().await;
    let kept = world.sandbox().seed_contact([("email", "ada@example.com")]).unwrap().id;
    let other = world
        .sandbox()
        .seed_contact([("email", "countess@example.com")])
        .unwrap()
        .id;
    world.sandbox().merge(&kept, &other).unwrap();
    let ada = world.ada().await;
    let countess = world.register("Ada", "King", "countess@example.com").await;
    for (person, text) in [(&ada, "one"), (&countess, "two"), (&ada, "three")] {
        world.say(person, text).await;
    }
    world.pass().await;

    assert_eq!(world.record(&ada).await, world.record(&countess).await);
    world.assert_delivered(&ada, "").await;
    world.assert_delivered(&countess, "").await;
    let value = world.value("ada@example.com");
    let places: Vec<usize> = ["MESSAGE: one", "MESSAGE: two", "MESSAGE: three"]
        .iter()
        .map(|line| value.find(line).unwrap())
        .collect();
    assert!(places.is_sorted(), "{value}");
}

#[tokio::test]
async fn after_a_merge_everything_goes_to_the_survivor() {
    for ada_survives in [true, false] {
        let world = World::new().await;
        let ada = world.ada().await;
        let bob = world.register("Bob", "Bobson", "bob@example.com").await;
        for (person, text) in [(&ada, "ada one"), (&bob, "bob one")] {
            world.say(person, text).await;
        }
        world.pass().await;
        let (kept, other) = (world.record(&ada).await, world.record(&bob).await);
        let (kept, other) = if ada_survives { (kept, other) } else { (other, kept) };
        world.sandbox().merge(&kept, &other).unwrap();

        // Only the record that is no more has something new; then both have.
        world
            .say(if ada_survives { &bob } else { &ada }, "after the merge")
            .await;
        world.pass().await;
        world.say(&ada, "ada two").await;
        world.say(&bob, "bob two").await;
        world.pass_until_idle().await;

        for person in [&ada, &bob] {
            assert_eq!(world.record(person).await, kept);
            world.assert_delivered(person, "").await;
        }
        let value = world.value("ada@example.com");
        assert_eq!(value.matches("MESSAGE: ").count(), 5, "{value}");
        assert_eq!(world.sandbox().contacts().len(), 1);
    }
}

#[tokio::test]
async fn a_merge_of_two_records_that_both_wait_is_written_in_one_pass() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "Bobson", "bob@example.com").await;
    world.pass().await;
    world
        .sandbox()
        .merge(&world.record(&bob).await, &world.record(&ada).await)
        .unwrap();
    world.say(&ada, "one").await;
    world.say(&bob, "two").await;
    world.pass().await;
    world.assert_delivered(&ada, "").await;
    world.assert_delivered(&bob, "").await;
    assert_eq!(world.calls("/batch/update"), 1);
}

#[tokio::test]
async fn a_deleted_contact_is_not_brought_back_and_a_new_registration_begins_afresh() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "before").await;
    world.pass().await;
    let deleted = world.record(&ada).await;
    world.sandbox().archive(&deleted).unwrap();

    world.say(&ada, "into the void").await;
    assert_eq!(world.pass().await, None);
    assert_eq!(world.sandbox().contacts().len(), 0);
    let delivery = world.delivery(&ada).await;
    assert_eq!((delivery.status, delivery.delivered_seq), (DeliveryStatus::Gone, 1));
    world.say(&ada, "still nobody").await;
    assert_eq!(world.pass().await, None);
    assert_eq!(world.sandbox().contacts().len(), 0);

    let again = world.ada().await;
    world.say(&again, "a new beginning").await;
    world.pass().await;
    assert_ne!(world.record(&again).await, deleted);
    world.assert_delivered(&again, "").await;
    let value = world.value("ada@example.com");
    assert!(value.contains("a new beginning") && !value.contains("before") && !value.contains("void"));
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Gone);
}

#[tokio::test]
async fn a_contact_deleted_between_our_read_and_our_write_is_gone_too() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "Bobson", "bob@example.com").await;
    world.pass().await;
    for person in [&ada, &bob] {
        world.say(person, "hello").await;
    }
    let slow = Effect::delay(Duration::from_millis(100));
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", slow).times(1));
    let deletes = async {
        while world.calls("/batch/update") == 0 {
            tokio::task::yield_now().await;
        }
        world.sandbox().archive(&world.record(&ada).await).unwrap();
    };
    tokio::join!(world.pass(), deletes);
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Waiting);
    world.assert_delivered(&bob, "").await;
    world.pass_until_idle().await;
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Gone);
}

#[tokio::test]
async fn a_contact_that_a_person_makes_anew_gets_what_is_said_after_the_new_registration() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "before").await;
    world.pass().await;
    world.sandbox().archive(&world.record(&ada).await).unwrap();
    world.say(&ada, "into the void").await;
    world.pass().await;
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Gone);

    let fresh = world.sandbox().seed_contact([("email", "ada@example.com")]).unwrap().id;
    let again = world.ada().await;
    world.say(&again, "after").await;
    world.pass_until_idle().await;
    assert_eq!(world.record(&again).await, fresh);
    world.assert_delivered(&again, "").await;
    assert!(!world.value("ada@example.com").contains("before"));
}

#[tokio::test]
async fn whoever_has_the_address_of_a_deleted_contact_gets_nothing_of_what_was_said_before() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "before").await;
    world.pass_until_idle().await;
    world.sandbox().archive(&world.record(&ada).await).unwrap();
    let anew = world.sandbox().seed_contact([("email", "ada@example.com")]).unwrap();
    world.say(&ada, "after").await;
    world.pass_until_idle().await;
    let value = world.sandbox().contact(&anew.id).unwrap();
    assert!(!value.property("chat_transcript").unwrap_or_default().contains("before"));
}
