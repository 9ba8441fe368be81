//! Widgets, reps, sessions and settings.

use std::time::Duration;

use parlor_protocol::{RepId, TenantId, WidgetKey};
use parlor_store::{NewRep, NewWidget, SessionRow, StoreError};

use crate::world::{World, email, hash, number, rep, uuid, widget};

pub async fn a_widget_is_found_by_its_key_and_listed_in_order(world: World) {
    let tenant = TenantId::parse("shop").unwrap();
    let mut expected = Vec::new();
    for name in ["zebra", "apple", "mango"] {
        let added = world.store.add_widget(&tenant, widget(name)).await.unwrap();
        assert_eq!((&added.tenant, added.created_at), (&tenant, world.now()));
        assert_eq!(
            world.store.widget_by_key(&added.settings.key).await.unwrap(),
            Some(added.clone())
        );
        expected.push(added);
        world.clock.set(world.now().millis() - 1_000);
    }
    assert_eq!(world.store.widgets(&tenant).await.unwrap(), expected);
    assert_eq!(
        world
            .store
            .widget_by_key(&WidgetKey::parse("unknown0").unwrap())
            .await
            .unwrap(),
        None
    );
}

pub async fn a_widgets_origins_are_replaced_by_its_own_tenant_alone(world: World) {
    let added = world.store.add_widget(&world.tenant, widget("support")).await.unwrap();
    let key = &added.settings.key;
    let origins = vec![
        "https://www.example.com".to_owned(),
        "https://shop.example.com".to_owned(),
    ];
    let other = TenantId::parse("shop").unwrap();
    assert!(!world.store.set_origins(&other, key, origins.clone()).await.unwrap());
    assert_eq!(world.store.widget_by_key(key).await.unwrap(), Some(added.clone()));
    assert!(
        world
            .store
            .set_origins(&world.tenant, key, origins.clone())
            .await
            .unwrap()
    );
    let changed = world.store.widget_by_key(key).await.unwrap().unwrap();
    assert_eq!(changed.settings.origins, origins);
    assert_eq!(changed.settings.name, added.settings.name);
}

pub async fn a_widgets_name_is_unique_within_its_tenant(world: World) {
    let first = widget("support");
    world.store.add_widget(&world.tenant, first.clone()).await.unwrap();
    let again = world
        .store
        .add_widget(&world.tenant, widget("support"))
        .await
        .unwrap_err();
    assert_eq!(again.to_string(), "a widget of this name exists already");
    world
        .store
        .add_widget(&TenantId::parse("shop").unwrap(), widget("support"))
        .await
        .unwrap();
    let same_key = NewWidget {
        key: first.key,
        ..widget("other")
    };
    assert!(matches!(
        world.store.add_widget(&world.tenant, same_key).await,
        Err(StoreError::Exists { .. })
    ));
}

pub async fn a_reps_address_is_unique_over_the_installation(world: World) {
    let other = TenantId::parse("shop").unwrap();
    for tenant in [&world.tenant, &other] {
        let taken = world.store.add_rep(tenant, rep("rep@example.com")).await.unwrap_err();
        assert_eq!(taken.to_string(), "a rep of this address exists already");
    }
    let new = rep("second@example.com");
    world.store.add_rep(&other, NewRep { ..new.clone() }).await.unwrap();
    let found = world
        .store
        .rep_by_email(&email("SECOND@example.com"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.tenant.as_str(), &found.id, found.name.as_str()),
        ("shop", &new.id, "Grace")
    );
    assert_eq!((found.password_hash, found.password_version), (new.password_hash, 1));
    assert!(
        world
            .store
            .rep_by_email(&email("nobody@example.com"))
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn a_new_password_raises_its_version(world: World) {
    let set = |hash: &str| world.store.set_password(&world.tenant, &world.rep, hash.to_owned());
    assert_eq!(set("$argon2id$second").await.unwrap(), Some(2));
    assert_eq!(set("$argon2id$third").await.unwrap(), Some(3));
    let rep = world.store.rep(&world.tenant, &world.rep).await.unwrap().unwrap();
    assert_eq!(
        (rep.password_hash.as_str(), rep.password_version),
        ("$argon2id$third", 3)
    );
    let nobody = RepId::parse(uuid()).unwrap();
    assert_eq!(
        world
            .store
            .set_password(&world.tenant, &nobody, "x".into())
            .await
            .unwrap(),
        None
    );
}

fn session(world: &World, data: &str) -> SessionRow {
    SessionRow {
        id: hash(number()),
        data: data.into(),
        expires_at: world.now() + Duration::from_secs(60),
    }
}

pub async fn a_sessions_id_is_taken_once(world: World) {
    let first = session(&world, "{}");
    assert!(world.store.create_session(first.clone()).await.unwrap());
    assert!(
        !world
            .store
            .create_session(SessionRow {
                data: "stolen".into(),
                ..first.clone()
            })
            .await
            .unwrap()
    );
    assert_eq!(world.store.session(first.id, world.now()).await.unwrap(), Some(first));
}

pub async fn a_saved_session_replaces_the_earlier_one(world: World) {
    let first = session(&world, "one");
    let second = SessionRow {
        data: "two".into(),
        expires_at: world.now() + Duration::from_secs(90),
        ..first.clone()
    };
    assert!(world.store.create_session(first.clone()).await.unwrap());
    world.store.save_session(second.clone()).await.unwrap();
    assert_eq!(
        world.store.session(first.id, world.now()).await.unwrap(),
        Some(second.clone())
    );
    // A request that began before signing out does not bring the session back.
    world.store.remove_session(first.id).await.unwrap();
    world.store.save_session(second).await.unwrap();
    assert_eq!(world.store.session(first.id, world.now()).await.unwrap(), None);
}

pub async fn a_session_past_its_time_is_absent_and_removed(world: World) {
    let (short, now) = (session(&world, "short"), world.now());
    let long = SessionRow {
        expires_at: now + Duration::from_secs(600),
        ..session(&world, "long")
    };
    for new in [&short, &long] {
        assert!(world.store.create_session(new.clone()).await.unwrap());
    }
    assert_eq!(world.store.session(short.id, short.expires_at).await.unwrap(), None);
    assert_eq!(world.store.remove_expired_sessions(short.expires_at).await.unwrap(), 1);
    assert_eq!(world.store.session(short.id, now).await.unwrap(), None);
    assert_eq!(world.store.session(long.id, now).await.unwrap(), Some(long));
}

pub async fn a_setting_is_replaced(world: World) {
    assert_eq!(world.store.setting("portal").await.unwrap(), None);
    for value in ["1", "2", ""] {
        world.store.set_setting("portal", value).await.unwrap();
        assert_eq!(world.store.setting("portal").await.unwrap().as_deref(), Some(value));
    }
}

pub async fn a_probe_commits(world: World) {
    world.store.probe().await.unwrap();
    world.store.probe().await.unwrap();
}
