//! A backup of before is restored: nothing is sent twice, and what only HubSpot has stays there.

use parlor_engine::delivery::transcript::MARKER;
use parlor_protocol::TenantId;

use crate::world::World;

#[tokio::test]
async fn every_message_of_before_and_after_stands_in_hubspot_once() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "first").await;
    world.say(&ada, "yes").await;
    world.pass_until_idle().await;
    let backup = world.back_up("backup.db");
    // Said after the backup, with lines that were said before.
    world.say(&ada, "yes").await;
    world.say(&ada, "between\n\nthe two").await;
    world.pass_until_idle().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&bob, "only HubSpot knows me").await;
    world.pass_until_idle().await;

    world.restore(&backup).await;
    let writes = world.calls("/batch/update");
    world.pass_until_idle().await;
    let value = world.value("ada@example.com");
    let (before, after) = value.split_once(MARKER).unwrap();
    assert_eq!(
        (
            before.matches("MESSAGE: yes").count(),
            after.matches("MESSAGE: yes").count()
        ),
        (1, 1),
        "{value}"
    );
    assert!(before.contains("MESSAGE: between\n  \n  the two\n"), "{value}");
    assert!(
        before.contains(&format!("== Conversation {}", ada.conversation)),
        "{value}"
    );
    assert!(world.calls("/batch/update") - writes <= 2);

    world.say(&ada, "after").await;
    world.pass_until_idle().await;
    let value = world.value("ada@example.com");
    for (text, times) in [("first", 1), ("yes", 2), ("between", 1), ("after", 1)] {
        assert_eq!(value.matches(&format!("MESSAGE: {text}")).count(), times, "{value}");
    }
    assert_eq!(value.matches("FROM: ").count(), 5, "{value}");
    assert_eq!(value.matches("SENT AT: ").count(), 5, "{value}");

    // Somebody whom the store no longer knows comes again: the contact and its text are found.
    let again = world.register("Bob", "B", "bob@example.com").await;
    world.say(&again, "here I am").await;
    world.pass_until_idle().await;
    let value = world.value("bob@example.com");
    assert!(
        value.contains("only HubSpot knows me") && value.contains("here I am"),
        "{value}"
    );
    assert_eq!(world.sandbox().contacts().len(), 2);
}

#[tokio::test]
async fn restored_and_unchanged_nothing_is_written() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    world.pass_until_idle().await;
    let backup = world.back_up("backup.db");
    world.restore(&backup).await;
    let writes = world.calls("/batch/update");
    world.pass_until_idle().await;
    assert_eq!(world.calls("/batch/update"), writes);
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn an_order_that_was_carried_out_since_the_backup_makes_no_second_contact() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    let backup = world.back_up("backup.db");
    world.pass_until_idle().await;
    world.restore(&backup).await;
    world.pass_until_idle().await;
    assert_eq!(world.sandbox().contacts().len(), 1);
    world.assert_delivered(&ada, "").await;
    assert_eq!(world.value("ada@example.com").matches("MESSAGE: hello").count(), 1);
}

#[tokio::test]
async fn whoever_was_forgotten_after_the_backup_stays_forgotten() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&ada, "my secret sorrow").await;
    world.say(&bob, "hello").await;
    world.pass_until_idle().await;
    let backup = world.back_up("backup.db");
    world.say(&ada, "one more sorrow").await;
    world.pass_until_idle().await;
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;

    world.restore(&backup).await;
    let tenant = TenantId::default_tenant();
    let messages = world
        .store()
        .messages_after(&tenant, &ada.conversation, 0, 9)
        .await
        .unwrap();
    assert!(messages.iter().all(|message| message.text.is_empty()));
    world.pass_until_idle().await;
    assert!(!world.value("ada@example.com").contains("sorrow"));
    assert_eq!(world.erasures().await, 0);
    world.assert_delivered(&bob, "").await;
    assert_eq!(world.forget_again().await, 0);
}

#[tokio::test]
async fn forgotten_after_a_restore_even_entries_that_only_hubspot_knew_go() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "first sorrow").await;
    world.pass_until_idle().await;
    let backup = world.back_up("backup.db");
    world.say(&ada, "second sorrow").await;
    world.pass_until_idle().await;
    world.restore(&backup).await;
    world.pass_until_idle().await;
    assert!(world.value("ada@example.com").contains("second sorrow"));
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;
    assert_eq!(world.value("ada@example.com").trim(), "");
}
