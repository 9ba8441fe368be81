//! The form that registered a visitor, sent again.

use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::{ConversationId, VisitorId};
use parlor_store::{NewVisitor, SecretHash, StoreError, Timestamp};

use crate::world::{Registered, World, hash, number, uuid};

const FORM_LIFE: Duration = Duration::from_secs(600);
const TOKEN_LIFE: Duration = Duration::from_secs(3_600);

/// A form that nobody sent yet.
fn form(world: &World) -> (SecretHash, Timestamp) {
    (hash(number()), world.now() + FORM_LIFE)
}

/// Sends a form; each time with ids and a code of its own, as each request makes them.
async fn send(world: &World, form: Option<(SecretHash, Timestamp)>) -> Registered {
    let visitor = NewVisitor {
        form,
        ..world.visitor("ada@example.com")
    };
    world.register_as(visitor).await.unwrap()
}

/// Whom a code leads to.
async fn exchanged(world: &World, code: SecretHash) -> Option<VisitorId> {
    let (token, now) = (hash(number()), world.now());
    let visitor = world.store.exchange_code(code, token, now, now + TOKEN_LIFE).await;
    visitor.unwrap().map(|visitor| visitor.id)
}

async fn conversations(world: &World) -> Vec<ConversationId> {
    let lines = world.store.summaries_since(&world.tenant, &world.rep, 0, 1_000).await;
    lines.unwrap().into_iter().map(|line| line.id).collect()
}

pub async fn the_same_form_again_is_the_same_visitor(world: World) {
    let form = Some(form(&world));
    let first = send(&world, form).await;
    assert!(first.is_new);
    let again = NewVisitor {
        form,
        ..world.visitor("ada@example.com")
    };
    let second = world.register_as(again.clone()).await.unwrap();
    assert!(!second.is_new);
    assert_eq!(
        (&second.visitor, &second.conversation, second.change),
        (&first.visitor, &first.conversation, first.change)
    );
    // Nothing of the second is kept but its code.
    assert_eq!(world.store.visitor(&world.tenant, &again.id).await.unwrap(), None);
    assert_eq!(conversations(&world).await, [first.conversation]);
    assert_eq!(world.store.latest_change(&world.tenant).await.unwrap(), first.change);
    for code in [second.code, first.code] {
        assert_eq!(exchanged(&world, code).await.as_ref(), Some(&first.visitor));
    }
}

pub async fn the_same_form_many_times_at_once_is_one_visitor(world: World) {
    let form = Some(form(&world));
    let mut requests = Vec::new();
    for _ in 0..20 {
        let (store, tenant) = (Arc::clone(&world.store), world.tenant.clone());
        let visitor = NewVisitor {
            form,
            ..world.visitor("ada@example.com")
        };
        requests.push(tokio::spawn(async move {
            let code = visitor.code.0;
            (code, store.register(&tenant, visitor).await.unwrap())
        }));
    }
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|(_, stored)| stored.is_new).count(), 1);
    let only = conversations(&world).await;
    assert_eq!(only.len(), 1);
    for (code, stored) in answers {
        assert_eq!(stored.conversation, only[0]);
        assert_eq!(exchanged(&world, code).await, Some(stored.visitor));
    }
}

pub async fn another_form_or_none_is_another_visitor(world: World) {
    let all = [
        send(&world, Some(form(&world))).await,
        send(&world, Some(form(&world))).await,
        send(&world, None).await,
        send(&world, None).await,
    ];
    assert!(all.iter().all(|registered| registered.is_new));
    assert_eq!(conversations(&world).await.len(), 4);
}

pub async fn a_form_counts_until_its_time_and_then_registers_anew(world: World) {
    let sent = hash(number());
    let again = async || send(&world, Some((sent, world.now() + FORM_LIFE))).await;
    let first = again().await;
    world.clock.advance(Duration::from_millis(599_999));
    // That it was sent again does not make it count any longer.
    assert_eq!(again().await.visitor, first.visitor);
    world.clock.advance(Duration::from_millis(1));
    let second = again().await;
    assert!(second.is_new && second.visitor != first.visitor);
    assert_eq!(again().await.visitor, second.visitor);
    assert_eq!(conversations(&world).await.len(), 2);
}

pub async fn held_or_not_is_as_the_form_first_came(world: World) {
    for held in [true, false] {
        let form = Some(form(&world));
        for held in [held, !held] {
            let visitor = NewVisitor {
                form,
                held,
                ..world.visitor(&format!("{held}@example.com"))
            };
            world.register_as(visitor).await.unwrap();
        }
    }
    let lines = world.store.summaries_since(&world.tenant, &world.rep, 0, 10).await;
    let held: Vec<_> = lines.unwrap().into_iter().map(|line| line.held).collect();
    assert_eq!(held, [true, false]);
    let ordered = world.store.pending_addresses(&world.tenant, world.now(), 10).await;
    assert_eq!(ordered.unwrap().len(), 1, "the contact of the one that is not held");
}

pub async fn a_form_opens_nothing_by_itself(world: World) {
    let form = form(&world);
    let ada = send(&world, Some(form)).await;
    let (sent, _) = form;
    assert_eq!(exchanged(&world, sent).await, None, "it is no code");
    let by_token = world.store.visitor_by_token(sent, world.now()).await.unwrap();
    assert_eq!(by_token, None, "and no token");
    assert_eq!(
        send(&world, Some(form)).await.visitor,
        ada.visitor,
        "and it still counts"
    );
}

pub async fn a_registration_that_failed_leaves_its_form_free(world: World) {
    let taken = world.register("grace@example.com").await;
    let form = Some(form(&world));
    let failing = NewVisitor {
        form,
        code: (taken.code, world.now() + TOKEN_LIFE),
        ..world.visitor("ada@example.com")
    };
    for (attempt, conversations_then) in [(failing.clone(), 1), (failing, 2)] {
        let refused = world.register_as(attempt).await;
        assert!(matches!(refused, Err(StoreError::Exists { .. })));
        assert_eq!(conversations(&world).await.len(), conversations_then);
        // The first time it registers; the second time it finds whom it registered.
        assert_eq!(send(&world, form).await.is_new, conversations_then == 1);
    }
}

pub async fn a_visitor_may_get_another_code(world: World) {
    let ada = world.register("ada@example.com").await;
    let fresh = hash(number());
    let until = world.now() + Duration::from_secs(60);
    let add = async |visitor: &VisitorId, code| world.store.add_code(&world.tenant, visitor, (code, until)).await;
    assert!(add(&ada.visitor, fresh).await.unwrap());
    assert!(matches!(add(&ada.visitor, fresh).await, Err(StoreError::Exists { .. })));
    for code in [ada.code, fresh] {
        assert_eq!(exchanged(&world, code).await.as_ref(), Some(&ada.visitor));
        assert_eq!(exchanged(&world, code).await, None, "each is good once");
    }
    let nobody = VisitorId::parse(uuid()).unwrap();
    let for_nobody = hash(number());
    assert!(!add(&nobody, for_nobody).await.unwrap());
    assert_eq!(exchanged(&world, for_nobody).await, None);

    let late = hash(number());
    assert!(add(&ada.visitor, late).await.unwrap());
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(exchanged(&world, late).await, None);
}

pub async fn forms_past_their_time_are_removed(world: World) {
    let form = form(&world);
    let ada = send(&world, Some(form)).await;
    exchanged(&world, ada.code).await;
    let (_, until) = form;
    let just_before = until - Duration::from_millis(1);
    assert_eq!(world.store.remove_expired_secrets(just_before).await.unwrap(), 0);
    assert!(!send(&world, Some(form)).await.is_new);
    assert_eq!(
        world.store.remove_expired_secrets(until).await.unwrap(),
        2,
        "the form, and the code that was never used"
    );
    assert!(send(&world, Some(form)).await.is_new);
}
