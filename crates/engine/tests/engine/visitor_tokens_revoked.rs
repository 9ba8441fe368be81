//! Proofs revoked one by one (A29): which may be, for how long, and how many.

use std::time::Duration;

use parlor_engine::identity::{ExchangeError, ProofError};
use parlor_engine::widgets::add_widget;
use parlor_engine::{Widget, WidgetDraft};
use parlor_protocol::TenantId;
use parlor_sandbox::DEFAULT_TOKEN;
use serde_json::{Value, json};

use crate::visitor_tokens::{Site, exchange, token};
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
