//! While HubSpot is limited, slow, broken or away: nothing lost, nothing doubled, the order kept, and the state in words.

use std::time::Duration;

use parlor_engine::AdmissionOptions;
use parlor_protocol::DeliveryStatus;
use parlor_sandbox::{Clock, DEFAULT_TOKEN, Effect, FaultRule, Limits, Moment, SandboxOptions};

use crate::world::{World, client};

/// What HubSpot may do at the worst moment, and what the card says of it.
fn misfortunes() -> Vec<(Effect, &'static str)> {
    vec![
        (Effect::status(429), "HubSpot answers 429"),
        (Effect::status(500), "HubSpot answers 500"),
        (Effect::status(503), "HubSpot answers 503"),
        (Effect::html(502, "<html>Bad gateway</html>"), "HubSpot answers 502"),
        (Effect::html(200, "<html>Welcome</html>"), "HubSpot answers 200"),
        (Effect::DroppedBefore, "the connection to HubSpot broke"),
        (Effect::applied_not_answered(), "the connection to HubSpot broke"),
        (Effect::applied_after_writes(1), "the connection to HubSpot broke"),
        (
            Effect::AppliedNotAnswered { hang: true },
            "HubSpot does not answer in time",
        ),
    ]
}

fn hangs(effect: &Effect) -> bool {
    matches!(effect, Effect::AppliedNotAnswered { hang: true })
}

#[tokio::test]
async fn a_write_that_fails_in_any_way_is_made_good() {
    for (effect, words) in misfortunes() {
        let mut world = World::new().await;
        if hangs(&effect) {
            world.patience = Duration::from_millis(300);
            world.restart(Some(DEFAULT_TOKEN)).await;
        }
        let ada = world.ada().await;
        world.say(&ada, "one").await;
        world.pass().await;
        world
            .sandbox()
            .add_fault(FaultRule::new("POST", "/batch/update", effect.clone()).times(2));
        world.say(&ada, "two").await;
        world.say(&ada, "three").await;
        world.pass().await;

        let card = world.delivery(&ada).await.in_words();
        assert_eq!(
            card,
            format!("in HubSpot up to message 1; waiting: {words}"),
            "{effect:?}"
        );
        assert_eq!(world.engine.delivery().in_words(), format!("Waiting: {words}"));

        world.pass_until_idle().await;
        world.assert_delivered(&ada, "").await;
        assert_eq!(
            world.value("ada@example.com").matches("MESSAGE: ").count(),
            3,
            "{effect:?}"
        );
        assert_eq!(world.delivery(&ada).await.in_words(), "in HubSpot up to message 3");
        assert_eq!(world.engine.delivery().trouble(), None);
    }
}

#[tokio::test]
async fn wherever_a_call_fails_on_the_way_from_registration_to_transcript_it_is_made_good() {
    for path in [
        "account-info",
        "/properties/",
        "/batch/read",
        "/batch/create",
        "/batch/update",
    ] {
        for (effect, _) in misfortunes() {
            let mut world = World::new().await;
            if hangs(&effect) {
                world.patience = Duration::from_millis(300);
                world.restart(Some(DEFAULT_TOKEN)).await;
            }
            world.sandbox().add_fault(FaultRule {
                method: None,
                ..FaultRule::new("", path, effect.clone()).times(2)
            });
            let ada = world.ada().await;
            world.say(&ada, "one").await;
            world.pass().await;
            world.say(&ada, "two").await;
            world.pass_until_idle().await;
            world.assert_delivered(&ada, "").await;
            assert_eq!(world.sandbox().contacts().len(), 1, "{path} {effect:?}");
            assert_eq!(world.value("ada@example.com").matches("MESSAGE: ").count(), 2);
        }
    }
}

#[tokio::test]
async fn the_portals_own_limit_is_waited_for() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_795_249_800_000));
    let options = SandboxOptions {
        clock: clock.clone(),
        limits: Limits {
            ten_seconds: Some(100),
            ..Limits::default()
        },
        ..SandboxOptions::default()
    };
    let world = World::build(Some(DEFAULT_TOKEN), options, AdmissionOptions::default()).await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;

    // Another program uses the same token, and all that it allows.
    let other = client(&world.running, DEFAULT_TOKEN, Duration::from_secs(10));
    while other.account().details().await.is_ok() {}
    world.say(&ada, "two").await;
    let due = world.pass().await.unwrap();
    assert!(
        due >= world.engine.now() + Duration::from_secs(10),
        "the window is ten seconds long"
    );
    assert_eq!(
        world.delivery(&ada).await.in_words(),
        "in HubSpot up to message 1; waiting: HubSpot answers 429"
    );

    // Nobody knocks before that.
    let calls = world.sandbox().requests().len();
    assert_eq!(world.pass().await, Some(due));
    assert_eq!(world.sandbox().requests().len(), calls);

    clock.advance(Duration::from_secs(11));
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    assert_eq!(world.delivery(&ada).await.in_words(), "in HubSpot up to message 2");
}

#[tokio::test]
async fn the_days_limit_is_said_in_words() {
    let world = World::new().await;
    world.sandbox().set_limits(Limits {
        daily: Some(0),
        ..Limits::default()
    });
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass().await;
    assert!(
        world
            .delivery(&ada)
            .await
            .in_words()
            .contains("429: the day's calls are used up")
    );
    world.sandbox().set_limits(Limits::off());
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn an_outage_of_hours_is_asked_after_seldom_and_leaves_no_trace() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.pass().await;
    world.sandbox().set_down(true);
    let began = world.engine.now();
    let mut passes = 0;
    while world.engine.now().since(began) < Duration::from_secs(6 * 3_600) {
        world.say(&ada, &format!("message {passes}")).await;
        world.set_clock(world.pass().await.unwrap());
        passes += 1;
    }
    assert!(passes < 600, "{passes} passes in six hours");
    world.sandbox().set_down(false);
    let back = world.engine.now();
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    assert!(world.engine.now().since(back) < Duration::from_secs(600));
}

#[tokio::test]
async fn a_revoked_token_pauses_everything_until_there_is_a_good_one() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;
    world.sandbox().remove_token(DEFAULT_TOKEN);
    world.say(&ada, "two").await;
    let bob = world.register("Bob", "Bobson", "bob@example.com").await;
    world.say(&bob, "hello").await;
    let calls = world.sandbox().requests().len();
    world.pass().await;

    assert_eq!(world.sandbox().requests().len(), calls + 1, "one refusal is enough");
    assert!(
        world
            .engine
            .delivery()
            .in_words()
            .contains("401: the token is not valid")
    );
    for person in [&ada, &bob] {
        let delivery = world.delivery(person).await;
        assert_eq!(delivery.status, DeliveryStatus::Waiting);
        assert!(delivery.in_words().contains("401: the token is not valid"));
    }
    world.set_clock(world.engine.now() + Duration::from_secs(3_600));
    world.pass().await;
    assert!(world.engine.delivery().trouble().is_some());

    world.sandbox().add_token("pat-new", ["*"]);
    world.restart(Some("pat-new")).await;
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    world.assert_delivered(&bob, "").await;
    assert_eq!(world.engine.delivery().trouble(), None);
}

#[tokio::test]
async fn account_details_that_are_refused_hold_nothing_up() {
    for status in [403, 404, 500, 503] {
        let world = World::new().await;
        world
            .sandbox()
            .add_fault(FaultRule::new("GET", "account-info", Effect::status(status)));
        let ada = world.ada().await;
        world.say(&ada, "hello").await;
        world.pass().await;
        world.assert_delivered(&ada, "").await;
        assert_eq!(world.card(&ada).await.hubspot.unwrap().url, None);
    }
}
