//! `/inbox/settings`: what reps read there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parlor_engine::identity::Sealer;
use parlor_engine::identity::settings::{IdentityChange, change_identity};
use parlor_protocol::{TenantId, WidgetKey};
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule, Plan, RunningSandbox, Sandbox, SandboxOptions};
use parlor_store::Provider;
use serde_json::json;

use crate::house::{House, PAGE, PASSWORD, REP};

const SECRET_KEY: [u8; 32] = *b"thirty-two bytes, not all alike!";

async fn settings(house: &House) -> String {
    let cookie = house.rep_cookie().await;
    let page = house.ask("GET", "/inbox/settings").cookie(&cookie).answer().await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.header("cache-control"), "no-store");
    page.text
}

#[tokio::test]
async fn the_settings_are_for_whoever_is_signed_in_and_linked_from_the_inbox() {
    let house = House::start().await;
    let away = house.get("/inbox/settings").await;
    assert_eq!(
        (away.status, away.header("location")),
        (303, "/inbox/sign-in?next=/inbox/settings")
    );
    let fields = [("email", REP), ("password", PASSWORD), ("next", "/inbox/settings")];
    let back = house.ask("POST", "/inbox/sign-in").form(&fields).answer().await;
    assert_eq!(back.header("location"), "/inbox/settings");
    let inbox = house.ask("GET", "/inbox").cookie(&back.cookie()).answer().await;
    assert!(inbox.text.contains("href=\"/inbox/settings\""));
    let page = settings(&house).await;
    for words in [
        "No HubSpot token",
        "No visitor token is kept.",
        &house.key,
        PAGE,
        "Shop",
        "notices within two seconds",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains(&format!("parlor widget identity --key {} --new-secret", house.key)));
    // Another tenant's widgets are not shown.
    let elsewhere = TenantId::parse("elsewhere").unwrap();
    let other = house.add_widget(&elsewhere, "Theirs", &["https://other.example"]).await;
    let page = settings(&house).await;
    assert!(!page.contains(&other) && !page.contains("other.example"));
    house.stop().await;
}

/// A server with a HubSpot of its own, whose widget's site may vouch for addresses; and the widget's secret.
async fn with_hubspot() -> (House, RunningSandbox, String) {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let house = House::start_with(&[
        ("HUBSPOT_BASE_URL", &hubspot.base_url()),
        ("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN),
        ("PARLOR_SECRET_KEY", &STANDARD.encode(SECRET_KEY)),
    ])
    .await;
    let change = IdentityChange {
        new_secret: true,
        landing_page: Some(true),
        provider: Some(Provider::HubSpot),
        ..IdentityChange::default()
    };
    let (context, store) = (house.engine.context(), house.engine.store().as_ref());
    let key = WidgetKey::parse(house.key.as_str()).unwrap();
    let (sealer, tenant) = (Sealer::new(&SECRET_KEY), TenantId::default_tenant());
    let changed = change_identity(context, store, &sealer, &tenant, &key, change)
        .await
        .unwrap();
    let secret = changed.secret.unwrap().reveal().to_owned();
    (house, hubspot, secret)
}

/// The status that the site's server is answered.
async fn exchange(house: &House, secret: &str, email: &str) -> u16 {
    let ask = house.ask("POST", &format!("/api/visitor-token?widget={}", house.key));
    let ask = ask.header("authorization", &format!("Bearer {secret}"));
    ask.json(&json!({"email": email})).answer().await.status
}

#[tokio::test]
async fn each_trouble_with_visitor_identification_has_its_line() {
    type Make = fn(&Sandbox);
    let troubles: [(Make, u16, &str); 4] = [
        (
            |hubspot| {
                hubspot.remove_token(DEFAULT_TOKEN);
            },
            502,
            "HubSpot refuses Parlor's key (401): its operator sets a new HUBSPOT_ACCESS_TOKEN",
        ),
        (
            |hubspot| hubspot.add_token(DEFAULT_TOKEN, ["crm.objects.contacts.read"]),
            502,
            "key lacks the scope conversations.visitor_identification.tokens.create",
        ),
        (
            |hubspot| {
                hubspot.add_fault(FaultRule::new("POST", "/tokens/create", Effect::status(429)));
            },
            503,
            "HubSpot limits Parlor's calls",
        ),
        (
            |hubspot| hubspot.set_down(true),
            503,
            "HubSpot cannot be reached or does not answer as it should",
        ),
    ];
    for (make, status, line) in troubles {
        let (house, hubspot, secret) = with_hubspot().await;
        assert!(!settings(&house).await.contains(line), "{line}");
        make(hubspot.sandbox());
        assert_eq!(exchange(&house, &secret, "ada@example.com").await, status, "{line}");
        let page = settings(&house).await.replace("&#x27;", "'").replace("&#39;", "'");
        assert!(page.contains(line), "{line}: {page}");
        assert!(page.contains("Since "), "{line}");
        house.stop().await;
        hubspot.stop().await.unwrap();
    }
}

#[tokio::test]
async fn trouble_with_visitor_identification_stands_there_in_words() {
    let (house, hubspot, secret) = with_hubspot().await;
    let exchange = async |email: &str| exchange(&house, &secret, email).await;
    assert_eq!(exchange("ada@example.com").await, 200);
    let well = settings(&house).await;
    for words in [
        "Nothing is known to be wrong",
        "1 visitor token is kept.",
        "HubSpot’s",
        "without proof of who is there",
    ] {
        assert!(well.contains(words), "{words}");
    }
    assert!(!well.contains(&secret) && !well.contains("ada@example.com"));
    hubspot.sandbox().set_plan(Plan::Starter);
    assert_eq!(exchange("bob@example.com").await, 502);
    let badly = settings(&house).await;
    for words in [
        "HubSpot answers 403",
        "Professional",
        "Since ",
        "1 visitor token is kept.",
    ] {
        assert!(badly.contains(words), "{words}");
    }
    house.stop().await;
    hubspot.stop().await.unwrap();
}
