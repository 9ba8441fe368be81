//! Whoever is forgotten is gone from HubSpot for certain, whatever happens on the way; what is not theirs stays.

use std::time::Duration;

use parlor_engine::delivery::transcript::MARKER;
use parlor_protocol::TenantId;
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};
use parlor_store::Coalescing;

use crate::world::{Person, UNCLEAR_FOR, World};

const FOREIGN: &str = "Called on Monday.\r\n\r\n  VIP!  \n";

impl World {
    /// Ada has chatted, behind what a person wrote, and HubSpot has it.
    async fn ada_in_hubspot(&self) -> Person {
        let ada = self.ada().await;
        self.pass_until_idle().await;
        let record = self.record(&ada).await;
        self.sandbox()
            .set_property(&record, "chat_transcript", FOREIGN)
            .unwrap();
        self.say(&ada, "my secret sorrow").await;
        self.pass_until_idle().await;
        assert!(self.value("ada@example.com").contains("sorrow"));
        ada
    }

    async fn assert_erased(&self, what: &str) {
        assert_eq!(self.value("ada@example.com"), FOREIGN, "{what}");
        assert_eq!(self.erasures().await, 0, "{what}");
        assert_eq!(
            self.store()
                .next_due(&TenantId::default_tenant(), Coalescing::AT_ONCE)
                .await
                .unwrap(),
            None,
            "{what}"
        );
    }
}

#[tokio::test]
async fn parlors_part_goes_and_what_stands_before_it_stays_byte_for_byte() {
    let world = World::new().await;
    let ada = world.ada_in_hubspot().await;
    let record = world.record(&ada).await;
    assert_eq!(world.forget("ada@example.com").await.records, 1);
    world.pass().await;
    assert_eq!(world.value("ada@example.com"), FOREIGN);
    // It is looked at once more, when nothing that is under way can come any more.
    assert_eq!(world.erasures().await, 1);
    let reads = world.calls("/batch/read");
    world.pass_until_idle().await;
    assert_eq!(world.calls("/batch/read"), reads + 1);
    world.assert_erased("at its end").await;
    let tenant = TenantId::default_tenant();
    assert!(world.store().sent_values(&tenant, &record).await.unwrap().is_empty());
    assert!(world.store().addresses(&tenant).await.unwrap().is_empty());
}

#[tokio::test]
async fn lines_that_people_edited_in_our_part_do_not_save_the_text_of_the_forgotten() {
    let world = World::new().await;
    let ada = world.ada_in_hubspot().await;
    let edited = world
        .value("ada@example.com")
        .replace("my secret sorrow", "my secret sorrow (edited)");
    let record = world.record(&ada).await;
    world
        .sandbox()
        .set_property(&record, "chat_transcript", &edited)
        .unwrap();
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;
    world.assert_erased("edited").await;
}

#[tokio::test]
async fn of_two_addresses_on_one_record_the_other_one_stays() {
    let world = World::new().await;
    let ada = world.ada_in_hubspot().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&bob, "what Bob says").await;
    world.pass_until_idle().await;
    let (first, second) = (world.record(&ada).await, world.record(&bob).await);
    world.sandbox().merge(&first, &second).unwrap();
    world.say(&bob, "and more").await;
    world.pass_until_idle().await;
    assert_eq!(world.record(&bob).await, first);
    let both = world.value("ada@example.com");
    assert!(both.contains("sorrow") && both.contains("what Bob says"), "{both}");

    world.forget("ada@example.com").await;
    world.say(&bob, "still here").await;
    world.pass_until_idle().await;
    world.assert_delivered(&bob, FOREIGN).await;
    let value = world.value("bob@example.com");
    assert!(
        !value.contains("sorrow") && !value.contains("Lovelace") && value.contains("what Bob says"),
        "{value}"
    );
    assert_eq!(world.erasures().await, 0);
}

#[tokio::test]
async fn two_who_are_forgotten_one_after_the_other_are_both_gone() {
    let world = World::new().await;
    let ada = world.ada_in_hubspot().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&bob, "what Bob says").await;
    world.pass_until_idle().await;
    let (first, second) = (world.record(&ada).await, world.record(&bob).await);
    world.sandbox().merge(&first, &second).unwrap();
    world.say(&bob, "and more").await;
    world.pass_until_idle().await;
    world.forget("bob@example.com").await;
    world.pass().await;
    // While the first is confirmed, the second comes.
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;
    world.assert_erased("both").await;
}

#[tokio::test]
async fn while_hubspot_is_down_the_store_forgets_and_hubspot_does_when_it_is_back() {
    let mut world = World::new().await;
    world.ada_in_hubspot().await;
    world.sandbox().add_fault(FaultRule::every_call(Effect::status(503)));
    world.forget("ada@example.com").await;
    for _ in 0..20 {
        world.pass().await;
        world.advance(Duration::from_secs(3_600));
    }
    world.restart(Some(DEFAULT_TOKEN)).await;
    world.pass().await;
    assert_eq!(world.erasures().await, 1);
    world.sandbox().clear_faults();
    world.advance(Duration::from_secs(3_600));
    world.pass_until_idle().await;
    world.assert_erased("after the outage").await;
}

#[tokio::test]
async fn a_crash_or_an_unclear_answer_at_any_point_ends_in_the_same() {
    let effects = [
        None,
        Some(Effect::applied_not_answered()),
        Some(Effect::DroppedBefore),
        Some(Effect::status(503)),
        Some(Effect::status(429)),
        Some(Effect::status(400)),
    ];
    for effect in effects {
        for path in ["/batch/read", "/batch/update"] {
            for restarts_after in 0..4 {
                let mut world = World::new().await;
                world.ada_in_hubspot().await;
                if let Some(effect) = &effect {
                    let rule = FaultRule::new("POST", path, effect.clone());
                    world.sandbox().add_fault(rule.times(1));
                }
                world.forget("ada@example.com").await;
                for passes in 0..4 {
                    if passes == restarts_after {
                        world.restart(Some(DEFAULT_TOKEN)).await;
                        world.forget_again().await;
                    }
                    if let Some(due) = world.pass().await {
                        world.set_clock(due);
                    }
                }
                // What was refused for good is tried again after an hour.
                world.advance(Duration::from_secs(2 * 3_600));
                world.pass_until_idle().await;
                let what = format!("{effect:?} at {path}, restarted after {restarts_after}");
                world.assert_erased(&what).await;
            }
        }
    }
}

#[tokio::test]
async fn an_old_write_applied_late_is_found_and_mended() {
    let world = World::new().await;
    let ada = world.ada_in_hubspot().await;
    let late = Effect::applied_after_writes(1);
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", late).times(1));
    world.say(&ada, "one more sorrow").await;
    world.pass().await;
    world.forget("ada@example.com").await;
    let forgotten_at = world.engine.now();
    while !world.value("ada@example.com").contains("one more sorrow") {
        let due = world.pass().await.expect("there is more to do");
        assert!(
            world.engine.now() < forgotten_at + UNCLEAR_FOR,
            "the old write came after ours"
        );
        world.set_clock(due);
    }
    world.pass_until_idle().await;
    world.assert_erased("after the late write").await;
}

#[tokio::test]
async fn erased_in_mid_chat_before_anything_was_delivered_nothing_reaches_hubspot() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "my secret sorrow").await;
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;
    assert!(world.sandbox().contact_by_email("ada@example.com").is_none());

    // The same once the contact is there, and the text is not.
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.pass_until_idle().await;
    world.say(&bob, "Bob's sorrow").await;
    world.forget("bob@example.com").await;
    world.pass_until_idle().await;
    assert_eq!(world.value("bob@example.com"), "");
    assert_eq!(world.erasures().await, 0);
}

#[tokio::test]
async fn a_value_that_somebody_puts_back_later_loses_them_again() {
    let world = World::new().await;
    let ada = world.ada_in_hubspot().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&bob, "what Bob says").await;
    world.pass_until_idle().await;
    let (first, second) = (world.record(&ada).await, world.record(&bob).await);
    world.sandbox().merge(&first, &second).unwrap();
    world.say(&bob, "and more").await;
    world.pass_until_idle().await;
    let old = world.value("bob@example.com");
    world.forget("ada@example.com").await;
    world.pass_until_idle().await;
    // From the property's history in HubSpot, say; as text of somebody's own, even.
    for value in [old.clone(), old.replace(&format!("{MARKER}\n"), "")] {
        world.sandbox().set_property(&first, "chat_transcript", &value).unwrap();
        world.say(&bob, "still here").await;
        world.pass_until_idle().await;
        let value = world.value("bob@example.com");
        assert!(!value.contains("sorrow") && !value.contains("Lovelace"), "{value}");
        assert!(value.starts_with(FOREIGN) && value.contains("still here"), "{value}");
    }
}

#[tokio::test]
async fn a_merge_takes_the_erasure_along_and_a_deleted_contact_ends_it() {
    let world = World::new().await;
    let ada = world.ada_in_hubspot().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&bob, "what Bob says").await;
    world.pass_until_idle().await;
    let (first, second) = (world.record(&ada).await, world.record(&bob).await);
    world.forget("ada@example.com").await;
    world.sandbox().merge(&second, &first).unwrap();
    world.pass_until_idle().await;
    assert_eq!(world.erasures().await, 0);
    let value = world.value("bob@example.com");
    assert!(!value.contains("sorrow"), "{value}");

    world.forget("bob@example.com").await;
    world.sandbox().archive(&second).unwrap();
    world.pass_until_idle().await;
    assert_eq!(world.erasures().await, 0);
}
