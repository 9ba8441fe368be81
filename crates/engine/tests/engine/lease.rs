//! Two servers on one store: one writes, and the other takes over only when the first can no longer.

use std::sync::Arc;
use std::time::Duration;

use parlor_engine::{Engine, Timestamp};
use parlor_sandbox::{Effect, FaultRule};
use tokio_util::sync::CancellationToken;

use crate::world::{TIMEOUT, World};

async fn pass(node: &Arc<Engine>) -> Option<Timestamp> {
    node.delivery().pass(&CancellationToken::new()).await
}

#[tokio::test]
async fn only_the_holder_writes_and_another_takes_over_when_it_has_stopped() {
    let world = World::new().await;
    let other = world.another_node().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;
    world.assert_delivered(&ada, "").await;

    world.say(&ada, "two").await;
    let calls = world.sandbox().requests().len();
    let free_at = pass(&other).await.unwrap();
    assert_eq!(world.sandbox().requests().len(), calls, "the other only waits");
    assert!(other.delivery().in_words().contains("Another Parlor server"));
    assert!(free_at > world.engine.now() + TIMEOUT * 2 + Duration::from_secs(5));

    // The first one stops without a word.
    world.set_clock(free_at - Duration::from_millis(1));
    pass(&other).await;
    assert_eq!(world.sandbox().requests().len(), calls);
    world.set_clock(free_at);
    pass(&other).await;
    world.assert_delivered(&ada, "").await;
    assert!(other.delivery().in_words().contains("connected"));

    // And comes back.
    world.say(&ada, "three").await;
    let calls = world.sandbox().requests().len();
    world.pass().await;
    assert_eq!(world.sandbox().requests().len(), calls);
    pass(&other).await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn a_holder_that_slept_through_the_end_of_its_lease_writes_nothing() {
    let world = World::new().await;
    let other = world.another_node().await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    world.say(&ada, "one").await;
    // While it sleeps between its reading and its writing, the other takes over.
    let asleep = Effect::delay(Duration::from_millis(500));
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/read", asleep).times(1));
    let reads = world.calls("/batch/read");
    let sleeper = world.engine.clone();
    let sleeping = tokio::spawn(async move { pass(&sleeper).await });
    while world.calls("/batch/read") == reads {
        tokio::task::yield_now().await;
    }
    world.advance(Duration::from_secs(300));
    pass(&other).await;
    world.assert_delivered(&ada, "").await;
    assert_eq!(world.calls("/batch/update"), 1);
    sleeping.await.unwrap();
    assert_eq!(world.calls("/batch/update"), 1, "the one that slept wrote as well");
}

#[tokio::test]
async fn what_was_written_last_is_looked_at_again_by_whoever_takes_over() {
    let world = World::new().await;
    let other = world.another_node().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;
    // The holder's last write is overtaken by one of its own that nobody knows of any more.
    let record = world.record(&ada).await;
    world.advance(Duration::from_secs(25));
    world.sandbox().set_property(&record, "chat_transcript", "").unwrap();
    let mut due = pass(&other).await;
    for _ in 0..10 {
        let Some(at) = due else { break };
        world.set_clock(at);
        due = pass(&other).await;
    }
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn a_server_that_stops_in_order_leaves_its_place_at_once() {
    let world = World::new().await;
    let other = world.another_node().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (delivery, stop) = (world.engine.delivery().clone(), stop.clone());
        async move { delivery.run(stop).await }
    });
    while world.calls("/batch/update") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    running.await.unwrap();
    world.say(&ada, "two").await;
    pass(&other).await;
    world.assert_delivered(&ada, "").await;
}
