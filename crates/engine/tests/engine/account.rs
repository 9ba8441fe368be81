//! Which HubSpot account the token belongs to, for the loader that boots HubSpot's chat.

use std::time::Duration;

use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};

use crate::world::World;

const DETAILS: &str = "/account-info/";

#[tokio::test]
async fn the_account_is_asked_for_once_however_many_want_it() {
    let world = World::new().await;
    let delivery = world.engine.delivery();
    let (first, second) = tokio::join!(delivery.account(), delivery.account());
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first, second);
    assert!(first.portal_id > 0);
    assert_eq!(delivery.account().await.unwrap(), first);
    assert_eq!(world.calls(DETAILS), 1);
    // Delivery knows it from there.
    world.pass().await;
    assert_eq!(world.calls(DETAILS), 1);
}

#[tokio::test]
async fn an_account_that_hubspot_does_not_tell_is_asked_for_again_after_half_a_minute() {
    let world = World::new().await;
    let delivery = world.engine.delivery();
    world
        .sandbox()
        .add_fault(FaultRule::new("GET", DETAILS, Effect::status(503)).times(1));
    let words = delivery.account().await.unwrap_err();
    assert!(words.contains("HubSpot answers 503"), "{words}");
    world.advance(Duration::from_secs(29));
    assert_eq!(delivery.account().await.unwrap_err(), words);
    assert_eq!(world.calls(DETAILS), 1);
    world.advance(Duration::from_secs(1));
    delivery.account().await.unwrap();
    assert_eq!(world.calls(DETAILS), 2);
}

#[tokio::test]
async fn why_the_account_is_not_known_is_said_in_words() {
    let mut world = World::new().await;
    world.sandbox().remove_token(DEFAULT_TOKEN);
    let words = world.engine.delivery().account().await.unwrap_err();
    assert!(words.contains("401"), "{words}");
    world.restart(None).await;
    let words = world.engine.delivery().account().await.unwrap_err();
    assert!(words.contains("HUBSPOT_ACCESS_TOKEN"), "{words}");
}

#[tokio::test]
async fn the_account_is_known_after_a_restart_while_hubspot_is_away() {
    for told_to_a_visitor in [true, false] {
        let mut world = World::new().await;
        let account = if told_to_a_visitor {
            world.engine.account().await.unwrap()
        } else {
            // Delivery learns it, and the next cleaning keeps it.
            world.pass().await;
            world.engine.clean_up().await.unwrap();
            world.engine.delivery().known_account().unwrap()
        };
        world.sandbox().set_down(true);
        let calls = world.calls(DETAILS);
        world.restart(Some(DEFAULT_TOKEN)).await;
        let kept = world.engine.account().await.unwrap();
        assert_eq!(
            (kept.portal_id, kept.data_hosting_location),
            (account.portal_id, account.data_hosting_location)
        );
        assert_eq!(world.calls(DETAILS), calls, "nobody waits for HubSpot");
        // Another key may be another account's.
        for other in [Some("another-key-of-another-account"), None] {
            world.restart(other).await;
            world.engine.account().await.unwrap_err();
        }
        // Once HubSpot answers, what it says counts.
        world.sandbox().set_down(false);
        world.restart(Some(DEFAULT_TOKEN)).await;
        world.pass().await;
        assert_eq!(world.engine.account().await.unwrap(), account_of(&world).await);
    }
}

async fn account_of(world: &World) -> parlor_hubspot::AccountDetails {
    world.engine.delivery().account().await.unwrap()
}
