//! HubSpot is down for a day, in virtual time that Parlor's clock and HubSpot's share: nothing is lost, and what has piled up goes
//! out as fast as HubSpot allows and no faster.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parlor_engine::delivery::transcript::SAFE_UNITS;
use parlor_engine::{AdmissionOptions, Timestamp};
use parlor_protocol::{ConversationState, PageContext, TenantId};
use parlor_sandbox::{Clock, DEFAULT_TOKEN, Limits, Moment, SandboxOptions};
use tokio::task::JoinSet;

use crate::world::{BEGINNING, Person, World};

/// Calls that HubSpot allows in ten seconds.
const MOST: usize = 100;
const WINDOW: i64 = 10_000;
const DAY: Duration = Duration::from_secs(24 * 3_600);
const ROUNDS: usize = 20;
/// How many come in each round; they chat for three rounds, and then some of them are done.
const A_ROUND: usize = 60;
const TALKS_FOR: usize = 3;

/// Somebody, and how much they have said.
struct Talker {
    person: Person,
    said: usize,
}

/// Every thirtieth has more to say than the property has room for.
fn at_a_time(number: usize) -> (usize, usize) {
    if number.is_multiple_of(30) { (6, 4_900) } else { (1, 20) }
}

impl World {
    async fn come(&self, numbers: std::ops::Range<usize>) -> Vec<Talker> {
        let numbers: Vec<usize> = numbers.collect();
        let forms: Vec<_> = numbers
            .iter()
            .map(|number| parlor_protocol::RegistrationInput {
                first_name: "Visitor".to_owned(),
                last_name: number.to_string(),
                email: address(*number),
                website: String::new(),
                form: self.engine.form_stamp(),
            })
            .collect();
        self.advance(Duration::from_secs(5));
        let mut coming = JoinSet::new();
        for (number, form) in numbers.into_iter().zip(forms) {
            let (engine, widget) = (Arc::clone(&self.engine), self.widget.clone());
            coming.spawn(async move {
                let [.., high, low] = number.to_be_bytes();
                let network = IpAddr::from([10, 0, high, low]);
                let page = PageContext::default();
                let registered = engine.register(&widget, None, network, form, page).await.unwrap();
                let visitor = engine.visitor_of_widget(&widget, &registered.visitor).await;
                let person = Person {
                    visitor: visitor.unwrap().unwrap(),
                    conversation: registered.conversation,
                };
                (number, Talker { person, said: 0 })
            });
        }
        let mut come = coming.join_all().await;
        come.sort_by_key(|(number, _)| *number);
        come.into_iter().map(|(_, talker)| talker).collect()
    }

    /// Each says what they say at a time, all at once: one after the other, each for themselves.
    async fn talk(&self, first: usize, talkers: &mut [Talker]) {
        self.advance(Duration::from_millis(7));
        let mut talking = JoinSet::new();
        for (number, talker) in (first..).zip(talkers) {
            let (messages, length) = at_a_time(number);
            let texts: Vec<_> = (talker.said..talker.said + messages)
                .map(|said| (self.message_id(), format!("{said} {}", "x".repeat(length))))
                .collect();
            talker.said += messages;
            let (engine, person) = (Arc::clone(&self.engine), talker.person.clone());
            talking.spawn(async move {
                for (id, text) in texts {
                    engine
                        .send_as_visitor(&person.visitor, &person.conversation, &id, &text, None)
                        .await
                        .unwrap();
                }
            });
        }
        talking.join_all().await;
    }

    /// Passes whenever one is due, until that moment.
    async fn go_on_until(&self, moment: Timestamp) -> usize {
        let mut passes = 1;
        while let Some(due) = self.pass().await.filter(|due| *due <= moment) {
            self.set_clock(due);
            passes += 1;
        }
        if moment > self.engine.now() {
            self.set_clock(moment);
        }
        passes
    }

    async fn is_anything_left(&self) -> bool {
        let tenant = TenantId::default_tenant();
        let to_sum_up = self.store().to_sum_up(&tenant, self.engine.now(), 1).await.unwrap();
        !to_sum_up.is_empty() || self.store().backlog(&tenant).await.unwrap() > 0
    }
}

fn address(number: usize) -> String {
    format!("visitor{number}@example.com")
}

/// The numbers of the messages in a text, in its order.
fn numbers(text: &str) -> impl Iterator<Item = usize> {
    let entries = text.split("MESSAGE: ").skip(1);
    entries.map(|entry| entry.split_whitespace().next().unwrap().parse().unwrap())
}

/// When each call of the log arrived; none was refused for the limit, and no ten seconds hold more than are allowed.
fn arrivals(world: &World) -> Vec<i64> {
    let requests = world.sandbox().requests();
    assert!(requests.iter().all(|request| request.status != Some(429)));
    let arrivals: Vec<i64> = requests.iter().map(|request| request.at.unix_milliseconds()).collect();
    for (first, at) in arrivals.iter().enumerate() {
        let within = arrivals[first..]
            .iter()
            .take_while(|later| **later < at + WINDOW)
            .count();
        assert!(within <= MOST, "{within} calls within ten seconds");
    }
    arrivals
}

#[tokio::test]
async fn after_a_day_without_hubspot_nothing_is_lost_and_it_drains_at_the_allowed_rate() {
    let options = SandboxOptions {
        clock: Clock::manual(Moment::from_unix_milliseconds(BEGINNING)),
        limits: Limits {
            ten_seconds: Some(100),
            ..Limits::default()
        },
        logged_requests: 20_000,
        ..SandboxOptions::default()
    };
    let world = World::with_clocks(Some(DEFAULT_TOKEN), options, AdmissionOptions::default(), true).await;
    let tenant = TenantId::default_tenant();

    // The first round is delivered as on any day.
    let mut talkers = world.come(0..A_ROUND).await;
    world.talk(0, &mut talkers).await;
    world.pass_until_idle().await;
    arrivals(&world);

    world.sandbox().set_down(true);
    let down_since = world.engine.now();
    let mut passes = 0;
    for round in 1..ROUNDS {
        talkers.extend(world.come(talkers.len()..talkers.len() + A_ROUND).await);
        let first = A_ROUND * (round + 1).saturating_sub(TALKS_FOR);
        world.talk(first, &mut talkers[first..]).await;
        for talker in talkers[first.saturating_sub(A_ROUND)..first].iter().step_by(3) {
            let closed = ConversationState::Closed;
            let conversation = &talker.person.conversation;
            world.engine.set_state(&tenant, conversation, closed).await.unwrap();
        }
        let share = u32::try_from(round).unwrap();
        let until = down_since + DAY * share / u32::try_from(ROUNDS - 1).unwrap();
        passes += world.go_on_until(until).await;
    }
    assert!(world.engine.now().since(down_since) >= DAY);
    assert!(passes < 1_000, "{passes} passes in a day: HubSpot is hammered");
    let waiting = world.store().backlog(&tenant).await.unwrap();
    assert_eq!(waiting, talkers.len() as u64, "everybody waits");
    arrivals(&world);

    // HubSpot is back.
    world.sandbox().clear_requests();
    world.sandbox().set_down(false);
    let mut passes = 0;
    while world.is_anything_left().await {
        let due = world.pass().await;
        if world.is_anything_left().await {
            world.set_clock(due.expect("something is left"));
        }
        passes += 1;
        assert!(passes < 100, "{}", world.engine.delivery().in_words());
    }
    let drained = arrivals(&world);
    let took = drained.last().unwrap() - drained.first().unwrap();
    let share = i64::try_from(drained.len()).unwrap() * WINDOW * 100 / took / i64::try_from(MOST).unwrap();
    assert!(
        took > 5 * WINDOW,
        "{} calls in {took} ms are too few to tell",
        drained.len()
    );
    assert!(
        share >= 95,
        "{share} % of the allowed rate: {} calls in {took} ms",
        drained.len()
    );

    world.pass_until_idle().await;
    arrivals(&world);
    assert_eq!(world.store().count_dead_letters(&tenant).await.unwrap(), 0);
    world.sandbox().set_limits(Limits::off());
    let contacts = world.sandbox().contacts();
    assert_eq!(contacts.len(), talkers.len());
    let values: HashMap<&str, &str> = contacts
        .iter()
        .map(|contact| {
            let value = contact.property("chat_transcript").expect("it has a transcript");
            (contact.property("email").unwrap(), value)
        })
        .collect();
    for (number, talker) in talkers.iter().enumerate() {
        let value = values[address(number).as_str()];
        assert!(value.encode_utf16().count() <= SAFE_UNITS);
        let mut found = Vec::new();
        if talker.said > TALKS_FOR {
            let record = world.record(&talker.person).await;
            for note in world.notes(&record).await {
                found.extend(numbers(&note.body));
            }
        }
        found.extend(numbers(value));
        let said: Vec<usize> = (0..talker.said).collect();
        assert_eq!(found, said, "visitor {number}");
    }
}
