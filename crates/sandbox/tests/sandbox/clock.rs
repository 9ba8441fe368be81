//! The sandbox's clock, moved from outside.

use std::time::Duration;

use parlor_sandbox::{Clock, Limits, Moment, SandboxOptions};
use serde_json::{Value, json};

use crate::client::Client;

const START: Moment = Moment::from_unix_milliseconds(1_790_000_000_000);

async fn milliseconds(client: &Client) -> i64 {
    client.get("/_control/clock").await.json()["unix_milliseconds"]
        .as_i64()
        .unwrap()
}

async fn status(client: &Client, body: Value) -> u16 {
    client.post("/_control/clock", body).await.status
}

#[tokio::test]
async fn a_manual_clock_is_moved_itself() {
    let clock = Clock::manual(START);
    let client = Client::start_with(SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    })
    .await;
    let moved = client
        .post("/_control/clock", json!({"advance_milliseconds": 1_500}))
        .await;
    let expected =
        json!({"now": "2026-09-21T14:13:21.500Z", "unix_milliseconds": 1_790_000_001_500_i64, "manual": true});
    assert_eq!((moved.status, moved.json()), (200, expected));
    assert_eq!(clock.now().unix_milliseconds(), 1_790_000_001_500);
    assert_eq!(status(&client, json!({"set": "2020-01-01T00:00:00Z"})).await, 200);
    assert_eq!(clock.now().iso(), "2020-01-01T00:00:00.000Z");
    let created = client
        .post(
            "/crm/v3/objects/contacts",
            json!({"properties": {"email": "ada@example.com"}}),
        )
        .await;
    assert_eq!(created.json()["createdAt"], "2020-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn the_machines_clock_goes_on_from_where_it_was_set() {
    let client = Client::start().await;
    let before = milliseconds(&client).await;
    assert_eq!(status(&client, json!({"advance_milliseconds": 86_400_000})).await, 200);
    let after = milliseconds(&client).await;
    assert!(
        (86_400_000..86_460_000).contains(&(after - before)),
        "{}",
        after - before
    );
    assert_eq!(client.get("/_control/clock").await.json()["manual"], false);
    client.sandbox().set_clock(START).unwrap();
    assert!((0..60_000).contains(&(milliseconds(&client).await - START.unix_milliseconds())));
    client.post("/_control/reset", json!({})).await;
    assert!(
        (0..60_000).contains(&(milliseconds(&client).await - before)),
        "reset goes with the machine again"
    );
}

#[tokio::test]
async fn limits_go_by_it_and_are_forgotten_when_it_goes_back() {
    let client = Client::start_with(SandboxOptions {
        clock: Clock::manual(START),
        limits: Limits {
            ten_seconds: Some(1),
            ..Limits::default()
        },
        ..SandboxOptions::default()
    })
    .await;
    let call = async || client.get("/crm/v3/objects/contacts").await.status;
    assert_eq!([call().await, call().await], [200, 429]);
    client.sandbox().advance_clock(Duration::from_secs(10)).unwrap();
    assert_eq!([call().await, call().await], [200, 429]);
    client.sandbox().set_clock(START).unwrap();
    assert_eq!([call().await, call().await], [200, 429]);
}

#[tokio::test]
async fn what_is_no_time_is_refused() {
    let client = Client::start().await;
    for wrong in [
        json!({}),
        json!({"advance_milliseconds": 1, "set": "2020-01-01T00:00:00Z"}),
        json!({"advance_milliseconds": -1}),
        json!({"advance_milliseconds": u64::MAX}),
        json!({"set": "yesterday"}),
        json!({"set": "1969-12-31T23:59:59Z"}),
    ] {
        assert_eq!(status(&client, wrong.clone()).await, 400, "{wrong}");
    }
}
