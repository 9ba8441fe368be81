//! While HubSpot is slow or away: how many calls there are at a time, and when the trouble is over.

use std::sync::Arc;
use std::time::Duration;

use parlor_engine::identity::{Credential, ExchangeError, TokenError};
use parlor_sandbox::{Effect, FaultRule};
use tokio::task::JoinHandle;

use crate::visitor_tokens::{Site, calls, exchange};
use crate::world::World;

const CREATE: &str = "/tokens/create";

/// Asks in a task of its own.
fn asking(world: &World, proof: String) -> JoinHandle<Result<(), ExchangeError>> {
    let (engine, widget) = (Arc::clone(&world.engine), world.widget.clone());
    tokio::spawn(async move {
        let exchanged = engine.identity().exchange(&widget, Credential::Proof(&proof)).await;
        exchanged.map(|_| ())
    })
}

fn slow(milliseconds: u64) -> Effect {
    Effect::delay(Duration::from_millis(milliseconds))
}

#[tokio::test]
async fn a_hundred_visitors_cost_ten_calls_during_an_outage_and_all_have_the_same_answer() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    world.sandbox().add_fault(FaultRule::new("POST", CREATE, slow(300)));
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", CREATE, Effect::status(503)));
    let asking: Vec<_> = (0..100)
        .map(|number| asking(&world, site.proof(&world, &format!("visitor-{number}@example.com"))))
        .collect();
    for asked in asking {
        let refused = asked.await.unwrap().unwrap_err();
        assert_eq!(refused, ExchangeError::Token(TokenError::Unreachable));
    }
    assert_eq!(calls(&world), 10);
}

#[tokio::test]
async fn visitors_who_wait_for_their_turn_have_their_tokens_too() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    world.sandbox().add_fault(FaultRule::new("POST", CREATE, slow(20)));
    let asking: Vec<_> = (0..25)
        .map(|number| asking(&world, site.proof(&world, &format!("visitor-{number}@example.com"))))
        .collect();
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
    assert_eq!(calls(&world), 25);
}

#[tokio::test]
async fn a_success_that_was_asked_for_before_the_trouble_began_does_not_end_it() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let of_ada = FaultRule::new("POST", CREATE, slow(500)).body_contains("ada@");
    let of_bob = FaultRule::new("POST", CREATE, Effect::status(503)).body_contains("bob@");
    world.sandbox().add_fault(of_ada);
    world.sandbox().add_fault(of_bob.times(1));
    let ada = asking(&world, site.proof(&world, "ada@example.com"));
    while calls(&world) == 0 {
        tokio::task::yield_now().await;
    }
    world.advance(Duration::from_secs(1));
    let began = world.engine.now();
    let bob = site.proof(&world, "bob@example.com");
    let refused = exchange(&world, &bob).await.unwrap_err();
    assert_eq!(refused, ExchangeError::Token(TokenError::Unreachable));
    ada.await.unwrap().unwrap();
    let trouble = world.engine.identity().trouble().expect("it lasts");
    assert_eq!((trouble.since, trouble.error), (began, TokenError::Unreachable));
    let refused = exchange(&world, &bob).await.unwrap_err();
    assert_eq!(
        (refused, calls(&world)),
        (ExchangeError::Token(TokenError::Unreachable), 2)
    );
    // Asked for after it, one does.
    world.advance(Duration::from_secs(6));
    exchange(&world, &bob).await.unwrap();
    assert_eq!(world.engine.identity().trouble(), None);
}

#[tokio::test]
async fn a_short_trouble_does_not_end_a_long_one() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let of_ada = FaultRule::new("POST", CREATE, slow(500)).body_contains("ada@");
    world.sandbox().add_fault(of_ada);
    let of_ada = FaultRule::new("POST", CREATE, Effect::status(503)).body_contains("ada@");
    world.sandbox().add_fault(of_ada);
    let ada = asking(&world, site.proof(&world, "ada@example.com"));
    while calls(&world) == 0 {
        tokio::task::yield_now().await;
    }
    world.sandbox().set_plan(parlor_sandbox::Plan::Starter);
    let refused = exchange(&world, &site.proof(&world, "bob@example.com"))
        .await
        .unwrap_err();
    assert_eq!(refused, ExchangeError::Token(TokenError::PlanLacksIt));
    let refused = ada.await.unwrap().unwrap_err();
    assert_eq!(refused, ExchangeError::Token(TokenError::Unreachable));
    let trouble = world.engine.identity().trouble().unwrap();
    assert_eq!(
        (trouble.until, trouble.error),
        (world.engine.now() + Duration::from_secs(60), TokenError::PlanLacksIt)
    );
}

#[tokio::test]
async fn whoever_is_refused_is_told_how_long_the_trouble_lasts_yet() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let mut limited = Effect::status(429);
    if let Effect::Status { headers, .. } = &mut limited {
        headers.insert("retry-after".to_owned(), "40".to_owned());
    }
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", CREATE, limited).times(1));
    let ada = site.proof(&world, "ada@example.com");
    let refused = exchange(&world, &ada).await.unwrap_err();
    assert_eq!(refused, ExchangeError::Token(TokenError::RateLimited));
    let left = || world.engine.identity().retry_after(&refused);
    assert_eq!(left(), Some(Duration::from_secs(40)));
    world.advance(Duration::from_millis(38_500));
    assert_eq!(left(), Some(Duration::from_millis(1_500)));
    world.advance(Duration::from_secs(2));
    exchange(&world, &ada).await.unwrap();
}
