//! Webhooks out: what is sent, how it is signed, and what happens when it is not received.

use std::collections::BTreeSet;
use std::time::Duration;

use parlor_sandbox::{
    Clock, DEFAULT_APP_ID, EventTypeSpelling, Moment, Sandbox, SandboxOptions, WebhookBehaviour, WebhookDelivery,
};
use serde_json::{Value, json};

use crate::client::Client;
use crate::webhook_receiver::{Receiver, Reply, SECRET};

const CONTACTS: &str = "/crm/v3/objects/contacts";
const PATIENCE: Duration = Duration::from_secs(10);

/// A sandbox whose clock stands still, and a receiver of these types.
async fn start(types: &[&str]) -> (Client, Receiver, Clock) {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_790_000_000_000));
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    })
    .await;
    let receiver = Receiver::start().await;
    let types = types.iter().copied();
    client.sandbox().set_webhook(receiver.url(), SECRET, types).unwrap();
    (client, receiver, clock)
}

fn behave(client: &Client, behaviour: WebhookBehaviour) {
    client.sandbox().set_webhook_behaviour(behaviour).unwrap();
}

async fn quiet(sandbox: &Sandbox) {
    assert!(
        sandbox.webhooks_quiet(PATIENCE).await,
        "{:?}",
        sandbox.webhook_deliveries()
    );
}

fn seed(client: &Client, email: &str) -> u64 {
    let contact = client.sandbox().seed_contact([("email", email)]).unwrap();
    contact.id.parse().unwrap()
}

/// So many contacts in one call.
async fn create_batch(client: &Client, name: &str, count: usize) {
    let inputs: Vec<Value> = (0..count)
        .map(|number| json!({"properties": {"email": format!("{name}{number}@example.com")}}))
        .collect();
    let created = client
        .post(&format!("{CONTACTS}/batch/create"), json!({"inputs": inputs}))
        .await;
    assert_eq!(created.status, 201);
}

fn attempts(events: &[Value]) -> Vec<u64> {
    events
        .iter()
        .map(|event| event["attemptNumber"].as_u64().unwrap())
        .collect()
}

/// The one delivery with this number, once it ended.
async fn delivery(client: &Client, number: u64) -> WebhookDelivery {
    let ended = async {
        loop {
            let found = client
                .sandbox()
                .webhook_deliveries()
                .into_iter()
                .find(|delivery| delivery.number == number);
            match found {
                Some(delivery) => break delivery,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap()
}

#[tokio::test]
async fn a_contact_that_is_created_is_told_with_both_signatures() {
    let (client, receiver, clock) = start(&["contact.creation"]).await;
    let created = client
        .post(CONTACTS, json!({"properties": {"email": "ada@example.com"}}))
        .await;
    receiver.wait_for(1).await;
    quiet(client.sandbox()).await;
    let requests = receiver.received();
    assert_eq!(requests[0].timestamp, clock.now().unix_milliseconds());
    let mut event = requests[0].events[0].clone();
    assert!(event["changeSource"].is_string() && event["sourceId"].is_string() && event["eventId"].is_u64());
    assert!(event["subscriptionId"].is_u64());
    for name in ["changeSource", "sourceId", "eventId", "subscriptionId"] {
        event.as_object_mut().unwrap().remove(name);
    }
    let id: u64 = created.json()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        event,
        json!({"portalId": 891_936_587, "appId": DEFAULT_APP_ID, "occurredAt": 1_790_000_000_000_u64,
               "subscriptionType": "contact.creation", "attemptNumber": 0, "objectId": id, "changeFlag": "CREATED"})
    );
    let deliveries = client.sandbox().webhook_deliveries();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].status, Some(200));
    assert_eq!((deliveries[0].attempt, deliveries[0].next_attempt_at), (0, None));
    assert_eq!(deliveries[0].url, receiver.url());
    assert_eq!(deliveries[0].events, requests[0].events);
}

#[tokio::test]
async fn what_was_not_subscribed_to_is_not_told() {
    let (client, receiver, _) = start(&["contact.propertyChange:city", "deal.creation"]).await;
    let id = seed(&client, "ada@example.com").to_string();
    client.sandbox().set_property(&id, "firstname", "Ada").unwrap();
    client.sandbox().set_property(&id, "city", "Rome").unwrap();
    receiver.wait_for(1).await;
    quiet(client.sandbox()).await;
    let events = receiver.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(
        (&events[0]["propertyName"], &events[0]["propertyValue"]),
        (&json!("city"), &json!("Rome"))
    );
    assert_eq!(events[0].get("changeFlag"), None);
}

#[tokio::test]
async fn a_hundred_events_go_in_one_request_and_no_more() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    create_batch(&client, "first", 100).await;
    receiver.wait_for(1).await;
    assert_eq!(receiver.received()[0].events.len(), 100);
    for name in ["second", "third", "fourth"] {
        create_batch(&client, name, 70).await;
    }
    quiet(client.sandbox()).await;
    assert!(receiver.received().iter().all(|received| received.events.len() <= 100));
    let ids: BTreeSet<u64> = receiver
        .events()
        .iter()
        .map(|event| event["objectId"].as_u64().unwrap())
        .collect();
    assert_eq!((receiver.events().len(), ids.len()), (310, 310));
}

#[tokio::test]
async fn what_is_not_received_is_sent_again_when_its_time_has_come_and_signed_anew() {
    let (client, receiver, clock) = start(&["contact.creation"]).await;
    behave(
        &client,
        WebhookBehaviour {
            schedule_factor: 1.0,
            timeout_milliseconds: 150,
            ..WebhookBehaviour::default()
        },
    );
    receiver.replies([Reply::Status(500), Reply::Status(404), Reply::Hang, Reply::Drop]);
    seed(&client, "ada@example.com");
    let mut expected = vec![clock.now().unix_milliseconds()];
    for (number, status) in [(1, Some(500)), (2, Some(404)), (3, None), (4, None)] {
        let failed = delivery(&client, number).await;
        assert_eq!(failed.status, status, "{failed:?}");
        assert_eq!(failed.failure.is_some(), status.is_none(), "{failed:?}");
        let again = failed.next_attempt_at.unwrap();
        let wait = again.unix_milliseconds() - clock.now().unix_milliseconds();
        assert!(wait > 30_000, "HubSpot waits a while, here {wait} milliseconds");
        // Its time has not come before its time has come.
        clock.advance(Duration::from_millis(u64::try_from(wait).unwrap() - 1));
        assert!(!client.sandbox().webhooks_quiet(Duration::from_millis(60)).await);
        assert_eq!(receiver.received().len(), expected.len());
        clock.advance(Duration::from_millis(1));
        expected.push(again.unix_milliseconds());
        receiver.wait_for(expected.len()).await;
    }
    quiet(client.sandbox()).await;
    let requests = receiver.received();
    let timestamps: Vec<i64> = requests.iter().map(|request| request.timestamp).collect();
    assert_eq!(timestamps, expected);
    assert_eq!(attempts(&receiver.events()), [0, 1, 2, 3, 4]);
    let same: BTreeSet<String> = receiver
        .events()
        .iter()
        .map(|event| format!("{} {}", event["eventId"], event["occurredAt"]))
        .collect();
    assert_eq!(same.len(), 1, "it is the same event each time");
    assert!(delivery(&client, 3).await.failure.unwrap().contains("150 milliseconds"));
}

#[tokio::test]
async fn after_ten_retries_it_is_given_up() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    receiver.always(Reply::Status(503));
    seed(&client, "ada@example.com");
    assert!(client.sandbox().flush_webhooks(PATIENCE).await);
    assert_eq!(attempts(&receiver.events()), (0..=10).collect::<Vec<_>>());
    let deliveries = client.sandbox().webhook_deliveries();
    let last = deliveries.last().unwrap();
    assert_eq!((last.attempt, last.given_up, last.next_attempt_at), (10, 1, None));
    assert!(deliveries[..10].iter().all(|delivery| delivery.given_up == 0));
}

#[tokio::test]
async fn where_nobody_listens_it_is_tried_again_too() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    let url = receiver.url().to_owned();
    drop(receiver);
    seed(&client, "ada@example.com");
    let failed = delivery(&client, 1).await;
    assert_eq!((failed.status, failed.url), (None, url));
    assert!(failed.failure.is_some() && failed.next_attempt_at.is_some());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    receiver.replies([Reply::Redirect]);
    seed(&client, "ada@example.com");
    assert!(client.sandbox().flush_webhooks(PATIENCE).await);
    assert_eq!(client.sandbox().webhook_deliveries()[0].status, Some(307));
    let paths: Vec<&str> = receiver.received().iter().map(|received| received.path).collect();
    assert_eq!(paths, ["/hubspot/target"]);
}

#[tokio::test]
async fn duplicates_come_in_requests_of_their_own() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    behave(
        &client,
        WebhookBehaviour {
            duplicates: 1.0,
            ..WebhookBehaviour::default()
        },
    );
    create_batch(&client, "ada", 5).await;
    receiver.wait_for(2).await;
    quiet(client.sandbox()).await;
    let requests = receiver.received();
    assert_eq!(requests.len(), 2);
    let ids =
        |events: &[Value]| -> BTreeSet<u64> { events.iter().map(|event| event["eventId"].as_u64().unwrap()).collect() };
    assert_eq!(ids(&requests[0].events), ids(&requests[1].events));
    assert_eq!(ids(&requests[0].events).len(), 5);
    assert_eq!(attempts(&requests[1].events), [0; 5]);
}

#[tokio::test]
async fn events_wait_and_come_out_of_order_on_demand() {
    let (client, receiver, clock) = start(&["contact.creation"]).await;
    behave(
        &client,
        WebhookBehaviour {
            delay_milliseconds: 5_000,
            reorder_milliseconds: 1_000,
            batch_size: 7,
            ..WebhookBehaviour::default()
        },
    );
    create_batch(&client, "ada", 30).await;
    clock.advance(Duration::from_millis(4_999));
    assert!(!client.sandbox().webhooks_quiet(Duration::from_millis(60)).await);
    assert!(receiver.received().is_empty());
    clock.advance(Duration::from_millis(1_001));
    receiver.wait_for(5).await;
    quiet(client.sandbox()).await;
    // The requests themselves overtake each other: within each the order is the sender's.
    let order =
        |events: &[Value]| -> Vec<u64> { events.iter().map(|event| event["objectId"].as_u64().unwrap()).collect() };
    let requests = receiver.received();
    assert!(requests.iter().any(|received| !order(&received.events).is_sorted()));
    let all: BTreeSet<u64> = order(&receiver.events()).into_iter().collect();
    assert_eq!((all.len(), receiver.events().len()), (30, 30));
}

#[tokio::test]
async fn the_type_of_an_event_is_spelled_in_either_way() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    let spelled = async |spelling, name: &str| {
        behave(
            &client,
            WebhookBehaviour {
                spelling,
                ..WebhookBehaviour::default()
            },
        );
        let before = receiver.received().len();
        create_batch(&client, name, 40).await;
        receiver.wait_for(before + 1).await;
        quiet(client.sandbox()).await;
        let events = receiver.received()[before..].concat_events();
        let count = |field: &str| events.iter().filter(|event| event[field] == "contact.creation").count();
        (count("subscriptionType"), count("eventType"))
    };
    assert_eq!(spelled(EventTypeSpelling::SubscriptionType, "a").await, (40, 0));
    assert_eq!(spelled(EventTypeSpelling::EventType, "b").await, (0, 40));
    assert_eq!(spelled(EventTypeSpelling::Both, "c").await, (40, 40));
    let (subscription_types, event_types) = spelled(EventTypeSpelling::Mixed, "d").await;
    assert!(subscription_types > 0 && event_types > 0 && subscription_types + event_types == 40);
}

trait ConcatEvents {
    fn concat_events(&self) -> Vec<Value>;
}

impl ConcatEvents for [crate::webhook_receiver::Received] {
    fn concat_events(&self) -> Vec<Value> {
        self.iter().flat_map(|received| received.events.clone()).collect()
    }
}

#[tokio::test]
async fn deletion_privacy_deletion_and_merge_are_told() {
    let types = [
        "contact.deletion",
        "contact.privacyDeletion",
        "contact.merge",
        "object.deletion:0-1",
    ];
    let (client, receiver, _) = start(&types).await;
    let of_type = |name: &str| -> Vec<Value> {
        let events = receiver.events().into_iter();
        events.filter(|event| event["subscriptionType"] == name).collect()
    };

    let archived = seed(&client, "archived@example.com");
    client.sandbox().archive(&archived.to_string()).unwrap();
    receiver.wait_for(1).await;
    quiet(client.sandbox()).await;
    let deletions = of_type("contact.deletion");
    assert_eq!(deletions.len(), 1);
    assert_eq!(
        (&deletions[0]["objectId"], &deletions[0]["changeFlag"]),
        (&json!(archived), &json!("DELETED"))
    );
    let generic = of_type("object.deletion");
    assert_eq!((generic.len(), &generic[0]["objectTypeId"]), (1, &json!("0-1")));

    let forgotten = seed(&client, "forgotten@example.com");
    let deleted = client
        .post(
            &format!("{CONTACTS}/gdpr-delete"),
            json!({"objectId": "forgotten@example.com", "idProperty": "email"}),
        )
        .await;
    assert_eq!(deleted.status, 204);
    receiver.wait_for(2).await;
    quiet(client.sandbox()).await;
    let told = |name: &str| {
        of_type(name)
            .iter()
            .filter(|event| event["objectId"] == forgotten)
            .count()
    };
    assert_eq!((told("contact.privacyDeletion"), told("contact.deletion")), (1, 1));

    let (primary, other) = (seed(&client, "ada@example.com"), seed(&client, "lovelace@example.com"));
    client
        .sandbox()
        .set_property(&other.to_string(), "city", "London")
        .unwrap();
    client
        .sandbox()
        .merge(&primary.to_string(), &other.to_string())
        .unwrap();
    receiver.wait_for(3).await;
    quiet(client.sandbox()).await;
    let merges = of_type("contact.merge");
    assert_eq!(merges.len(), 1);
    assert_eq!(merges[0]["primaryObjectId"], primary);
    assert_eq!(merges[0]["mergedObjectIds"], json!([other]));
    assert!(merges[0]["newObjectId"].is_u64() && merges[0]["numberOfPropertiesMoved"].as_u64() >= Some(1));
}

#[tokio::test]
async fn only_so_many_requests_are_under_way_at_once() {
    let client = Client::start().await;
    let receiver = Receiver::start().await;
    behave(
        &client,
        WebhookBehaviour {
            batch_size: 1,
            timeout_milliseconds: 200,
            ..WebhookBehaviour::default()
        },
    );
    let set = client
        .post(
            "/_control/webhooks",
            json!({"target_url": receiver.url(), "client_secret": SECRET, "max_concurrent_requests": 3,
                   "subscriptions": ["contact.creation"]}),
        )
        .await;
    assert_eq!(set.status, 200, "{}", set.text);
    receiver.replies([Reply::Hang; 9]);
    create_batch(&client, "ada", 9).await;
    assert!(client.sandbox().flush_webhooks(PATIENCE).await);
    assert_eq!(receiver.events().len(), 18);
    // One that timed out here may be noticed there a moment later.
    assert!(
        (3..=6).contains(&receiver.most_at_once()),
        "{}",
        receiver.most_at_once()
    );
}

#[tokio::test]
async fn nothing_is_sent_to_another_machine() {
    let (client, _receiver, _) = start(&["contact.creation"]).await;
    let refused = client.sandbox().set_webhook("https://www.example.com/x", SECRET, []);
    assert!(refused.unwrap_err().to_string().contains("this machine alone"));
    // HubSpot's own call takes any address, so that programs that set theirs up can be tried.
    let settings = json!({"targetUrl": "https://www.example.com/x", "throttling": {"maxConcurrentRequests": 10}});
    let path = format!("/webhooks/v3/{DEFAULT_APP_ID}/settings");
    let set = client.call(reqwest::Method::PUT, &path, Some(&settings)).await;
    assert_eq!(set.status, 200, "{}", set.text);
    seed(&client, "ada@example.com");
    let withheld = delivery(&client, 1).await;
    assert_eq!((withheld.status, withheld.next_attempt_at), (None, None));
    assert!(withheld.failure.unwrap().starts_with("not sent"));
    quiet(client.sandbox()).await;
}

#[tokio::test]
async fn a_reset_forgets_what_waits_and_the_sender_goes_on() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    receiver.replies([Reply::Status(500), Reply::Hang]);
    seed(&client, "ada@example.com");
    delivery(&client, 1).await;
    seed(&client, "bob@example.com");
    receiver.wait_for(2).await;
    // One waits for its retry, one is under way.
    assert_eq!(client.post("/_control/reset", json!({})).await.status, 204);
    quiet(client.sandbox()).await;
    assert!(client.sandbox().webhook_deliveries().is_empty());
    seed(&client, "nobody-is-told@example.com");

    let sandbox = client.sandbox();
    sandbox
        .set_webhook(receiver.url(), SECRET, ["contact.creation"])
        .unwrap();
    let told = seed(&client, "carol@example.com");
    receiver.wait_for(3).await;
    quiet(sandbox).await;
    let events = receiver.events();
    assert_eq!((events.len(), &events[2]["objectId"]), (3, &json!(told)));
    assert_eq!(sandbox.webhook_deliveries().len(), 1);
}

#[tokio::test]
async fn the_sender_stops_with_the_server() {
    let (client, receiver, _) = start(&["contact.creation"]).await;
    receiver.replies([Reply::Hang]);
    seed(&client, "ada@example.com");
    receiver.wait_for(1).await;
    let sandbox = client.sandbox().clone();
    tokio::time::timeout(Duration::from_secs(5), client.running.stop())
        .await
        .unwrap()
        .unwrap();
    sandbox.seed_contact([("email", "bob@example.com")]).unwrap();
    assert!(!sandbox.flush_webhooks(Duration::from_millis(200)).await);
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn subscriptions_outlive_a_restart_in_the_records_file() {
    let folder = tempfile::tempdir().unwrap();
    let options = || SandboxOptions {
        records_file: Some(folder.path().join("records.json")),
        ..SandboxOptions::default()
    };
    let receiver = Receiver::start().await;
    let first = Client::start_with(options()).await;
    let types = ["contact.propertyChange:city", "object.creation:0-1"];
    first.sandbox().set_webhook(receiver.url(), SECRET, types).unwrap();
    first.running.stop().await.unwrap();
    let second = Client::start_with(options()).await;
    let told = seed(&second, "ada@example.com");
    receiver.wait_for(1).await;
    assert_eq!(receiver.events()[0]["objectId"], told);
}

#[tokio::test]
async fn the_control_calls_set_up_show_misbehave_and_wait() {
    let client = Client::start().await;
    let receiver = Receiver::start().await;
    let set = client
        .post(
            "/_control/webhooks",
            json!({"target_url": receiver.url(), "client_secret": SECRET,
                   "subscriptions": ["contact.creation", "contact.propertyChange:email"]}),
        )
        .await;
    assert_eq!(set.status, 200);
    let shown = client.get("/_control/webhooks").await.json();
    let app = &shown["apps"][0];
    assert_eq!(
        (&app["app_id"], &app["client_secret"], &app["target_url"]),
        (&json!(DEFAULT_APP_ID), &json!(SECRET), &json!(receiver.url()))
    );
    assert_eq!(app["subscriptions"][1]["type"], "contact.propertyChange:email");
    assert_eq!(
        (&shown["waiting"], &shown["under_way"], &shown["dropped"]),
        (&json!(0), &json!(0), &json!(0))
    );

    let slow = json!({"delay_milliseconds": 3_600_000});
    assert_eq!(client.post("/_control/webhooks/behaviour", slow).await.status, 200);
    let behaviour = client.get("/_control/webhooks/behaviour").await.json();
    assert_eq!(behaviour["delay_milliseconds"], 3_600_000);
    assert_eq!(
        (&behaviour["schedule_factor"], &behaviour["spelling"]),
        (&json!(0.001), &json!("subscription_type"))
    );
    client
        .post(
            "/_control/contacts",
            json!({"properties": {"email": "ada@example.com"}}),
        )
        .await;
    let patient = json!({"patiently": true, "within_milliseconds": 50});
    let waited = client.post("/_control/webhooks/flush", patient).await.json();
    assert_eq!(waited["quiet"], false);
    let flushed = client.post("/_control/webhooks/flush", json!({})).await.json();
    assert_eq!(flushed, json!({"quiet": true, "waiting": 0, "under_way": 0}));
    assert!(!receiver.received().is_empty());
    let delivered = client.get("/_control/webhooks/deliveries").await.json();
    assert_eq!(delivered["deliveries"][0]["status"], 200);
    assert_eq!(delivered["deliveries"][0]["events"][0]["attemptNumber"], 0);
    assert_eq!(client.delete("/_control/webhooks/deliveries").await.status, 204);
    assert_eq!(
        client.get("/_control/webhooks/deliveries").await.json(),
        json!({"deliveries": []})
    );
    assert_eq!(client.delete("/_control/webhooks").await.status, 204);
    assert_eq!(
        client.get("/_control/webhooks").await.json()["apps"][0]["subscriptions"],
        json!([])
    );

    for (path, wrong) in [
        ("", json!({"target_url": "nowhere"})),
        ("", json!({"target_url": "https://www.example.com/"})),
        (
            "",
            json!({"target_url": receiver.url(), "subscriptions": ["contact.birth"]}),
        ),
        ("/behaviour", json!({"duplicates": 2})),
        ("/behaviour", json!({"batch_size": 101})),
        ("/behaviour", json!({"unheard_of": 1})),
        ("/flush", json!({"within": 1})),
    ] {
        let answer = client.post(&format!("/_control/webhooks{path}"), wrong.clone()).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_page_shows_subscriptions_and_deliveries() {
    let (client, receiver, _) = start(&["contact.propertyChange:city", "contact.creation"]).await;
    receiver.replies([Reply::Status(500)]);
    seed(&client, "ada@example.com");
    let failed = delivery(&client, 1).await;
    let page = client.get("/webhooks").await;
    assert_eq!(page.status, 200);
    for expected in [
        "<td>contact.propertyChange:city</td><td>active</td>".to_owned(),
        receiver.url().to_owned(),
        "<td>500</td>".to_owned(),
        "contact.creation".to_owned(),
        format!("<td>{}</td>", failed.next_attempt_at.unwrap().iso()),
        "Waiting: 1. Under way: 0. Dropped: 0.".to_owned(),
    ] {
        assert!(page.text.contains(&expected), "{expected} in {}", page.text);
    }
}
