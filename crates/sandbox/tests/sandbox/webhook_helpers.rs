//! What the tests of webhooks have in common.

use std::time::Duration;

use parlor_sandbox::{Clock, Moment, Sandbox, SandboxOptions, WebhookBehaviour, WebhookDelivery};
use serde_json::{Value, json};

use crate::client::Client;
use crate::webhook_receiver::{Receiver, SECRET};

pub const CONTACTS: &str = "/crm/v3/objects/contacts";
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A sandbox whose clock stands still, and a receiver of these types.
pub async fn start(types: &[&str]) -> (Client, Receiver, Clock) {
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

pub fn behave(client: &Client, behaviour: WebhookBehaviour) {
    client.sandbox().set_webhook_behaviour(behaviour).unwrap();
}

pub async fn quiet(sandbox: &Sandbox) {
    assert!(
        sandbox.webhooks_quiet(PATIENCE).await,
        "{:?}",
        sandbox.webhook_deliveries()
    );
}

pub fn seed(client: &Client, email: &str) -> u64 {
    let contact = client.sandbox().seed_contact([("email", email)]).unwrap();
    contact.id.parse().unwrap()
}

/// So many contacts in one call.
pub async fn create_batch(client: &Client, name: &str, count: usize) {
    let inputs: Vec<Value> = (0..count)
        .map(|number| json!({"properties": {"email": format!("{name}{number}@example.com")}}))
        .collect();
    let created = client
        .post(&format!("{CONTACTS}/batch/create"), json!({"inputs": inputs}))
        .await;
    assert_eq!(created.status, 201);
}

pub fn attempts(events: &[Value]) -> Vec<u64> {
    events
        .iter()
        .map(|event| event["attemptNumber"].as_u64().unwrap())
        .collect()
}

/// The one delivery with this number, once it ended.
pub async fn delivery(client: &Client, number: u64) -> WebhookDelivery {
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
