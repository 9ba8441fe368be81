//! Proofs revoked one by one (A29): which may be, for how long, and how many.

use std::sync::Arc;
use std::time::Duration;

use parlor_engine::identity::settings::IdentityChange;
use parlor_engine::identity::{Credential, ExchangeError, ProofError};
use parlor_engine::widgets::add_widget;
use parlor_engine::{Widget, WidgetDraft};
use parlor_protocol::TenantId;
use parlor_sandbox::{DEFAULT_TOKEN, Effect, FaultRule};
use serde_json::{Value, json};

use crate::visitor_tokens::{Site, calls, changed, exchange, token};
use crate::world::World;

const REVOKED: ExchangeError = ExchangeError::Proof(ProofError::Revoked);

/// Ada's proof under the id `session`, from so many seconds from now until so many seconds from now.
fn of_session(world: &World, site: &Site, from: i64, until: i64) -> String {
    let now = world.engine.now().millis() / 1_000;
    let claims: Value =
        json!({"sub": "1", "email": "ada@example.com", "jti": "session", "iat": now + from, "exp": now + until});
    site.proof_of(world, &claims)
}

async fn revoke(world: &World, widget: &Widget, proof: &str) -> Result<(), ExchangeError> {
    world.engine.identity().revoke(widget, proof).await
}

#[tokio::test]
async fn a29_whatever_was_signed_under_the_same_id_is_refused_until_all_of_it_is_over() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let (short, long) = (
        of_session(&world, &site, 0, 60),
        // By a clock that is ahead, for as long as may be.
        of_session(&world, &site, 30, 3_630),
    );
    revoke(&world, &world.widget, &short).await.unwrap();
    for _ in 0..6 {
        assert_eq!(exchange(&world, &long).await.unwrap_err(), REVOKED);
        world.advance(Duration::from_secs(609));
        world.engine.clean_up().await.unwrap();
    }
    // 3,654 seconds later it has six more.
    assert_eq!(exchange(&world, &long).await.unwrap_err(), REVOKED);
    world.advance(Duration::from_secs(6));
    let over = exchange(&world, &long).await.unwrap_err();
    assert_eq!(over, ExchangeError::Proof(ProofError::Expired));
    // Then the id is nothing any more.
    world.engine.clean_up().await.unwrap();
    token(&world, &of_session(&world, &site, 0, 60)).await;
}

#[tokio::test]
async fn a29_a_proof_may_be_revoked_before_it_is_valid_and_after_it_is_over() {
    let mut world = World::new().await;
    let site = Site::new(&world).await;
    let later = of_session(&world, &site, 7_200, 7_260);
    revoke(&world, &world.widget, &later).await.unwrap();
    world.restart(Some(DEFAULT_TOKEN)).await;
    world.advance(Duration::from_secs(7_200));
    world.engine.clean_up().await.unwrap();
    assert_eq!(exchange(&world, &later).await.unwrap_err(), REVOKED);
    world.advance(Duration::from_secs(3_600));
    world.engine.clean_up().await.unwrap();

    let fresh = of_session(&world, &site, 0, 60);
    token(&world, &fresh).await;
    let over = of_session(&world, &site, -3_600, -1_800);
    revoke(&world, &world.widget, &over).await.unwrap();
    assert_eq!(exchange(&world, &fresh).await.unwrap_err(), REVOKED);
    // What could only count in days would lie here for as long.
    let days = of_session(&world, &site, 86_400, 86_460);
    let refused = revoke(&world, &world.widget, &days).await.unwrap_err();
    assert_eq!(refused, ExchangeError::Proof(ProofError::TooLongLived));
}

#[tokio::test]
async fn a_widget_with_too_many_revoked_proofs_takes_no_more_drops_none_and_stands_in_no_others_way() {
    let mut world = World::new().await;
    let site = Site::new(&world).await;
    let (held, more) = (
        site.proof(&world, "ada@example.com"),
        site.proof(&world, "bob@example.com"),
    );
    revoke(&world, &world.widget, &held).await.unwrap();
    let end = world.engine.now() + Duration::from_secs(600);
    let filled = world.database().execute(
        "WITH RECURSIVE many (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM many WHERE number < 49999)
         INSERT INTO revoked_proof SELECT ?1, ?2, CAST(printf('%032d', number) AS BLOB), ?3 FROM many",
        rusqlite::params![
            world.widget.tenant.as_str(),
            world.widget.settings.id.as_str(),
            end.millis()
        ],
    );
    assert_eq!(filled.unwrap(), 49_999);
    world.restart(Some(DEFAULT_TOKEN)).await;
    let refused = revoke(&world, &world.widget, &more).await.unwrap_err();
    assert_eq!(refused, ExchangeError::TooManyRevocations);
    token(&world, &more).await;
    assert_eq!(exchange(&world, &held).await.unwrap_err(), REVOKED);
    revoke(&world, &world.widget, &held)
        .await
        .expect("it is among them already");

    let (tenant, draft) = (TenantId::default_tenant(), WidgetDraft::named("Other"));
    let other = add_widget(&world.context(), world.store().as_ref(), &tenant, draft).await;
    let mine = std::mem::replace(&mut world.widget, other.unwrap());
    let theirs = Site::new(&world).await.proof(&world, "eve@example.com");
    revoke(&world, &world.widget, &theirs).await.unwrap();
    assert_eq!(exchange(&world, &theirs).await.unwrap_err(), REVOKED);

    world.advance(Duration::from_secs(600));
    world.engine.clean_up().await.unwrap();
    revoke(&world, &mine, &more).await.unwrap();
}

/// Asks for a token that HubSpot takes so long to create, and answers once HubSpot is asked.
async fn under_way(
    world: &World,
    proof: String,
    takes: Duration,
) -> tokio::task::JoinHandle<Result<(), ExchangeError>> {
    let slow = FaultRule::new("POST", "/tokens/create", Effect::delay(takes));
    world.sandbox().add_fault(slow);
    let (engine, widget) = (Arc::clone(&world.engine), world.widget.clone());
    let asking = tokio::spawn(async move {
        let exchanged = engine.identity().exchange(&widget, Credential::Proof(&proof)).await;
        exchanged.map(|_| ())
    });
    while calls(world) == 0 {
        tokio::task::yield_now().await;
    }
    asking
}

#[tokio::test]
async fn a29_an_exchange_under_way_hands_nothing_out_once_its_user_has_signed_out() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let proof = site.proof(&world, "ada@example.com");
    let asking = under_way(&world, proof.clone(), Duration::from_millis(300)).await;
    revoke(&world, &world.widget, &proof).await.unwrap();
    assert_eq!(asking.await.unwrap(), Err(REVOKED));
}

#[tokio::test]
async fn a29_an_exchange_under_way_hands_nothing_out_once_the_operator_has_revoked_everything() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let proof = site.proof(&world, "ada@example.com");
    // Longer than settings are remembered.
    let asking = under_way(&world, proof, Duration::from_millis(2_300)).await;
    let change = IdentityChange {
        revoke: true,
        ..IdentityChange::default()
    };
    changed(&world, change).await;
    assert_eq!(asking.await.unwrap(), Err(REVOKED));
}

#[tokio::test]
async fn changes_made_at_once_are_all_kept_the_revocation_among_them() {
    let world = World::new().await;
    let (nothing, now) = (IdentityChange::default, world.engine.now());
    let changes = [
        IdentityChange {
            revoke: true,
            ..nothing()
        },
        IdentityChange {
            landing_page: Some(true),
            ..nothing()
        },
        IdentityChange {
            new_secret: true,
            ..nothing()
        },
        IdentityChange {
            waits_for_consent: Some(true),
            ..nothing()
        },
    ];
    let [first, second, third, fourth] = changes.map(|change| changed(&world, change));
    tokio::join!(first, second, third, fourth);
    let (tenant, widget) = (&world.widget.tenant, &world.widget.settings.id);
    let found = world.store().widget_identity(tenant, widget).await.unwrap();
    assert!(found.not_before > now, "{found:?}");
    assert!(
        found.landing_page && found.secret.is_some() && found.waits_for_consent,
        "{found:?}"
    );
}
