//! The property: created when it is absent, and explained when it cannot be.

use parlor_protocol::DeliveryStatus;

use crate::world::World;

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
