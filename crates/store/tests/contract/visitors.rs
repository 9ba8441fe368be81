//! Registrations, one-time codes and tokens.

use std::time::Duration;

use parlor_protocol::{PersonName, VisitorId};
use parlor_store::{NewVisitor, StoreError};

use crate::world::{World, hash, number, uuid};

const TOKEN_LIFE: Duration = Duration::from_secs(3_600);

pub async fn a_visitor_comes_back_as_registered(world: World) {
    for last_name in [None, Some(PersonName::parse("O’Brien-Šmíd").unwrap())] {
        let visitor = NewVisitor {
            last_name,
            ..world.visitor("ada@example.com")
        };
        world.register_as(visitor.clone()).await.unwrap();
        let kept = world.store.visitor(&world.tenant, &visitor.id).await.unwrap().unwrap();
        assert_eq!(
            (kept.tenant, kept.id, kept.conversation),
            (world.tenant.clone(), visitor.id, visitor.conversation)
        );
        assert_eq!((kept.widget, kept.email), (visitor.widget, visitor.email));
        assert_eq!(
            (kept.first_name, kept.last_name),
            (visitor.first_name, visitor.last_name)
        );
    }
    assert!(
        world
            .store
            .visitor(&world.tenant, &VisitorId::parse(uuid()).unwrap())
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn an_id_registers_once(world: World) {
    let first = world.visitor("ada@example.com");
    let registered = world.register_as(first.clone()).await.unwrap();
    let fresh = world.visitor("bob@example.com");
    for again in [
        NewVisitor {
            id: first.id.clone(),
            ..fresh.clone()
        },
        NewVisitor {
            conversation: first.conversation.clone(),
            ..fresh.clone()
        },
        NewVisitor {
            code: first.code,
            ..fresh.clone()
        },
    ] {
        assert!(matches!(world.register_as(again).await, Err(StoreError::Exists { .. })));
    }
    // Nothing of the refused ones was kept.
    assert!(world.store.visitor(&world.tenant, &fresh.id).await.unwrap().is_none());
    assert_eq!(
        world.store.latest_change(&world.tenant).await.unwrap(),
        registered.change
    );
    assert_eq!(
        world
            .store
            .pending_addresses(&world.tenant, world.now(), 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn a_code_is_exchanged_once(world: World) {
    let ada = world.register("ada@example.com").await;
    let token = hash(number());
    let until = world.now() + TOKEN_LIFE;
    let visitor = world
        .store
        .exchange_code(ada.code, token, world.now(), until)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&visitor.id, &visitor.conversation), (&ada.visitor, &ada.conversation));
    assert_eq!(
        world.store.visitor_by_token(token, world.now()).await.unwrap(),
        Some(visitor)
    );

    let second = hash(number());
    assert_eq!(
        world
            .store
            .exchange_code(ada.code, second, world.now(), until)
            .await
            .unwrap(),
        None
    );
    assert_eq!(world.store.visitor_by_token(second, world.now()).await.unwrap(), None);
    assert_eq!(
        world
            .store
            .exchange_code(hash(number()), second, world.now(), until)
            .await
            .unwrap(),
        None
    );
}

pub async fn a_code_past_its_time_is_gone(world: World) {
    let ada = world.register("ada@example.com").await;
    let token = hash(number());
    let late = world.now() + Duration::from_secs(60);
    assert_eq!(
        world
            .store
            .exchange_code(ada.code, token, late, late + TOKEN_LIFE)
            .await
            .unwrap(),
        None
    );
    let early = world.now();
    assert_eq!(
        world
            .store
            .exchange_code(ada.code, token, early, early + TOKEN_LIFE)
            .await
            .unwrap(),
        None,
        "it is gone"
    );
}

pub async fn a_code_is_gone_even_when_its_token_cannot_be_kept(world: World) {
    let (ada, bob) = (
        world.register("ada@example.com").await,
        world.register("bob@example.com").await,
    );
    let (token, now) = (hash(number()), world.now());
    let of_ada = world
        .store
        .exchange_code(ada.code, token, now, now + TOKEN_LIFE)
        .await
        .unwrap();
    assert_eq!(
        world
            .store
            .exchange_code(bob.code, token, now, now + TOKEN_LIFE)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        world
            .store
            .exchange_code(bob.code, hash(number()), now, now + TOKEN_LIFE)
            .await
            .unwrap(),
        None
    );
    assert_eq!(world.store.visitor_by_token(token, now).await.unwrap(), of_ada);
}

pub async fn a_token_holds_until_its_time(world: World) {
    let ada = world.register("ada@example.com").await;
    let (token, now) = (hash(number()), world.now());
    world
        .store
        .exchange_code(ada.code, token, now, now + TOKEN_LIFE)
        .await
        .unwrap();
    let just_before = now + TOKEN_LIFE - Duration::from_millis(1);
    assert!(
        world
            .store
            .visitor_by_token(token, just_before)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        world
            .store
            .visitor_by_token(token, now + TOKEN_LIFE)
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn a_token_is_no_code(world: World) {
    let ada = world.register("ada@example.com").await;
    let (token, now) = (hash(number()), world.now());
    assert!(
        world.store.visitor_by_token(ada.code, now).await.unwrap().is_none(),
        "nor a code a token"
    );
    world
        .store
        .exchange_code(ada.code, token, now, now + TOKEN_LIFE)
        .await
        .unwrap();
    assert!(
        world
            .store
            .exchange_code(token, hash(number()), now, now + TOKEN_LIFE)
            .await
            .unwrap()
            .is_none()
    );
    assert!(world.store.visitor_by_token(token, now).await.unwrap().is_some());
}

pub async fn expired_secrets_are_removed(world: World) {
    let ada = world.register("ada@example.com").await;
    world.register("bob@example.com").await;
    let (token, now) = (hash(number()), world.now());
    world
        .store
        .exchange_code(ada.code, token, now, now + TOKEN_LIFE)
        .await
        .unwrap();
    assert_eq!(world.store.remove_expired_secrets(now).await.unwrap(), 0);
    assert_eq!(
        world
            .store
            .remove_expired_secrets(now + Duration::from_secs(61))
            .await
            .unwrap(),
        1,
        "bob's code"
    );
    assert!(world.store.visitor_by_token(token, now).await.unwrap().is_some());
    assert_eq!(
        world.store.remove_expired_secrets(now + TOKEN_LIFE).await.unwrap(),
        1,
        "ada's token"
    );
}
