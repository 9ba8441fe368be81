//! Registrations that look like a machine's: held back from HubSpot, never from the inbox.

use std::time::Duration;

use parlor_protocol::TenantId;
use parlor_sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use crate::house::House;
use crate::site::message_id;

/// A stamp old enough for a person to have filled the form in meanwhile.
async fn ripe_stamp(house: &House) -> String {
    let stamp = house.stamp(&house.key).await;
    // What is waited for is the passing of time itself; the server's clock is the machine's.
    tokio::time::sleep(Duration::from_millis(850)).await;
    stamp
}

async fn is_held(house: &House, stamp: &str, more: &[(&str, &str)], forwarded: Option<&str>) -> bool {
    // Somebody else each time: the same form again would be the same registration.
    let email = format!("{}@example.com", message_id());
    let mut fields = vec![
        ("first_name", "Ada"),
        ("last_name", "L"),
        ("email", email.as_str()),
        ("form", stamp),
    ];
    fields.extend_from_slice(more);
    let mut ask = house.ask("POST", &format!("/widget/{}/register", house.key));
    if let Some(forwarded) = forwarded {
        ask = ask.header("x-forwarded-for", forwarded);
    }
    let answer = ask.form(&fields).answer().await;
    assert_eq!(answer.status, 303, "a machine is answered like a person");
    let newest = house.conversations(&TenantId::default_tenant()).await;
    newest[0].held
}

#[tokio::test]
async fn a81_a_machines_registration_is_held_and_a_persons_is_not() {
    let house = House::start().await;
    let stamp = ripe_stamp(&house).await;
    assert!(!is_held(&house, &stamp, &[("website", "")], None).await, "a person");
    assert!(
        is_held(&house, &stamp, &[("website", "https://spam.example")], None).await,
        "the trap is filled"
    );
    let fresh = house.stamp(&house.key).await;
    assert!(is_held(&house, &fresh, &[], None).await, "too fast");
    assert!(is_held(&house, "", &[], None).await, "no stamp");
    let mut forged = stamp.clone();
    forged.replace_range(0..4, "AAAA");
    assert!(is_held(&house, &forged, &[], None).await, "a stamp of one's own making");
    house.stop().await;
}

#[tokio::test]
async fn a83_a_forwarded_address_counts_from_a_trusted_proxy_alone() {
    let direct = House::start_with(&[("PARLOR_REGISTRATION_BURST", "1")]).await;
    let stamp = ripe_stamp(&direct).await;
    assert!(!is_held(&direct, &stamp, &[], Some("203.0.113.1")).await);
    assert!(
        is_held(&direct, &stamp, &[], Some("203.0.113.2")).await,
        "whoever connects is one network"
    );
    direct.stop().await;

    let trusting = [
        ("PARLOR_REGISTRATION_BURST", "1"),
        ("PARLOR_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let proxied = House::start_with(&trusting).await;
    let stamp = ripe_stamp(&proxied).await;
    assert!(!is_held(&proxied, &stamp, &[], Some("203.0.113.1")).await);
    assert!(
        !is_held(&proxied, &stamp, &[], Some("203.0.113.2")).await,
        "another client"
    );
    assert!(
        is_held(&proxied, &stamp, &[], Some("203.0.113.1")).await,
        "the first one again"
    );
    let behind = "198.51.100.9, 203.0.113.2";
    assert!(
        is_held(&proxied, &stamp, &[], Some(behind)).await,
        "what the client wrote itself does not count"
    );
    assert!(!is_held(&proxied, &stamp, &[], Some("2001:db8:1:2::1")).await);
    assert!(
        is_held(&proxied, &stamp, &[], Some("2001:db8:1:2:ffff::9")).await,
        "one customer's /64"
    );
    proxied.stop().await;
}

#[tokio::test]
async fn what_is_held_waits_in_the_inbox_and_reaches_hubspot_only_once_released() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let base_url = hubspot.base_url();
    let settings = [
        ("HUBSPOT_BASE_URL", base_url.as_str()),
        ("HUBSPOT_ACCESS_TOKEN", "pat-sandbox"),
    ];
    let house = House::start_with(&settings).await;
    let rep = house.rep_cookie().await;
    let mut desk = house.desk(&rep).await;
    let held = house.register(&house.key, "Held", "held@example.com").await;
    let line = desk.frame("conversation").await;
    assert_eq!(line["summary"]["held"], true);
    assert_eq!(line["summary"]["id"], held.conversation.as_str());

    // Another visitor, who is not held, goes to HubSpot: by then a held one would have gone as well.
    let stamp = ripe_stamp(&house).await;
    let fields = [
        ("first_name", "Free"),
        ("last_name", "L"),
        ("email", "free@example.com"),
        ("form", &stamp),
    ];
    let answer = house
        .ask("POST", &format!("/widget/{}/register", house.key))
        .form(&fields)
        .answer()
        .await;
    let free = house.visitor(&house.key, &answer.cookie()).await;
    desk.subscribe(&free.conversation, None).await;
    let mut chat = house.chat(&free, None).await;
    chat.say(&free.conversation, "hello").await;
    desk.frame_where("card", |card| card["card"]["delivery"]["status"] == "delivered")
        .await;
    assert!(hubspot.sandbox().contact_by_email("free@example.com").is_some());
    assert!(hubspot.sandbox().contact_by_email("held@example.com").is_none());

    desk.subscribe(&held.conversation, None).await;
    let card = desk
        .frame_where("card", |card| card["conversation"] == held.conversation.as_str())
        .await;
    assert_eq!(card["card"]["delivery"]["status"], "held");
    let released = house
        .inbox_function(&rep, "release", &json!({"conversation": held.conversation}))
        .await;
    assert_eq!(released.status, 200, "{}", released.text);
    let is_delivered = |card: &serde_json::Value| {
        card["conversation"] == held.conversation.as_str() && card["card"]["delivery"]["status"] == "delivered"
    };
    desk.frame_where("card", is_delivered).await;
    assert!(hubspot.sandbox().contact_by_email("held@example.com").is_some());
    drop(desk);
    house.stop().await;
}
