//! HubSpot's limits, as its own log of requests shows that they were kept.

use std::time::Duration;

use parlor_engine::AdmissionOptions;
use parlor_sandbox::{Clock, DEFAULT_TOKEN, Effect, FaultRule, Limits, Moment, SandboxOptions};

use crate::world::{BEGINNING, World};

async fn limited(limits: Limits) -> World {
    let options = SandboxOptions {
        clock: Clock::manual(Moment::from_unix_milliseconds(BEGINNING)),
        limits,
        logged_requests: 10_000,
        ..SandboxOptions::default()
    };
    World::with_clocks(Some(DEFAULT_TOKEN), options, AdmissionOptions::default(), true).await
}

fn arrivals(world: &World) -> Vec<i64> {
    let requests = world.sandbox().requests();
    assert!(requests.iter().all(|request| request.status != Some(429)));
    requests.iter().map(|request| request.at.unix_milliseconds()).collect()
}

#[tokio::test]
async fn a_backlog_drains_at_nearly_the_allowed_rate_and_never_above_it() {
    const MOST: usize = 100;
    let world = limited(Limits {
        ten_seconds: Some(100),
        ..Limits::default()
    })
    .await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    let begun = arrivals(&world).len();
    for _ in 0..300 {
        world.say(&ada, "hi").await;
        world.pass().await;
    }
    world.assert_delivered(&ada, "").await;
    let arrivals = arrivals(&world);
    for (first, at) in arrivals.iter().enumerate() {
        let within = arrivals[first..]
            .iter()
            .take_while(|later| **later < at + 10_000)
            .count();
        assert!(within <= MOST, "{within} calls within ten seconds");
    }
    let (drained, took) = (arrivals.len() - begun, arrivals.last().unwrap() - arrivals[begun]);
    assert!(drained >= 600);
    let allowed = took * 100 / 10_000;
    let share = i64::try_from(drained).unwrap() * 100 / allowed;
    assert!(share >= 95, "{share} % of the allowed rate");
}

#[tokio::test]
async fn the_last_of_a_days_calls_are_left_to_others_and_the_day_after_everything_goes_out() {
    let world = limited(Limits {
        daily: Some(200),
        ..Limits::default()
    })
    .await;
    let ada = world.ada().await;
    let begun = world.engine.now();
    let mut said_so = false;
    while world.engine.now().since(begun) < Duration::from_secs(15 * 3_600) {
        world.say(&ada, "hi").await;
        let soon = world.engine.now() + Duration::from_secs(300);
        if let Some(due) = world.pass().await.filter(|due| *due < soon) {
            world.set_clock(due);
            world.pass().await;
        }
        world.set_clock(soon);
        said_so |= world
            .engine
            .delivery()
            .in_words()
            .contains("of the account's calls to HubSpot of today are used");
    }
    assert!(said_so, "the inbox says that delivery is slowed down");
    let used = arrivals(&world).len();
    assert!((170..=196).contains(&used), "{used} of 200 calls were used");
    assert!(
        world.delivery(&ada).await.delivered_seq > 100,
        "slowed down, not stopped"
    );
    world.advance(Duration::from_secs(3_600));
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn what_hubspot_asks_for_in_retry_after_is_waited_for() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    let limited = Effect::Status {
        status: 429,
        message: Some("You have reached your ten_secondly_rolling limit.".to_owned()),
        category: None,
        body: None,
        content_type: None,
        headers: [("retry-after".to_owned(), "77".to_owned())].into(),
    };
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", limited).times(1));
    world.say(&ada, "hello").await;
    let due = world.pass().await.unwrap();
    assert!(due >= world.engine.now() + Duration::from_secs(77));
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}
