//! While HubSpot is away it is not hammered: one thing alone is tried now and then, and decides.

use std::time::Duration;

use parlor_sandbox::{Effect, FaultRule};

use crate::world::{Person, World};

async fn crowd(world: &World) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..12 {
        let email = format!("visitor{number}@example.com");
        people.push(world.register("Visitor", "Test", &email).await);
    }
    world.pass_until_idle().await;
    for person in &people {
        world.say(person, "hello").await;
    }
    people
}

#[tokio::test]
async fn after_a_few_failures_a_single_record_decides_whether_the_others_follow() {
    let world = World::new().await;
    let people = crowd(&world).await;
    let fails = Effect::status(503);
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", fails));
    for _ in 0..3 {
        let due = world.pass().await.unwrap();
        world.set_clock(due);
    }
    assert!(
        world
            .engine
            .delivery()
            .in_words()
            .starts_with("Waiting since 2026-11-21 ")
    );
    for _ in 0..5 {
        let (reads, writes) = (world.calls("/batch/read"), world.calls("/batch/update"));
        let due = world.pass().await.unwrap();
        assert_eq!(world.calls("/batch/read"), reads + 1);
        assert_eq!(world.calls("/batch/update"), writes + 1, "one record, once");
        world.set_clock(due);
    }
    world.sandbox().clear_faults();
    let writes = world.calls("/batch/update");
    world.pass().await;
    assert!(
        world.calls("/batch/update") > writes + 1,
        "the others follow in the same pass"
    );
    assert_eq!(world.engine.delivery().trouble(), None);
    world.pass_until_idle().await;
    for person in &people {
        world.assert_delivered(person, "").await;
    }
}

#[tokio::test]
async fn an_outage_is_probed_by_one_call_each_time() {
    let world = World::new().await;
    let people = crowd(&world).await;
    world.sandbox().set_down(true);
    let begun = world.engine.now();
    for _ in 0..3 {
        let due = world.pass().await.unwrap();
        world.set_clock(due);
    }
    let calls = world.sandbox().requests().len();
    let mut passes = 0;
    while world.engine.now().since(begun) < Duration::from_secs(6 * 3_600) {
        let due = world.pass().await.unwrap();
        world.set_clock(due);
        passes += 1;
    }
    assert_eq!(world.sandbox().requests().len(), calls + passes);
    assert!(passes < 400, "{passes} calls in six hours");
    world.sandbox().set_down(false);
    world.pass_until_idle().await;
    for person in &people {
        world.assert_delivered(person, "").await;
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved() {
    let world = World::new().await;
    let people = crowd(&world).await;
    world
        .sandbox()
        .add_fault(FaultRule::new("POST", "/batch/update", Effect::status(413)).times(1));
    world.pass().await;
    assert_eq!(world.calls("/batch/update"), 3, "the whole, and two halves");
    for person in &people {
        world.assert_delivered(person, "").await;
    }
}

#[tokio::test]
async fn whatever_may_pass_is_tried_again() {
    for status in [423, 429, 500, 502, 503, 504, 521] {
        let world = World::new().await;
        let ada = world.ada().await;
        world.pass_until_idle().await;
        world
            .sandbox()
            .add_fault(FaultRule::new("POST", "/batch/update", Effect::status(status)).times(2));
        world.say(&ada, "hello").await;
        world.pass_until_idle().await;
        world.assert_delivered(&ada, "").await;
    }
}

#[tokio::test]
async fn a_contact_that_hubspot_cannot_even_read_holds_nobody_up_for_long() {
    for place in [0, 7] {
        cannot_be_read(place).await;
    }
}

async fn cannot_be_read(place: usize) {
    let world = World::new().await;
    let people = crowd(&world).await;
    let poisoned = &people[place];
    let record = world.record(poisoned).await;
    let fails = FaultRule::new("POST", "/batch/read", Effect::status(500));
    world.sandbox().add_fault(fails.body_contains(&record));
    let others = || {
        people
            .iter()
            .filter(|person| person.conversation != poisoned.conversation)
    };
    let begun = world.engine.now();
    loop {
        let due = world.pass().await.unwrap();
        let mut waiting = 0;
        for person in others() {
            let delivery = world.delivery(person).await;
            waiting += usize::from(delivery.delivered_seq < delivery.last_seq);
        }
        if waiting == 0 {
            break;
        }
        world.set_clock(due);
    }
    assert!(world.engine.now().since(begun) < Duration::from_secs(180));
    world.sandbox().clear_faults();
    world.pass_until_idle().await;
    for person in &people {
        world.assert_delivered(person, "").await;
    }
}

#[tokio::test]
async fn a_missing_scope_is_named_and_delivery_goes_on_once_it_is_there() {
    let world = World::with(Some("pat-reader")).await;
    let token = |scopes: &[&str]| world.sandbox().add_token("pat-reader", scopes.iter().copied());
    token(&[
        "crm.objects.contacts.read",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
    ]);
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    for _ in 0..5 {
        let due = world.pass().await.unwrap();
        assert!(
            world
                .engine
                .delivery()
                .in_words()
                .ends_with("HubSpot answers 403: the token lacks crm.objects.contacts.write"),
            "{}",
            world.engine.delivery().in_words()
        );
        world.set_clock(due);
    }
    token(&["*"]);
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}
