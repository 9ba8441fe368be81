//! A key that HubSpot refuses: what came by it goes, whoever was told of it and whatever was under way.

use std::sync::Arc;
use std::time::Duration;

use parlor_engine::identity::{Credential, ExchangeError, TokenError};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};

use crate::visitor_tokens::{Site, calls, exchange, token};
use crate::world::World;

const KEY_REFUSED: ExchangeError = ExchangeError::Token(TokenError::KeyRefused);

async fn kept(world: &World) -> u64 {
    world.engine.identity().kept_tokens().await.unwrap()
}

#[tokio::test]
async fn a_token_whose_key_was_refused_meanwhile_is_neither_handed_out_nor_kept() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let slow = Effect::delay(Duration::from_millis(500));
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/tokens/create", slow).body_contains("ada@"));
    let proof = site.proof(&world, "ada@example.com");
    let (engine, widget, asked) = (Arc::clone(&world.engine), world.widget.clone(), proof.clone());
    let ada = tokio::spawn(async move {
        let exchanged = engine.identity().exchange(&widget, Credential::Proof(&asked)).await;
        exchanged.map(|_| ())
    });
    while calls(&world) == 0 {
        tokio::task::yield_now().await;
    }
    // HubSpot has let ada's call in; the key is revoked before it answers.
    world.sandbox().remove_token(DEFAULT_TOKEN);
    let bob = exchange(&world, &site.proof(&world, "bob@example.com")).await;
    assert_eq!(bob.unwrap_err(), KEY_REFUSED);
    assert_eq!(ada.await.unwrap(), Err(KEY_REFUSED));
    assert_eq!(world.sandbox().visitor_tokens().len(), 1, "it was created");
    assert_eq!(kept(&world).await, 0);
    assert_eq!(exchange(&world, &proof).await.unwrap_err(), KEY_REFUSED);
}

#[tokio::test]
async fn what_delivery_learns_of_the_key_empties_the_cache_without_anybody_asking() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let proof = site.proof(&world, "ada@example.com");
    token(&world, &proof).await;
    world.sandbox().remove_token(DEFAULT_TOKEN);
    // A hit asks HubSpot nothing, and so learns nothing.
    token(&world, &proof).await;
    world.ada().await;
    world.pass().await;
    assert_eq!(kept(&world).await, 1);
    assert!(world.engine.clean_up().await.unwrap() >= 1);
    assert_eq!(kept(&world).await, 0);
    let proof = site.proof(&world, "ada@example.com");
    assert_eq!(exchange(&world, &proof).await.unwrap_err(), KEY_REFUSED);
}

#[tokio::test]
async fn where_the_tokens_cannot_be_removed_the_next_who_asks_tries_again() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let proof = site.proof(&world, "ada@example.com");
    token(&world, &proof).await;
    world.sandbox().remove_token(DEFAULT_TOKEN);
    let bob = exchange(&world, &site.proof(&world, "bob@example.com")).await;
    assert_eq!(bob.unwrap_err(), KEY_REFUSED);
    let failing = "CREATE TRIGGER failing BEFORE DELETE ON visitor_token BEGIN SELECT RAISE(ABORT, 'no'); END";
    world.database().execute_batch(failing).unwrap();
    for _ in 0..3 {
        let refused = exchange(&world, &proof).await.unwrap_err();
        assert_eq!(refused, ExchangeError::Token(TokenError::Store));
    }
    assert!(world.engine.clean_up().await.is_err());
    world.database().execute_batch("DROP TRIGGER failing").unwrap();
    assert_eq!(exchange(&world, &proof).await.unwrap_err(), KEY_REFUSED);
    assert_eq!(kept(&world).await, 0);
}
