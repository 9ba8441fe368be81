//! Proofs exchanged for HubSpot's visitor tokens: one call for each visitor in twelve hours, whatever happens.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use parlor_engine::identity::settings::{IdentityChange, change_identity};
use parlor_engine::identity::{Credential, ExchangeError, Exchanged, MARGIN, ProofError, Sealer, TokenError};
use parlor_hubspot::ExposeSecret;
use parlor_protocol::{ClaimedEmail, TenantId};
use parlor_sandbox::{DEFAULT_TOKEN, Plan};
use serde_json::json;

use crate::world::{SECRET_KEY, World};

const HOUR: Duration = Duration::from_secs(3_600);

/// A site that has its widget's secret.
pub struct Site {
    pub secret: String,
}

impl Site {
    pub async fn new(world: &World) -> Self {
        let change = IdentityChange {
            new_secret: true,
            ..IdentityChange::default()
        };
        Self {
            secret: changed(world, change).await.expect("a new secret"),
        }
    }

    pub fn proof(&self, world: &World, email: &str) -> String {
        self.proof_of(world, &json!({"sub": email, "email": email, "given_name": "Ada"}))
    }

    /// A proof of ten minutes, unless the claims say otherwise.
    pub fn proof_of(&self, world: &World, claims: &serde_json::Value) -> String {
        let now = world.engine.now().millis() / 1_000;
        let mut claims = claims.clone();
        claims["aud"] = json!(world.widget.settings.key.as_str());
        for (name, usual) in [("iat", now), ("exp", now + 600)] {
            if claims[name].is_null() {
                claims[name] = json!(usual);
            }
        }
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

/// Changes the widget's identity; answers the new secret, if one was asked for. Settings are read anew after a restart.
pub async fn changed(world: &World, change: IdentityChange) -> Option<String> {
    let key = &world.widget.settings.key;
    let (store, tenant) = (world.engine.store().as_ref(), TenantId::default_tenant());
    let sealer = Sealer::new(&SECRET_KEY);
    let changed = change_identity(world.engine.context(), store, &sealer, &tenant, key, change).await;
    changed.unwrap().secret.map(|secret| secret.reveal().to_owned())
}

pub async fn exchange(world: &World, proof: &str) -> Result<Exchanged, ExchangeError> {
    world
        .engine
        .identity()
        .exchange(&world.widget, Credential::Proof(proof))
        .await
}

pub async fn token(world: &World, proof: &str) -> String {
    let exchanged = exchange(world, proof).await.unwrap();
    exchanged.token.token.expose_secret().to_owned()
}

pub fn calls(world: &World) -> usize {
    let requests = world.running.sandbox().requests();
    requests
        .iter()
        .filter(|request| request.path.ends_with("/tokens/create"))
        .count()
}

#[tokio::test]
async fn a_proof_becomes_a_token_that_hubspot_takes_for_that_address() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let exchanged = exchange(&world, &site.proof(&world, "Ada@Example.com")).await.unwrap();
    assert_eq!(exchanged.email.as_str(), "ada@example.com");
    assert_eq!(exchanged.token.expires_at, world.engine.now() + 12 * HOUR);
    let known = world.running.sandbox().visitor_tokens();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].email, "ada@example.com");
    assert_eq!(known[0].first_name.as_deref(), Some("Ada"));
    assert_eq!(known[0].token, exchanged.token.token.expose_secret());
}

#[tokio::test]
async fn a_thousand_who_ask_at_once_cost_one_call_and_a_hit_none() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let proof: Arc<str> = site.proof(&world, "ada@example.com").into();
    let asking: Vec<_> = (0..1_000)
        .map(|_| {
            let (engine, widget, proof) = (Arc::clone(&world.engine), world.widget.clone(), Arc::clone(&proof));
            tokio::spawn(async move {
                let exchanged = engine.identity().exchange(&widget, Credential::Proof(&proof)).await;
                exchanged.unwrap().token.token.expose_secret().to_owned()
            })
        })
        .collect();
    let mut tokens = Vec::new();
    for asked in asking {
        tokens.push(asked.await.unwrap());
    }
    tokens.dedup();
    assert_eq!((tokens.len(), calls(&world)), (1, 1));
    token(&world, &proof).await;
    assert_eq!(calls(&world), 1);
}

#[tokio::test]
async fn whoever_asked_first_may_leave_and_there_is_still_one_call() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let proof = site.proof(&world, "ada@example.com");
    // At whichever point of the way they leave.
    for patience in 0..20 {
        let asking = exchange(&world, &proof);
        let _ = tokio::time::timeout(Duration::from_micros(patience * 250), asking).await;
    }
    token(&world, &proof).await;
    assert_eq!(calls(&world), 1);
}

#[tokio::test]
async fn another_address_or_name_is_another_token() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let claims = [
        json!({"sub": "1", "email": "ada@example.com"}),
        json!({"sub": "1", "email": "bob@example.com"}),
        json!({"sub": "1", "email": "ada@example.com", "given_name": "Ada"}),
        json!({"sub": "1", "email": "ada@example.com", "family_name": "Ada"}),
    ];
    let mut tokens = Vec::new();
    for claims in &claims {
        tokens.push(token(&world, &site.proof_of(&world, claims)).await);
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!((tokens.len(), calls(&world)), (4, 4));
    // The id at the site is nothing to HubSpot.
    token(
        &world,
        &site.proof_of(&world, &json!({"sub": "2", "email": "ada@example.com"})),
    )
    .await;
    assert_eq!(calls(&world), 4);
}

#[tokio::test]
async fn the_cache_survives_a_restart_and_ends_before_the_twelve_hours() {
    let mut world = World::new().await;
    let site = Site::new(&world).await;
    let first = token(&world, &site.proof(&world, "ada@example.com")).await;
    world.restart(Some(DEFAULT_TOKEN)).await;
    assert_eq!(token(&world, &site.proof(&world, "ada@example.com")).await, first);
    let handed_out_for = (12 * HOUR).checked_sub(MARGIN + Duration::from_secs(1)).unwrap();
    world.advance(handed_out_for);
    assert_eq!(token(&world, &site.proof(&world, "ada@example.com")).await, first);
    assert_eq!(calls(&world), 1);
    world.advance(Duration::from_secs(1));
    let second = token(&world, &site.proof(&world, "ada@example.com")).await;
    assert_ne!(second, first);
    assert_eq!(calls(&world), 2);
    // The worker removes what is past its time.
    world.advance(13 * HOUR);
    assert_eq!(world.engine.identity().kept_tokens().await.unwrap(), 0);
    assert!(world.engine.clean_up().await.unwrap() >= 1);
}

#[tokio::test]
async fn tokens_and_secrets_do_not_stand_in_the_database() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let token = token(&world, &site.proof(&world, "ada@example.com")).await;
    let mut read = Vec::new();
    for file in std::fs::read_dir(world.folder()).unwrap() {
        read.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |what: &str| read.windows(what.len()).any(|window| window == what.as_bytes());
    assert!(holds("widget_identity"), "this is the database");
    assert!(!holds(&token) && !holds(&site.secret));
}

#[tokio::test]
async fn a_revoked_key_empties_the_cache() {
    let mut world = World::new().await;
    let site = Site::new(&world).await;
    token(&world, &site.proof(&world, "ada@example.com")).await;
    world.running.sandbox().remove_token(DEFAULT_TOKEN);
    // Whoever asks next and needs HubSpot learns of it.
    let refused = exchange(&world, &site.proof(&world, "bob@example.com"))
        .await
        .unwrap_err();
    assert_eq!(refused, ExchangeError::Token(TokenError::KeyRefused));
    let refused = exchange(&world, &site.proof(&world, "ada@example.com"))
        .await
        .unwrap_err();
    assert_eq!(refused, ExchangeError::Token(TokenError::KeyRefused));
    assert_eq!(world.engine.identity().kept_tokens().await.unwrap(), 0);
    // With another key what the first one created is nobody's.
    world.restart(None).await;
    let refused = exchange(&world, &site.proof(&world, "ada@example.com"))
        .await
        .unwrap_err();
    assert_eq!(refused, ExchangeError::Token(TokenError::NotConnected));
}

#[tokio::test]
async fn each_refusal_of_hubspot_has_its_answer_and_the_next_visitor_does_not_ask_again() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    world.running.sandbox().set_plan(Plan::Starter);
    for email in ["ada@example.com", "bob@example.com", "eve@example.com"] {
        let refused = exchange(&world, &site.proof(&world, email)).await.unwrap_err();
        assert_eq!(refused, ExchangeError::Token(TokenError::PlanLacksIt));
    }
    assert_eq!(calls(&world), 1);
    assert_eq!(
        world.engine.identity().trouble().unwrap().error,
        TokenError::PlanLacksIt
    );
    // A minute later it is tried again, and once it works the trouble is over.
    world.running.sandbox().set_plan(Plan::Professional);
    world.advance(Duration::from_secs(61));
    token(&world, &site.proof(&world, "ada@example.com")).await;
    assert_eq!(world.engine.identity().trouble(), None);
}

#[tokio::test]
async fn a29_a_proof_that_was_revoked_is_refused_also_after_a_restart() {
    let mut world = World::new().await;
    let site = Site::new(&world).await;
    let (revoked, other) = (
        site.proof(&world, "ada@example.com"),
        site.proof(&world, "bob@example.com"),
    );
    token(&world, &revoked).await;
    world.engine.identity().revoke(&world.widget, &revoked).await.unwrap();
    // Again, and of what was never one: no harm.
    world.engine.identity().revoke(&world.widget, &revoked).await.unwrap();
    assert!(world.engine.identity().revoke(&world.widget, "x.y.z").await.is_err());
    for _ in 0..2 {
        let refused = exchange(&world, &revoked).await.unwrap_err();
        assert_eq!(refused, ExchangeError::Proof(ProofError::Revoked));
        token(&world, &other).await;
        world.restart(Some(DEFAULT_TOKEN)).await;
    }
}

#[tokio::test]
async fn a29_the_operator_revokes_every_proof_issued_until_now() {
    let mut world = World::new().await;
    let site = Site::new(&world).await;
    let before = site.proof(&world, "ada@example.com");
    token(&world, &before).await;
    let change = IdentityChange {
        revoke: true,
        ..IdentityChange::default()
    };
    changed(&world, change).await;
    world.restart(Some(DEFAULT_TOKEN)).await;
    let refused = exchange(&world, &before).await.unwrap_err();
    assert_eq!(refused, ExchangeError::Proof(ProofError::Revoked));
    // A server whose clock is ahead has signed, before the revocation, what it dated after it.
    let now = world.engine.now().millis() / 1_000;
    let ahead = json!({"sub": "1", "email": "ada@example.com", "iat": now + 30});
    let refused = exchange(&world, &site.proof_of(&world, &ahead)).await.unwrap_err();
    assert_eq!(refused, ExchangeError::Proof(ProofError::Revoked));
    world.advance(Duration::from_secs(31));
    token(&world, &site.proof(&world, "ada@example.com")).await;
}

#[tokio::test]
async fn a_new_secret_ends_the_old_one() {
    let mut world = World::new().await;
    let old = Site::new(&world).await;
    let new = Site::new(&world).await;
    world.restart(Some(DEFAULT_TOKEN)).await;
    let refused = exchange(&world, &old.proof(&world, "ada@example.com"))
        .await
        .unwrap_err();
    assert_eq!(refused, ExchangeError::Proof(ProofError::Signature));
    token(&world, &new.proof(&world, "ada@example.com")).await;
}

#[tokio::test]
async fn an_address_is_vouched_for_by_the_sites_server_only_where_the_widget_allows_it_and_not_too_often() {
    let mut world = World::new().await;
    let site = Site::new(&world).await;
    let email = ClaimedEmail::parse("ada@example.com").unwrap();
    let other = ClaimedEmail::parse("bob@example.com").unwrap();
    let call = async |world: &World, secret: &str, email: &ClaimedEmail| {
        let credential = Credential::ServerCall {
            secret,
            email,
            first_name: None,
            last_name: None,
        };
        world.engine.identity().exchange(&world.widget, credential).await
    };
    assert_eq!(
        call(&world, &site.secret, &email).await.unwrap_err(),
        ExchangeError::VouchingNotAllowed
    );
    let change = IdentityChange {
        landing_page: Some(true),
        ..IdentityChange::default()
    };
    changed(&world, change).await;
    world.restart(Some(DEFAULT_TOKEN)).await;
    assert_eq!(call(&world, "wrong", &email).await.unwrap_err(), ExchangeError::Secret);
    assert_eq!(call(&world, "", &email).await.unwrap_err(), ExchangeError::Secret);
    for _ in 0..10 {
        call(&world, &site.secret, &email).await.unwrap();
    }
    assert!(matches!(
        call(&world, &site.secret, &email).await.unwrap_err(),
        ExchangeError::RateLimited(_)
    ));
    call(&world, &site.secret, &other).await.unwrap();
    // A proof of the very same address is not held up.
    token(&world, &site.proof(&world, "ada@example.com")).await;
}
