//! Whatever happens in whatever order: in the end every transcript holds everything that was said, once and in order.

use std::time::Duration;

use parlor_protocol::{DeliveryStatus, TenantId};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};
use proptest::prelude::*;

use crate::world::{Person, World};

#[derive(Debug, Clone)]
enum Step {
    Say(usize),
    Pass,
    /// Lets some time go by, in seconds.
    Wait(u64),
    /// The next calls with this in their path meet this.
    Fault(&'static str, Effect, u32),
    /// HubSpot is down, or is back.
    Down(bool),
    /// Parlor starts again.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let path = prop::sample::select(vec![
        "/batch/read",
        "/batch/create",
        "/batch/update",
        "/properties/",
        "",
    ]);
    let effect = prop::sample::select(vec![
        Effect::status(429),
        Effect::status(500),
        Effect::html(502, "<html></html>"),
        Effect::status(404),
        Effect::DroppedBefore,
        Effect::applied_not_answered(),
        Effect::applied_after_writes(1),
        Effect::applied_after_writes(2),
    ]);
    let step = prop_oneof![
        6 => (0..3_usize).prop_map(Step::Say),
        6 => Just(Step::Pass),
        3 => (1..120_u64).prop_map(Step::Wait),
        3 => (path, effect, 1..3_u32).prop_map(|(path, effect, times)| Step::Fault(path, effect, times)),
        1 => any::<bool>().prop_map(Step::Down),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 5..50)
}

async fn walk(steps: Vec<Step>) {
    let mut world = World::new().await;
    let mut people: Vec<Person> = Vec::new();
    for name in ["Ada", "Bob", "Cleo"] {
        people.push(world.register(name, "Test", &format!("{name}@example.com")).await);
    }
    let mut said: Vec<Vec<String>> = vec![Vec::new(); people.len()];
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Say(who) => {
                let text = format!("number {number}\nof {who}");
                world.say(&people[who], &text).await;
                said[who].push(text);
            }
            Step::Pass => {
                world.pass().await;
            }
            Step::Wait(seconds) => world.advance(Duration::from_secs(seconds)),
            Step::Fault(path, effect, times) => {
                world.sandbox().add_fault(FaultRule {
                    method: None,
                    ..FaultRule::new("", path, effect).times(times)
                });
            }
            Step::Down(down) => world.sandbox().set_down(down),
            Step::Restart => world.restart(Some(DEFAULT_TOKEN)).await,
        }
    }
    world.sandbox().clear_faults();
    world.sandbox().set_down(false);
    world.pass_until_idle().await;

    assert_eq!(world.sandbox().contacts().len(), 3);
    for (person, said) in people.iter().zip(said) {
        let value = world.value(person.visitor.email.as_str());
        let read: Vec<String> = value
            .split("\nMESSAGE: ")
            .skip(1)
            .map(|entry| entry.split("\n\n").next().unwrap().replace("\n  ", "\n"))
            .collect();
        assert_eq!(read, said, "{value}");
        if !said.is_empty() {
            world.assert_delivered(person, "").await;
        }
        assert_eq!(world.delivery(person).await.status, DeliveryStatus::Delivered);
    }
    let tenant = TenantId::default_tenant();
    assert_eq!(world.store().backlog(&tenant).await.unwrap(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_everything_arrives_once_and_in_order(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(walk(steps));
    }
}
