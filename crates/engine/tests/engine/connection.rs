//! A new token while the server runs: looked at first, then used, by delivery and for visitor tokens alike.

use parlor_engine::connection::{ConnectError, keep_token};
use parlor_engine::identity::Sealer;
use parlor_hubspot::SecretString;
use parlor_protocol::TenantId;
use parlor_sandbox::DEFAULT_TOKEN;

use crate::world::{SECRET_KEY, World};

fn secret(token: &str) -> SecretString {
    SecretString::from(token.to_owned())
}

/// Somebody has something to say, and the token is worth nothing any more.
async fn revoked() -> (World, crate::world::Person) {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass_until_idle().await;
    world.sandbox().remove_token(DEFAULT_TOKEN);
    world.say(&ada, "two").await;
    world.pass().await;
    assert!(world.engine.delivery().in_words().contains("401"));
    world.sandbox().add_token("pat-new", ["*"]);
    (world, ada)
}

#[tokio::test]
async fn a_good_token_resumes_delivery_at_once_and_a_bad_one_changes_nothing() {
    let (mut world, ada) = revoked().await;
    let tenant = TenantId::default_tenant();
    let refused = world.engine.use_token(&tenant, secret("pat-unknown")).await;
    assert!(matches!(refused, Err(ConnectError::Refused)), "{refused:?}");
    let refused = world.engine.use_token(&tenant, secret("a b")).await;
    assert!(matches!(refused, Err(ConnectError::NoToken(_))), "{refused:?}");
    assert!(world.engine.delivery().in_words().contains("401"));

    let checked = world.engine.check_token(&tenant, secret("pat-new")).await.unwrap();
    let portal = world.store().portal(&tenant).await.unwrap();
    assert_eq!(Some(checked.portal_id), portal.portal_id);
    assert_eq!(portal.token, None, "looking at it keeps nothing");
    world.engine.use_token(&tenant, secret("pat-new")).await.unwrap();
    world.pass().await;
    world.assert_delivered(&ada, "").await;
    let kept = world.store().portal(&tenant).await.unwrap().token.unwrap();
    assert!(!kept.windows(7).any(|window| window == b"pat-new"), "it is kept sealed");

    // After a restart it still takes the place of the settings' token, which has not changed since.
    world.restart(Some(DEFAULT_TOKEN)).await;
    world.say(&ada, "three").await;
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;

    // Another one in the settings was given later.
    world.sandbox().remove_token("pat-new");
    world.sandbox().add_token("pat-newest", ["*"]);
    world.restart(Some("pat-newest")).await;
    world.say(&ada, "four").await;
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    assert_eq!(world.store().portal(&tenant).await.unwrap().token, None);
}

#[tokio::test]
async fn a_token_that_a_command_kept_is_noticed() {
    let (world, ada) = revoked().await;
    let tenant = TenantId::default_tenant();
    assert!(!world.engine.look_for_token().await.unwrap());
    let sealer = Sealer::new(&SECRET_KEY);
    keep_token(
        &world.context(),
        world.store().as_ref(),
        &sealer,
        &tenant,
        &secret("pat-new"),
    )
    .await
    .unwrap();
    assert!(world.engine.look_for_token().await.unwrap());
    assert!(!world.engine.look_for_token().await.unwrap());
    world.pass().await;
    world.assert_delivered(&ada, "").await;

    // One that was sealed with another key is of no use, and disturbs nothing.
    let elsewhere = Sealer::new(&[8; 32]);
    keep_token(
        &world.context(),
        world.store().as_ref(),
        &elsewhere,
        &tenant,
        &secret("pat-other"),
    )
    .await
    .unwrap();
    assert!(!world.engine.look_for_token().await.unwrap());
    world.say(&ada, "three").await;
    world.pass().await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn a_token_of_another_portal_is_refused_and_nothing_is_written_there() {
    let world = World::new().await;
    let tenant = TenantId::default_tenant();
    world.store().note_portal(&tenant, 4_711).await.unwrap();
    let refused = world.engine.check_token(&tenant, secret(DEFAULT_TOKEN)).await;
    assert!(
        matches!(refused, Err(ConnectError::OtherPortal { before: 4_711, .. })),
        "{refused:?}"
    );
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass().await;
    assert!(world.engine.delivery().in_words().contains("portal 4711"));
    assert!(world.sandbox().contacts().is_empty());
}

#[tokio::test]
async fn the_first_token_of_all_is_taken_up_without_a_restart() {
    let world = World::with(None).await;
    let tenant = TenantId::default_tenant();
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    assert_eq!(world.pass().await, None);
    assert!(!world.engine.delivery().is_connected());
    world.engine.use_token(&tenant, secret(DEFAULT_TOKEN)).await.unwrap();
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}
