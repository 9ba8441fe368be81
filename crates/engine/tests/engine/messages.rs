//! The transcript in HubSpot: ours to the letter, what is not ours kept.

use std::time::Duration;

use parlor_protocol::{DeliveryStatus, TenantId};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};

use crate::world::World;

#[tokio::test]
async fn the_transcript_is_what_was_said_to_the_letter() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "Hello,\nFROM: nobody").await;
    world.pass().await;

    let expected = format!(
        "---- Parlor chat transcript: write above this line, what is below is replaced ----\n\n\
         == Conversation {} | 2026-11-21 | widget: Demo | page: https://www.example.com/prices | e-mail: ada@example.com \
         (claimed) ==\n\n\
         FROM: Ada Lovelace (visitor)\nSENT AT: 2026-11-21T08:30:05.014Z\nMESSAGE: Hello,\n  FROM: nobody",
        ada.conversation
    );
    assert_eq!(world.value("ada@example.com"), expected);

    world.say(&ada, "and again 🦊").await;
    world.pass().await;
    let expected =
        format!("{expected}\n\nFROM: Ada Lovelace (visitor)\nSENT AT: 2026-11-21T08:30:05.021Z\nMESSAGE: and again 🦊");
    assert_eq!(world.value("ada@example.com"), expected);
    assert_eq!(world.pass().await, None);
}

#[tokio::test]
async fn foreign_text_before_the_line_is_kept_byte_for_byte() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.pass().await;
    let record = world.record(&ada).await;
    let foreign = "  Prefers\tthe morning.\r\n\r\n== 🦊 \u{a0}ein Gespräch ==  \n";
    world
        .sandbox()
        .set_property(&record, "chat_transcript", foreign)
        .unwrap();

    world.say(&ada, "one").await;
    world.pass().await;
    world.assert_delivered(&ada, foreign).await;

    let longer = format!("{foreign}Called back.\n");
    let value = world.value("ada@example.com").replacen(foreign, &longer, 1);
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &value)
        .unwrap();
    world.say(&ada, "two").await;
    world.pass().await;
    world.assert_delivered(&ada, &longer).await;
}

#[tokio::test]
async fn a_persons_edit_after_the_line_is_moved_in_front() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;
    let record = world.record(&ada).await;
    let edited = format!("{}\nSounds interested.", world.value("ada@example.com"));
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &edited)
        .unwrap();

    for text in ["two", "three"] {
        world.say(&ada, text).await;
        world.pass().await;
        world.assert_delivered(&ada, "Sounds interested.\n").await;
    }
}

#[tokio::test]
async fn a_person_who_clears_the_property_gets_it_back_with_the_next_message() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;
    let record = world.record(&ada).await;
    world.sandbox().set_property(&record, "chat_transcript", "").unwrap();
    world.say(&ada, "two").await;
    world.pass().await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn a_write_applied_and_not_answered_before_a_crash_stays_ours() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;
    let record = world.record(&ada).await;
    let noted = format!("A note.\n{}", world.value("ada@example.com"));
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &noted)
        .unwrap();

    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::applied_not_answered()).times(1));
    world.say(&ada, "two").await;
    world.pass().await;
    assert_eq!(world.delivery(&ada).await.delivered_seq, 1);

    world.restart(Some(DEFAULT_TOKEN)).await;
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "A note.\n").await;
    let updates = world.calls("/batch/update");
    assert_eq!(updates, 2, "what is there already is not written again");
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_write_leaves_it_unconfirmed_and_ours() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    world.pass().await;
    // So that the first pass after the crash has to confirm nothing but what the crash left.
    world.advance(Duration::from_secs(600));

    let hanging = Effect::AppliedNotAnswered { hang: true };
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", hanging).times(1));
    world.say(&ada, "two").await;
    let engine = world.engine.clone();
    let pass = tokio::spawn(async move {
        engine
            .delivery()
            .pass(&tokio_util::sync::CancellationToken::new())
            .await;
    });
    while !world.value("ada@example.com").contains("two") {
        tokio::task::yield_now().await;
    }
    pass.abort();
    assert!(pass.await.unwrap_err().is_cancelled());
    world.restart(Some(DEFAULT_TOKEN)).await;

    let crashed_at = world.engine.now();
    let due = world.pass().await;
    world.assert_delivered(&ada, "").await;
    assert_eq!(due, Some(crashed_at + crate::world::UNCLEAR_FOR));
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}

#[tokio::test]
async fn a_nudge_during_a_pass_is_not_lost() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "one").await;
    let hanging = Effect::delay(Duration::from_millis(100));
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", hanging).times(1));
    let stop = tokio_util::sync::CancellationToken::new();
    let delivery = world.engine.delivery().clone();
    let worker = tokio::spawn({
        let stop = stop.clone();
        async move { delivery.run(stop).await }
    });
    while world.calls("/batch/update") == 0 {
        tokio::task::yield_now().await;
    }
    // The write of "one" is under way: this comes too late for it.
    world.say(&ada, "two").await;
    while !world.value("ada@example.com").contains("two") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    worker.await.unwrap();
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
    let tenant = TenantId::default_tenant();
    assert_eq!(world.store().backlog(&tenant).await.unwrap(), 0);
    assert_eq!(world.delivery(&ada).await.status, DeliveryStatus::Delivered);
}
