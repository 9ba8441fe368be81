//! `/inbox/settings`: what reps read there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parlor_engine::identity::Sealer;
use parlor_engine::identity::settings::{IdentityChange, change_identity};
use parlor_protocol::{ClaimedEmail, TenantId, WidgetKey};
use parlor_sandbox::{DEFAULT_TOKEN, Plan, Sandbox, SandboxOptions};
use parlor_store::Provider;
use serde_json::json;

use crate::house::{House, PAGE, PASSWORD, REP};

const SECRET_KEY: [u8; 32] = [7; 32];

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

#[tokio::test]
async fn trouble_with_visitor_identification_stands_there_in_words() {
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
    let exchange = async |email: &str| {
        house
            .ask("POST", &format!("/api/visitor-token?widget={}", house.key))
            .header("authorization", &format!("Bearer {secret}"))
            .json(&json!({"email": ClaimedEmail::parse(email).unwrap().as_str()}))
            .answer()
            .await
            .status
    };
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
