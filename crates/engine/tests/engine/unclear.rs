//! A write of unclear outcome may be applied after a later one: it is looked for once that can no longer happen.

use std::time::Duration;

use parlor_protocol::TenantId;
use parlor_sandbox::{Effect, FaultRule};
use parlor_store::Coalescing;

use crate::world::{UNCLEAR_FOR, World};

#[tokio::test]
async fn an_old_write_applied_late_is_found_and_mended() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass_until_idle().await;

    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::applied_after_writes(1)).times(1));
    world.say(&ada, "two").await;
    let unclear_at = world.engine.now();
    let due = world.pass().await.unwrap();
    assert_eq!(world.delivery(&ada).await.delivered_seq, 1);

    // The next write is applied and answered, and then the old one overwrites it.
    world.say(&ada, "three").await;
    let mut due = due;
    while world.delivery(&ada).await.delivered_seq < 3 {
        world.set_clock(due);
        due = world.pass().await.unwrap();
    }
    assert_eq!(world.calls("/batch/update"), 3);
    assert!(
        !world.value("ada@example.com").contains("three"),
        "the sandbox applied the old write late"
    );

    // Until it can no longer come the record stays unconfirmed, and is left in peace.
    let confirm_at = unclear_at + UNCLEAR_FOR;
    assert_eq!(due, confirm_at);
    let calls = world.sandbox().requests().len();
    world.set_clock(confirm_at - Duration::from_millis(1));
    assert_eq!(world.pass().await, Some(confirm_at));
    assert_eq!(world.sandbox().requests().len(), calls);

    world.set_clock(confirm_at);
    let due = world.pass().await;
    world.assert_delivered(&ada, "").await;
    // The mending is confirmed in its turn, and then there is nothing left to do.
    assert_eq!(due, Some(confirm_at + Duration::from_secs(60)));
    world.set_clock(due.unwrap());
    assert_eq!(world.pass().await, None);
    world.assert_delivered(&ada, "").await;
    assert_eq!(world.calls("/batch/update"), 4);
}

#[tokio::test]
async fn a_write_found_applied_is_confirmed_by_one_more_read() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::applied_not_answered()).times(1));
    world.say(&ada, "one").await;
    let confirm_at = world.engine.now() + UNCLEAR_FOR;
    let mut due = world.pass().await.unwrap();
    // HubSpot as a whole and the record rest for a random time each, in either order.
    while due < confirm_at {
        world.set_clock(due);
        due = world.pass().await.unwrap();
    }
    assert_eq!(due, confirm_at);
    world.assert_delivered(&ada, "").await;
    world.set_clock(confirm_at);
    assert_eq!(world.pass().await, None);
    assert_eq!(world.calls("/batch/update"), 1);
}

#[tokio::test]
async fn a_value_that_somebody_keeps_changing_is_written_again_once_a_minute_at_most() {
    let world = World::new().await;
    let ada = world.ada().await;
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::applied_not_answered()).times(1));
    world.say(&ada, "one").await;
    let began = world.engine.now();
    let mut due = world.pass().await;
    for _ in 0..20 {
        world
            .sandbox()
            .set_property(&world.record(&ada).await, "chat_transcript", "")
            .unwrap();
        world.set_clock(due.unwrap());
        due = world.pass().await;
    }
    assert!(world.engine.now().since(began) > Duration::from_secs(15 * 60));
    assert!(world.calls("/batch/update") <= 22);
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    let tenant = TenantId::default_tenant();
    assert_eq!(
        world.store().next_due(&tenant, Coalescing::AT_ONCE).await.unwrap(),
        None
    );
}
