//! From a registration to the contact: found or created, named where it has no name, held back until released.

use parlor_engine::AdmissionOptions;
use parlor_protocol::{DeliveryStatus, TenantId};
use parlor_sandbox::{DEFAULT_TOKEN, SandboxOptions};

use crate::world::World;

#[tokio::test]
async fn a_registration_creates_the_contact() {
    let world = World::new().await;
    let ada = world.register("Ada", "Lovelace", "Ada@Example.com").await;
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Pending);
    world.pass().await;

    assert_eq!(world.property("ada@example.com", "firstname").as_deref(), Some("Ada"));
    assert_eq!(
        world.property("ada@example.com", "lastname").as_deref(),
        Some("Lovelace")
    );
    let card = world.card(&ada).await;
    let record = card.hubspot.unwrap();
    assert_eq!(
        record.id,
        world.sandbox().contact_by_email("ada@example.com").unwrap().id
    );
    assert!(record.url.unwrap().ends_with(&record.id));
    assert_eq!(card.delivery.status, DeliveryStatus::Delivered);
    assert_eq!(world.pass().await, None);
}

#[tokio::test]
async fn the_names_of_an_existing_contact_are_never_overwritten_and_empty_ones_are_filled() {
    let world = World::new().await;
    let seeded = world
        .sandbox()
        .seed_contact([("email", "ada@example.com"), ("firstname", "Augusta Ada")])
        .unwrap();
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass().await;

    assert_eq!(world.record(&ada).await, seeded.id);
    assert_eq!(
        world.property("ada@example.com", "firstname").as_deref(),
        Some("Augusta Ada")
    );
    assert_eq!(
        world.property("ada@example.com", "lastname").as_deref(),
        Some("Lovelace")
    );
    assert_eq!(world.sandbox().contacts().len(), 1);
    assert_eq!(world.calls("/batch/create"), 0);
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn a_contact_is_found_by_a_further_address_too() {
    let world = World::new().await;
    let kept = world.sandbox().seed_contact([("email", "ada@example.com")]).unwrap().id;
    let merged = world
        .sandbox()
        .seed_contact([("email", "countess@example.com")])
        .unwrap()
        .id;
    world.sandbox().merge(&kept, &merged).unwrap();
    let countess = world.register("Ada", "King", "countess@example.com").await;
    world.say(&countess, "hello").await;
    world.pass().await;

    assert_eq!(world.record(&countess).await, kept);
    assert_eq!(world.sandbox().contacts().len(), 1);
    world.assert_delivered(&countess, "").await;
}

#[tokio::test]
async fn an_address_that_only_hubspot_refuses_is_refused_alone() {
    let world = World::new().await;
    let ada = world.ada().await;
    let local = world.register("Lo", "Cal", "someone@localhost").await;
    for person in [&ada, &local] {
        world.say(person, "hello").await;
    }
    world.pass_until_idle().await;

    let delivery = world.delivery(&local).await;
    assert_eq!(delivery.status, DeliveryStatus::Refused);
    assert!(delivery.in_words().contains("INVALID_EMAIL"), "{}", delivery.in_words());
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn what_is_held_is_not_sent_until_a_rep_releases_it() {
    let world = World::build(
        Some(DEFAULT_TOKEN),
        SandboxOptions::default(),
        AdmissionOptions::default(),
    )
    .await;
    let mut form = world.form("Ada", "Lovelace", "ada@example.com");
    form.website = "https://spam.example".to_owned();
    let ada = world.send_in(form, crate::world::network(1)).await;
    world.say(&ada, "hello").await;
    assert_eq!(world.pass().await, None);
    assert_eq!(world.sandbox().contacts().len(), 0);
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Held);

    let tenant = TenantId::default_tenant();
    assert_eq!(
        world.engine.release(&tenant, &ada.conversation).await.unwrap(),
        Some(true)
    );
    assert_eq!(
        world.engine.release(&tenant, &ada.conversation).await.unwrap(),
        Some(false)
    );
    world.pass().await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn without_a_token_everything_is_kept_and_delivered_when_there_is_one() {
    let mut world = World::with(None).await;
    let ada = world.ada().await;
    for text in ["one", "two", "three"] {
        world.say(&ada, text).await;
    }
    assert_eq!(world.pass().await, None);
    assert_eq!(world.sandbox().requests(), []);
    assert!(world.engine.delivery().in_words().starts_with("No HubSpot token"));
    let delivery = world.delivery(&ada).await;
    assert_eq!((delivery.status, delivery.last_seq), (DeliveryStatus::NoToken, 3));

    world.restart(Some(DEFAULT_TOKEN)).await;
    world.pass().await;
    world.assert_delivered(&ada, "").await;
    assert_eq!(world.delivery(&ada).await.in_words(), "in HubSpot up to message 3");
}
