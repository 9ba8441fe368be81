//! How many visitor tokens are asked for: no more than leaves delivery its share, not again for whom HubSpot refuses, and not for
//! addresses without number.

use std::sync::Arc;
use std::time::Duration;

use parlor_engine::AdmissionOptions;
use parlor_engine::identity::settings::IdentityChange;
use parlor_engine::identity::{Credential, ExchangeError, TokenError};
use parlor_protocol::ClaimedEmail;
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule, Limits, SandboxOptions};

use crate::visitor_tokens::{Site, calls, changed, exchange, token};
use crate::world::World;

const CREATE: &str = "/tokens/create";
const LIMITED: ExchangeError = ExchangeError::Token(TokenError::RateLimited);

#[tokio::test]
async fn a_crowd_of_visitors_leaves_delivery_its_share_and_whoever_would_wait_too_long_is_told() {
    let limits = Limits {
        ten_seconds: Some(100),
        ..Limits::default()
    };
    let options = SandboxOptions {
        limits,
        ..SandboxOptions::default()
    };
    let world = World::build(Some(DEFAULT_TOKEN), options, AdmissionOptions::default()).await;
    let site = Site::new(&world).await;
    let ada = world.ada().await;
    world.say(&ada, "hello").await;
    let crowd: Vec<_> = (0..120)
        .map(|number| {
            let proof = site.proof(&world, &format!("visitor-{number}@example.com"));
            let (engine, widget) = (Arc::clone(&world.engine), world.widget.clone());
            tokio::spawn(async move {
                let exchanged = engine.identity().exchange(&widget, Credential::Proof(&proof)).await;
                exchanged.map(|_| ())
            })
        })
        .collect();
    while calls(&world) < 10 {
        tokio::task::yield_now().await;
    }
    world.pass().await;
    world.assert_delivered(&ada, "").await;
    let mut refused = Vec::new();
    for asked in crowd {
        refused.extend(asked.await.unwrap().err());
    }
    // A fifth of a hundred: ten at once, and one more in each second of the five that they wait.
    assert!((10..=17).contains(&calls(&world)), "{} calls", calls(&world));
    assert_eq!(refused.len(), 120 - calls(&world));
    assert!(refused.iter().all(|error| *error == LIMITED), "{refused:?}");
    let identity = world.engine.identity();
    assert_eq!(identity.retry_after(&LIMITED), Some(Duration::from_secs(10)));
    assert_eq!(identity.trouble(), None, "HubSpot itself never said 429");
}

#[tokio::test]
async fn addresses_that_are_made_up_on_a_landing_page_have_a_bound_together() {
    let world = World::with(None).await;
    let site = Site::new(&world).await;
    let change = IdentityChange {
        landing_page: Some(true),
        ..IdentityChange::default()
    };
    changed(&world, change).await;
    let call = async |number: usize| {
        let credential = Credential::ServerCall {
            secret: &site.secret,
            email: &ClaimedEmail::parse(&format!("visitor-{number}@example.com")).unwrap(),
            first_name: None,
            last_name: None,
        };
        let exchanged = world.engine.identity().exchange(&world.widget, credential).await;
        exchanged.unwrap_err()
    };
    let none = ExchangeError::Token(TokenError::NotConnected);
    let mut taken = 0;
    let refused = loop {
        let refused = call(taken).await;
        if refused != none {
            break refused;
        }
        taken += 1;
        assert!(taken < 400, "there is no bound");
    };
    assert!(taken >= 120, "{taken}");
    assert_eq!(refused.code(), "rate_limited");
    let wait = world.engine.identity().retry_after(&refused).unwrap();
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    // Those who are signed in are not held up.
    let signed_in = exchange(&world, &site.proof(&world, "ada@example.com")).await;
    assert_eq!(signed_in.unwrap_err(), none);
}

#[tokio::test]
async fn hubspot_is_not_asked_again_within_a_minute_for_a_visitor_whom_it_refuses() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let refuse = FaultRule::new("POST", CREATE, Effect::status(400)).body_contains("ada@");
    world.sandbox().add_fault(refuse);
    let refused = ExchangeError::Token(TokenError::Refused);
    for _ in 0..3 {
        let ada = exchange(&world, &site.proof(&world, "ada@example.com")).await;
        assert_eq!(ada.unwrap_err(), refused);
    }
    assert_eq!(calls(&world), 1);
    assert_eq!(world.engine.identity().retry_after(&refused), None);
    // Others are none of it.
    token(&world, &site.proof(&world, "bob@example.com")).await;
    world.advance(Duration::from_secs(61));
    let ada = exchange(&world, &site.proof(&world, "ada@example.com")).await;
    assert_eq!((ada.unwrap_err(), calls(&world)), (refused, 3));
}
