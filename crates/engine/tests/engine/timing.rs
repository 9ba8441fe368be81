//! When HubSpot learns: soon of a first message, then in few writes, and at once when a conversation ends.

use std::time::Duration;

use parlor_engine::Timestamp;
use parlor_engine::delivery::{FAST, FRUGAL, USUAL};
use parlor_protocol::{ConversationState, TenantId};
use parlor_store::Coalescing;

use crate::world::{Person, World};

const SECOND: Duration = Duration::from_secs(1);

async fn collecting(coalescing: Coalescing) -> (World, Person) {
    let mut world = World::new().await;
    world.collect(coalescing).await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    (world, ada)
}

/// Passes whenever one is due, until that moment.
async fn go_on_until(world: &World, moment: Timestamp) {
    while let Some(due) = world.pass().await.filter(|due| *due <= moment) {
        world.set_clock(due);
    }
    world.set_clock(moment);
}

/// Says so many things, so far apart; answers how long the first and the slowest took, and how many writes it were.
async fn chat(coalescing: Coalescing, gaps: impl Iterator<Item = u64>) -> (Duration, Duration, usize) {
    let (world, ada) = collecting(coalescing).await;
    let mut said: Vec<Timestamp> = Vec::new();
    let mut lags = Vec::new();
    let note = async |lags: &mut Vec<Duration>, said: &[Timestamp]| {
        let delivered = usize::try_from(world.delivery(&ada).await.delivered_seq).unwrap();
        for moment in &said[lags.len()..delivered] {
            lags.push(world.engine.now().since(*moment));
        }
    };
    for gap in gaps.chain([600]) {
        world.say(&ada, "and").await;
        said.push(world.engine.now());
        let next = world.engine.now() + SECOND * u32::try_from(gap).unwrap();
        while let Some(due) = world.pass().await.filter(|due| *due <= next) {
            note(&mut lags, &said).await;
            world.set_clock(due);
        }
        note(&mut lags, &said).await;
        world.set_clock(next);
    }
    assert_eq!(lags.len(), said.len());
    world.assert_delivered(&ada, "").await;
    let longest = lags.iter().max().copied().unwrap();
    (lags[0], longest, world.calls("/batch/update"))
}

/// Gaps with a median of six seconds, some of them long.
fn gaps() -> impl Iterator<Item = u64> {
    [2, 5, 6, 6, 7, 3, 40, 6, 1, 8, 6, 4].into_iter().cycle().take(120)
}

#[tokio::test]
async fn each_setting_keeps_what_it_promises() {
    for (coalescing, longest_allowed) in [(USUAL, 30), (FAST, 4), (FRUGAL, 300)] {
        let (first, longest, writes) = chat(coalescing, gaps()).await;
        assert!(first <= SECOND, "{first:?}");
        assert!(longest <= SECOND * longest_allowed, "{longest:?} with {coalescing:?}");
        let most = match longest_allowed {
            4 => 121,
            30 => 40,
            _ => 8,
        };
        assert!(writes <= most, "{writes} writes with {coalescing:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_conversation_is_told_at_once() {
    let (world, ada) = collecting(USUAL).await;
    world.say(&ada, "one").await;
    go_on_until(&world, world.engine.now() + SECOND * 60).await;
    world.say(&ada, "bye").await;
    world.pass().await;
    assert_eq!(world.delivery(&ada).await.delivered_seq, 1);
    let tenant = TenantId::default_tenant();
    let closed = ConversationState::Closed;
    world
        .engine
        .set_state(&tenant, &ada.conversation, closed)
        .await
        .unwrap();
    world.pass().await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn what_falls_due_within_a_second_goes_in_one_call() {
    let (world, _) = collecting(USUAL).await;
    let mut people = Vec::new();
    for number in 0..20 {
        let email = format!("visitor{number}@example.com");
        people.push(world.register("Visitor", "Test", &email).await);
    }
    world.pass_until_idle().await;
    let before = (world.calls("/batch/read"), world.calls("/batch/update"));
    for person in &people {
        world.advance(Duration::from_millis(10));
        world.say(person, "hello").await;
    }
    let due = world.pass().await.unwrap();
    assert_eq!((world.calls("/batch/read"), world.calls("/batch/update")), before);
    world.set_clock(due);
    world.pass().await;
    assert_eq!(
        (world.calls("/batch/read"), world.calls("/batch/update")),
        (before.0 + 1, before.1 + 1)
    );
    for person in &people {
        world.assert_delivered(person, "").await;
    }
}
