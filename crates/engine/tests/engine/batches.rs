//! Many contacts in few calls, and one bad contact among good ones.

use parlor_protocol::DeliveryStatus;
use parlor_sandbox::{Effect, FaultRule};

use crate::world::{Person, World, network};

async fn people(world: &World, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..count {
        let form = world.form(
            "Visitor",
            &format!("No {number}"),
            &format!("visitor{number}@example.com"),
        );
        let network = network(u8::try_from(number % 200).unwrap());
        people.push(world.send_in(form, network).await);
    }
    people
}

async fn everybody_says(world: &World, people: &[Person], text: &str) {
    for person in people {
        world.say(person, text).await;
    }
}

#[tokio::test]
async fn two_hundred_and_fifty_contacts_need_fifteen_calls_and_their_next_messages_six() {
    let world = World::new().await;
    let people = people(&world, 250).await;
    everybody_says(&world, &people, "hello").await;
    world.pass_until_idle().await;
    // The account, the property (looked for and created), and for each hundred: read by address, create, read by id, write.
    assert_eq!(world.sandbox().requests().len(), 3 + 3 * 4);

    everybody_says(&world, &people, "still here").await;
    world.pass_until_idle().await;
    assert_eq!(world.sandbox().requests().len(), 3 + 3 * 4 + 3 * 2);
    for person in &people {
        world.assert_delivered(person, "").await;
    }
    assert_eq!(world.sandbox().contacts().len(), 250);
}

#[tokio::test]
async fn batches_go_side_by_side_where_hubspot_takes_its_time() {
    let world = World::new().await;
    let people = people(&world, 300).await;
    world.pass_until_idle().await;
    everybody_says(&world, &people, "hello").await;
    let slow = Effect::delay(std::time::Duration::from_millis(400));
    world.sandbox().add_fault(FaultRule::new("POST", "/batch/read", slow));
    let before = world.sandbox().requests().len();
    world.pass().await;
    let requests = world.sandbox().requests();
    let paths: Vec<&str> = requests[before..]
        .iter()
        .map(|request| request.path.rsplit('/').next().unwrap_or_default())
        .collect();
    assert_eq!(paths, ["read", "read", "read", "update", "update", "update"]);
    for person in &people {
        world.assert_delivered(person, "").await;
    }
}

#[tokio::test]
async fn a86_a_contact_that_hubspot_refuses_for_ever_is_quarantined_alone() {
    let refuses = |message: &str| Effect::Status {
        status: 400,
        message: Some(message.to_owned()),
        category: Some("VALIDATION_ERROR".to_owned()),
        body: None,
        content_type: None,
        headers: std::collections::BTreeMap::new(),
    };
    // The whole batch is refused, at the write only or at the read too; HubSpot does not say which input it is about.
    for path in ["/batch/update", "/contacts/batch/"] {
        let world = World::new().await;
        let people = people(&world, 30).await;
        world.pass_until_idle().await;
        let poisoned = &people[17];
        let record = world.record(poisoned).await;
        world
            .sandbox()
            .add_fault(FaultRule::new("POST", path, refuses("This one not")).body_contains(&record));
        everybody_says(&world, &people, "hello").await;
        assert_eq!(
            world.pass().await,
            None,
            "the others do not wait, and nothing is tried for ever"
        );

        for person in people
            .iter()
            .filter(|person| person.conversation != poisoned.conversation)
        {
            world.assert_delivered(person, "").await;
        }
        let delivery = world.delivery(poisoned).await;
        assert_eq!(delivery.status, DeliveryStatus::Refused);
        assert_eq!(delivery.in_words(), "nothing in HubSpot yet; refused: This one not");

        everybody_says(&world, &people, "and again").await;
        let calls = world.sandbox().requests().len();
        world.pass_until_idle().await;
        assert_eq!(world.sandbox().requests().len(), calls + 2);
    }
}

#[tokio::test]
async fn an_address_that_hubspot_refuses_to_look_up_is_refused_alone() {
    let world = World::new().await;
    let people = people(&world, 12).await;
    let refuses = FaultRule::new("POST", "/batch/read", Effect::status(400));
    world.sandbox().add_fault(refuses.body_contains("visitor5@example.com"));
    everybody_says(&world, &people, "hello").await;
    world.pass_until_idle().await;
    for (number, person) in people.iter().enumerate() {
        match number {
            5 => assert_eq!(world.delivery(person).await.status, DeliveryStatus::Refused),
            _ => world.assert_delivered(person, "").await,
        }
    }
}

#[tokio::test]
async fn when_hubspot_refuses_everybody_nobody_is_given_up() {
    for path in ["/batch/update", "/batch/read"] {
        let world = World::new().await;
        let people = people(&world, 12).await;
        world.pass_until_idle().await;
        world
            .sandbox()
            .add_fault(FaultRule::new("POST", path, Effect::status(400)));
        everybody_says(&world, &people, "hello").await;
        world.pass().await;
        for person in &people {
            assert_eq!(world.delivery(person).await.status, DeliveryStatus::Waiting);
        }
        world.sandbox().clear_faults();
        world.pass_until_idle().await;
        for person in &people {
            world.assert_delivered(person, "").await;
        }
    }
}

#[tokio::test]
async fn a_contact_that_makes_hubspot_fail_for_ever_comes_to_stand_alone() {
    let world = World::new().await;
    let people = people(&world, 30).await;
    world.pass_until_idle().await;
    let poisoned = &people[17];
    let record = world.record(poisoned).await;
    let fails = FaultRule::new("POST", "/batch/update", Effect::status(500));
    world.sandbox().add_fault(fails.body_contains(&record));
    everybody_says(&world, &people, "hello").await;
    let mut passes = 0;
    loop {
        world.set_clock(world.pass().await.unwrap());
        passes += 1;
        let mut waiting = 0;
        for person in &people {
            let delivery = world.delivery(person).await;
            waiting += usize::from(delivery.delivered_seq < delivery.last_seq);
        }
        if waiting == 1 {
            break;
        }
        assert!(passes < 40, "{waiting} still wait");
    }
    assert_eq!(world.delivery(poisoned).await.status, DeliveryStatus::Waiting);

    world.sandbox().clear_faults();
    world.pass_until_idle().await;
    for person in &people {
        world.assert_delivered(person, "").await;
    }
}
