//! The property: created when it is absent, explained when it cannot be, and never filled past the safe margin.

use parlor_engine::delivery::transcript::{MARKER, SAFE_UNITS};
use parlor_protocol::DeliveryStatus;
use parlor_sandbox::{Effect, FaultRule};

use crate::world::{Person, World};

const READER_AND_WRITER: [&str; 3] = [
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.read",
];

#[tokio::test]
async fn it_is_created_once_when_it_is_absent() {
    let world = World::new().await;
    world.pass().await;
    world.pass().await;
    let requests = world.sandbox().requests();
    let creations: Vec<_> = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path.contains("/properties/"))
        .collect();
    assert_eq!(creations.len(), 1);
    assert_eq!(creations[0].status, Some(201));
}

#[tokio::test]
async fn a_token_that_may_not_create_it_says_what_a_person_has_to_do_and_goes_on_when_that_is_done() {
    let mut world = World::with(None).await;
    world.sandbox().add_token("pat-narrow", READER_AND_WRITER);
    world.restart(Some("pat-narrow")).await;
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass().await;

    let words = world.delivery(&ada).await.in_words();
    for part in [
        "chat_transcript",
        "Multi-line text",
        "textarea",
        "Properties",
        "crm.schemas.contacts.write",
    ] {
        assert!(words.contains(part), "{part} is missing in: {words}");
        assert!(world.engine.delivery().in_words().contains(part));
    }
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Waiting);

    // Somebody creates the property, here with a token that may.
    world.sandbox().add_token("pat-narrow", ["*"]);
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    assert_eq!(world.engine.delivery().trouble(), None);
}

#[tokio::test]
async fn a_property_that_is_meant_for_something_else_is_left_alone() {
    let world = World::new().await;
    let one_line = parlor_hubspot::NewProperty {
        group_name: "contactinformation".to_owned(),
        name: "chat_transcript".to_owned(),
        label: "Nickname".to_owned(),
        kind: "string".to_owned(),
        field_type: "text".to_owned(),
        description: String::new(),
    };
    let client = crate::world::client(&world.running, parlor_sandbox::DEFAULT_TOKEN, world.patience);
    client.properties().create("contacts", &one_line).await.unwrap();
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass().await;
    let words = world.delivery(&ada).await.in_words();
    assert!(words.contains("it is no text of several lines"), "{words}");
    assert!(world.sandbox().contact_by_email("ada@example.com").is_none());
}

#[tokio::test]
async fn a_token_that_may_not_even_read_it_finds_out_by_the_first_write() {
    let mut world = World::with(None).await;
    world.sandbox().add_token(
        "pat-narrow",
        ["crm.objects.contacts.read", "crm.objects.contacts.write"],
    );
    world.restart(Some("pat-narrow")).await;
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass().await;
    let words = world.delivery(&ada).await.in_words();
    assert!(
        words.contains("chat_transcript") && words.contains("Multi-line text"),
        "{words}"
    );
    // It is HubSpot's set-up that is wrong, not the contact.
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Waiting);

    world.sandbox().add_token("pat-narrow", ["*"]);
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}

async fn say_much(world: &World, person: &Person, messages: usize) {
    for number in 0..messages {
        world.say(person, &format!("{number} {}", "x".repeat(4_990))).await;
    }
}

#[tokio::test]
async fn at_the_safe_margin_it_stops_and_nothing_is_cut() {
    let world = World::new().await;
    let ada = world.ada().await;
    say_much(&world, &ada, 20).await;
    world.pass().await;

    let value = world.value("ada@example.com");
    assert!(value.encode_utf16().count() <= SAFE_UNITS);
    let entries = value.matches("MESSAGE: ").count();
    assert_eq!(entries, 11);
    assert!(value.ends_with(&"x".repeat(4_990)));
    let delivery = world.delivery(&ada).await;
    assert_eq!(
        (delivery.status, delivery.delivered_seq, delivery.last_seq),
        (DeliveryStatus::Full, 11, 20)
    );
    assert!(delivery.in_words().contains("full"));

    world.say(&ada, "short").await;
    assert_eq!(world.pass().await, None);
    assert_eq!(world.value("ada@example.com"), value);
    assert_eq!(world.delivery(&ada).await.delivered_seq, 11);
    assert_eq!(world.calls("/batch/update"), 1);
}

#[tokio::test]
async fn foreign_text_that_grows_never_pushes_ours_out() {
    let world = World::new().await;
    let ada = world.ada().await;
    say_much(&world, &ada, 10).await;
    world.pass().await;
    assert_eq!(world.delivery(&ada).await.delivered_seq, 10);
    let record = world.record(&ada).await;
    let value = format!("{}\n{}", "y".repeat(13_000), world.value("ada@example.com"));
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &value)
        .unwrap();

    world.say(&ada, "one more").await;
    assert_eq!(world.pass().await, None);
    assert_eq!(world.value("ada@example.com"), value);
    let delivery = world.delivery(&ada).await;
    assert_eq!(
        (delivery.status, delivery.delivered_seq, delivery.last_seq),
        (DeliveryStatus::Full, 10, 11)
    );
}

#[tokio::test]
async fn foreign_text_that_leaves_no_room_is_left_as_it_is() {
    let world = World::new().await;
    let foreign = "y".repeat(65_000);
    let ada = world.ada().await;
    world.pass().await;
    let record = world.record(&ada).await;
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &foreign)
        .unwrap();
    world.say(&ada, "hello").await;
    assert_eq!(world.pass().await, None);
    assert_eq!(world.value("ada@example.com"), foreign);
    let delivery = world.delivery(&ada).await;
    assert_eq!((delivery.status, delivery.delivered_seq), (DeliveryStatus::Full, 0));
}

#[tokio::test]
async fn a_full_record_whose_last_write_was_unclear_is_still_confirmed() {
    let world = World::new().await;
    let ada = world.ada().await;
    say_much(&world, &ada, 20).await;
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::applied_not_answered()).times(1));
    world.pass_until_idle().await;
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Full);
    assert_eq!(world.delivery(&ada).await.delivered_seq, 11);
    assert!(world.value("ada@example.com").starts_with(MARKER));
    // Found, the write itself lost, then once more when nothing could come late any more.
    assert_eq!(world.calls("/contacts/batch/update"), 1);
    assert_eq!(world.calls("/contacts/batch/read"), 4);
}
