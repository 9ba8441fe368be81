//! Conversations past their time are erased here, never before HubSpot has them, and HubSpot keeps its copy.

use std::time::Duration;

use parlor_engine::erasure::COMMAND_LINE;
use parlor_engine::retention::{self, RetentionError};
use parlor_protocol::TenantId;
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};

use crate::world::{Person, World, network};

const DAY: Duration = Duration::from_hours(24);

impl World {
    async fn keep_for(&self, days: Option<u32>) {
        let (store, tenant) = (self.store(), TenantId::default_tenant());
        retention::set_days(store.as_ref(), &tenant, days, COMMAND_LINE)
            .await
            .unwrap();
    }

    async fn is_erased(&self, person: &Person) -> bool {
        let conversation = self
            .engine
            .conversation(&TenantId::default_tenant(), &person.conversation)
            .await;
        conversation.unwrap().unwrap().is_erased
    }

    async fn later(&self, days: u32) {
        self.advance(DAY * days);
        self.pass_until_idle().await;
    }
}

#[tokio::test]
async fn past_its_time_a_conversation_is_erased_here_and_hubspot_keeps_it() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "yes").await;
    world.say(&ada, "two\n\nlines").await;
    world.pass_until_idle().await;
    let value = world.value("ada@example.com");
    world.later(100).await;
    assert!(!world.is_erased(&ada).await, "kept for good unless it is set");
    world.keep_for(Some(30)).await;
    world.later(1).await;
    assert!(world.is_erased(&ada).await);
    assert_eq!(world.value("ada@example.com"), value);
    let audits = world.store().audits(&TenantId::default_tenant(), 9).await.unwrap();
    assert_eq!(
        (audits[0].actor.as_str(), audits[0].action.as_str(), audits[0].messages),
        ("retention", "expired", 2)
    );
    assert_eq!(audits[1].action, "retention set");

    // The same person comes again: what HubSpot has of before stands in front, each entry whole and once, though it shares lines with
    // the new ones.
    let again = world.ada().await;
    world.say(&again, "yes").await;
    world.pass_until_idle().await;
    let (before, after) = {
        let value = world.value("ada@example.com");
        let (before, after) = value.split_once("---- Parlor").unwrap();
        (before.to_owned(), after.to_owned())
    };
    assert!(
        before.contains(&format!("== Conversation {}", ada.conversation)),
        "{before}"
    );
    for text in ["MESSAGE: yes\n", "MESSAGE: two\n  \n  lines\n"] {
        assert_eq!(before.matches(text).count(), 1, "{before}");
    }
    assert_eq!(
        (before.matches("FROM: Ada").count(), before.matches("SENT AT").count()),
        (2, 2),
        "{before}"
    );
    assert_eq!(
        (after.matches("MESSAGE:").count(), after.matches("SENT AT").count()),
        (1, 1),
        "{after}"
    );
    // Nothing of it changes with what follows.
    world.say(&again, "more").await;
    world.pass_until_idle().await;
    assert!(world.value("ada@example.com").starts_with(&before));
}

#[tokio::test]
async fn of_two_conversations_of_one_address_the_quiet_one_goes_and_the_other_is_delivered_on() {
    let world = World::new().await;
    world.keep_for(Some(30)).await;
    let old = world.ada().await;
    world.say(&old, "old").await;
    world.pass_until_idle().await;
    world.later(20).await;
    let new = world
        .send_in(world.form("Ada", "Lovelace", "ada@example.com"), network(2))
        .await;
    world.say(&new, "new").await;
    world.pass_until_idle().await;
    world.later(15).await;
    assert!(world.is_erased(&old).await && !world.is_erased(&new).await);
    world.say(&new, "newer").await;
    world.pass_until_idle().await;
    let value = world.value("ada@example.com");
    for text in ["MESSAGE: old", "MESSAGE: new\n", "MESSAGE: newer"] {
        assert_eq!(value.matches(text).count(), 1, "{value}");
    }
    assert_eq!(value.matches("FROM: Ada").count(), 3, "{value}");
    let delivery = world.delivery(&new).await;
    assert_eq!(delivery.delivered_seq, 2);
}

#[tokio::test]
async fn a100_what_hubspot_does_not_have_yet_is_never_erased() {
    let mut world = World::new().await;
    world.keep_for(Some(1)).await;
    let ada = world.ada().await;
    world.say(&ada, "delivered").await;
    world.pass_until_idle().await;
    world.sandbox().add_fault(FaultRule::every_call(Effect::status(503)));
    world.say(&ada, "said in the outage").await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&bob, "said in the outage").await;
    for _ in 0..50 {
        world.advance(DAY);
        world.pass().await;
    }
    world.restart(Some(DEFAULT_TOKEN)).await;
    world.pass().await;
    assert!(!world.is_erased(&ada).await && !world.is_erased(&bob).await);
    world.sandbox().clear_faults();
    world.advance(DAY);
    world.pass_until_idle().await;
    world.later(1).await;
    assert!(world.is_erased(&ada).await && world.is_erased(&bob).await);
    for email in ["ada@example.com", "bob@example.com"] {
        assert!(world.value(email).contains("said in the outage"));
    }
    // Nor is anything where there is no token.
    world.restart(None).await;
    let eve = world.register("Eve", "E", "eve@example.com").await;
    world.later(50).await;
    assert!(!world.is_erased(&eve).await);
}

#[tokio::test]
async fn a_write_that_is_not_confirmed_keeps_its_conversation() {
    let world = World::new().await;
    world.keep_for(Some(1)).await;
    let ada = world.ada().await;
    world.pass_until_idle().await;
    world.say(&ada, "hello").await;
    world.advance(DAY * 2);
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::applied_not_answered()).times(1));
    let mut due = world.pass().await;
    while world.delivery(&ada).await.delivered_seq == 0 {
        assert!(!world.is_erased(&ada).await);
        world.set_clock(due.unwrap());
        due = world.pass().await;
    }
    assert!(!world.is_erased(&ada).await, "it is not confirmed");
    world.pass_until_idle().await;
    world.later(1).await;
    assert!(world.is_erased(&ada).await);
}

#[tokio::test]
async fn what_never_comes_to_hubspot_goes_after_twice_the_time() {
    let world = World::new().await;
    world.keep_for(Some(10)).await;
    // Held: the form was filled in by a machine.
    let mut form = world.form("Bot", "B", "bot@example.com");
    form.website = "https://bot.example".to_owned();
    let held = world.send_in(form, network(3)).await;
    world.say(&held, "buy").await;
    let gone = world.ada().await;
    world.say(&gone, "hello").await;
    world.pass_until_idle().await;
    world.sandbox().archive(&world.record(&gone).await).unwrap();
    world.say(&gone, "anybody?").await;
    world.pass_until_idle().await;
    world.later(15).await;
    assert!(!world.is_erased(&held).await && !world.is_erased(&gone).await);
    world.later(6).await;
    assert!(world.is_erased(&held).await && world.is_erased(&gone).await);
}

#[tokio::test]
async fn a_retention_is_a_number_of_days() {
    let world = World::with(None).await;
    let (store, tenant) = (world.store(), TenantId::default_tenant());
    assert_eq!(retention::days(store.as_ref(), &tenant).await.unwrap(), None);
    for wrong in [0, retention::MOST_DAYS + 1] {
        let refused = retention::set_days(store.as_ref(), &tenant, Some(wrong), COMMAND_LINE).await;
        assert!(matches!(refused, Err(RetentionError::Days)), "{wrong}");
    }
    for days in [Some(30), None, Some(retention::MOST_DAYS)] {
        world.keep_for(days).await;
        assert_eq!(retention::days(store.as_ref(), &tenant).await.unwrap(), days);
    }
    let other = TenantId::parse("other").unwrap();
    assert_eq!(retention::days(store.as_ref(), &other).await.unwrap(), None);
}
