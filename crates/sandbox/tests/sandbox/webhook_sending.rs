//! How webhooks are sent: together, in what order, and again when they are not received.

use std::collections::BTreeSet;
use std::time::Duration;

use parlor_sandbox::{EventTypeSpelling, WebhookBehaviour};
use serde_json::{Value, json};

use crate::client::Client;
use crate::webhook_helpers::{PATIENCE, attempts, behave, create_batch, delivery, quiet, seed, start};
use crate::webhook_receiver::{Receiver, Reply, SECRET};

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
