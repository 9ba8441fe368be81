//! Which widgets' proofs are exchanged, with what they have: a secret, a public key, a secret that cannot be read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parlor_engine::WidgetDraft;
use parlor_engine::identity::settings::{IdentityChange, change_identity};
use parlor_engine::identity::{Credential, ExchangeError, ProofError, Sealer};
use parlor_engine::widgets::{add_widget, change_origins};
use parlor_protocol::{ClaimedEmail, TenantId};
use serde_json::json;

use crate::visitor_tokens::{Site, calls, exchange, token};
use crate::world::World;

/// An Ed25519 key pair (RFC 8032, section 7.1, test 1): PKCS#8 (private), raw (public).
const ED_PRIVATE: [u8; 48] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
const ED_PUBLIC: [u8; 32] = *b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

#[tokio::test]
async fn another_tenants_widget_is_none() {
    let mut world = World::new().await;
    let elsewhere = TenantId::parse("elsewhere").unwrap();
    let draft = WidgetDraft::named("Theirs");
    let theirs = add_widget(&world.context(), world.store().as_ref(), &elsewhere, draft)
        .await
        .unwrap();
    let change = IdentityChange {
        new_secret: true,
        landing_page: Some(true),
        ..IdentityChange::default()
    };
    let (key, sealer) = (&theirs.settings.key, Sealer::new(&crate::world::SECRET_KEY));
    let (context, store) = (world.context(), world.store());
    let changed = change_identity(&context, store.as_ref(), &sealer, &elsewhere, key, change);
    let secret = changed.await.unwrap().secret.unwrap().reveal().to_owned();
    let ours = std::mem::replace(&mut world.widget, theirs.clone());
    let proof = Site { secret: secret.clone() }.proof(&world, "ada@example.com");
    let email = ClaimedEmail::parse("ada@example.com").unwrap();
    let call = Credential::ServerCall {
        secret: &secret,
        email: &email,
        first_name: None,
        last_name: None,
    };
    let identity = world.engine.identity();
    let none = ExchangeError::NoWidget;
    for credential in [Credential::Proof(&proof), call] {
        assert_eq!(identity.exchange(&theirs, credential).await.unwrap_err(), none);
    }
    assert_eq!(identity.check(&theirs, &proof).await.unwrap_err(), none);
    assert_eq!(identity.revoke(&theirs, &proof).await.unwrap_err(), none);
    assert_eq!(identity.settings(&theirs).await.unwrap_err(), none);
    assert_eq!(identity.widget(&theirs.settings.key).await.unwrap_err(), none);
    assert_eq!(*identity.widget(&ours.settings.key).await.unwrap(), ours);
    assert_eq!((none.code(), calls(&world)), ("no_widget", 0));
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_in_the_way_of_those_alone_who_need_it() {
    let world = World::new().await;
    let change = IdentityChange {
        new_secret: true,
        public_key: Some(STANDARD.encode(ED_PUBLIC)),
        landing_page: Some(true),
        ..IdentityChange::default()
    };
    let (key, another) = (&world.widget.settings.key, Sealer::new(&[8; 32]));
    let tenant = TenantId::default_tenant();
    let (context, store) = (world.context(), world.store());
    let changed = change_identity(&context, store.as_ref(), &another, &tenant, key, change);
    let secret = changed.await.unwrap().secret.unwrap().reveal().to_owned();
    let unreadable = ExchangeError::Proof(ProofError::SecretUnreadable);

    let by_secret = Site { secret: secret.clone() }.proof(&world, "ada@example.com");
    assert_eq!(exchange(&world, &by_secret).await.unwrap_err(), unreadable);
    let email = ClaimedEmail::parse("ada@example.com").unwrap();
    let call = Credential::ServerCall {
        secret: &secret,
        email: &email,
        first_name: None,
        last_name: None,
    };
    let identity = world.engine.identity();
    let refused = identity.exchange(&world.widget, call).await.unwrap_err();
    assert_eq!((refused.code(), refused), ("secret_unreadable", unreadable));
    assert!(identity.secret_is_unreadable(&world.widget).await.unwrap());
    assert!(identity.settings(&world.widget).await.unwrap().landing_page);

    let now = world.engine.now().millis() / 1_000;
    let claims =
        json!({"sub": "1", "email": "ada@example.com", "aud": key.as_str(), "iat": now, "exp": now + 60, "jti": "a"});
    let private = EncodingKey::from_ed_der(&ED_PRIVATE);
    let by_private_key = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &private).unwrap();
    token(&world, &by_private_key).await;
    identity.revoke(&world.widget, &by_private_key).await.unwrap();
    let refused = exchange(&world, &by_private_key).await.unwrap_err();
    assert_eq!(refused, ExchangeError::Proof(ProofError::Revoked));
}

#[tokio::test]
async fn a_hit_touches_no_database() {
    let world = World::new().await;
    let site = Site::new(&world).await;
    let (key, proof) = (&world.widget.settings.key, site.proof(&world, "ada@example.com"));
    let identity = world.engine.identity();
    let ask = async || {
        let widget = identity.widget(key).await?;
        identity.exchange(&widget, Credential::Proof(&proof)).await
    };
    ask().await.unwrap();
    world.close_store().await;
    ask().await.unwrap();
}

#[tokio::test]
async fn changed_origins_count_within_two_seconds() {
    let world = World::new().await;
    let (key, identity) = (&world.widget.settings.key, world.engine.identity());
    let before = identity.widget(key).await.unwrap().settings.origins.clone();
    let allow = ["https://shop.example.com".to_owned()];
    let tenant = TenantId::default_tenant();
    change_origins(world.store().as_ref(), &tenant, key, &allow, &[])
        .await
        .unwrap();
    assert_eq!(identity.widget(key).await.unwrap().settings.origins, before);
    // The cache has a clock of its own.
    tokio::time::sleep(std::time::Duration::from_millis(2_050)).await;
    let after = identity.widget(key).await.unwrap().settings.origins.clone();
    assert!(after.contains(&allow[0]), "{after:?}");
}
