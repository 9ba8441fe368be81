//! The same registration sent again: by a double click, after an answer that was lost, from a second tab.

use std::num::NonZeroU32;
use std::slice;
use std::time::Duration;

use parlor_engine::{AdmissionOptions, Event, Registered, Visitor, Widget, WidgetDraft, widgets};
use parlor_protocol::{ConversationId, DeliveryStatus, PageContext, RegistrationInput, TenantId, VisitorId};
use parlor_sandbox::{DEFAULT_TOKEN, SandboxOptions};
use tokio_util::sync::CancellationToken;

use crate::world::{World, network};

async fn send(world: &World, form: &RegistrationInput) -> Registered {
    send_as(world, None, form).await
}

/// Sends a form under the session of a visitor.
async fn send_as(world: &World, known: Option<&Visitor>, form: &RegistrationInput) -> Registered {
    send_to(world, &world.widget, known, form).await
}

async fn send_to(world: &World, widget: &Widget, known: Option<&Visitor>, form: &RegistrationInput) -> Registered {
    let page = PageContext::default();
    let sent = world.engine.register(widget, known, network(1), form.clone(), page);
    sent.await.unwrap()
}

async fn visitor(world: &World, id: &VisitorId) -> Visitor {
    let found = world.engine.visitor_of_widget(&world.widget, id).await;
    found.unwrap().unwrap()
}

async fn conversations(world: &World) -> Vec<ConversationId> {
    let tenant = TenantId::default_tenant();
    let lines = world.store().summaries_for_all_since(&tenant, 0, 1_000).await;
    lines.unwrap().into_iter().map(|line| line.id).collect()
}

async fn is_held(world: &World, registered: &Registered) -> bool {
    let tenant = TenantId::default_tenant();
    let card = world.engine.card(&tenant, &registered.conversation).await;
    card.unwrap().unwrap().delivery.status == DeliveryStatus::Held
}

/// The code of every answer is good, and leads to its visitor.
async fn assert_codes(world: &World, answers: &[&Registered]) {
    for answer in answers {
        let granted = world.engine.exchange_code(&world.widget, &answer.code).await.unwrap();
        assert_eq!(granted.expect("the code is good").visitor.id, answer.visitor);
    }
}

#[tokio::test]
async fn the_same_form_twice_is_one_conversation_and_both_codes_are_good() {
    let world = World::new().await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let first = send(&world, &form).await;
    let second = send(&world, &form).await;
    assert_eq!(
        (&second.visitor, &second.conversation, &second.name),
        (&first.visitor, &first.conversation, &first.name)
    );
    assert_eq!(conversations(&world).await, slice::from_ref(&first.conversation));
    assert_codes(&world, &[&second, &first]).await;
}

#[tokio::test]
async fn the_same_form_at_once_is_one_conversation_too() {
    let world = World::new().await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let (first, second, third) = tokio::join!(send(&world, &form), send(&world, &form), send(&world, &form));
    let only = conversations(&world).await;
    assert_eq!(only.len(), 1);
    for answer in [&first, &second, &third] {
        assert_eq!(answer.conversation, only[0]);
    }
    assert_codes(&world, &[&first, &second, &third]).await;
}

#[tokio::test]
async fn a_form_is_known_again_for_ten_minutes_over_a_restart_as_well() {
    let mut world = World::new().await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let first = send(&world, &form).await;
    world.restart(Some(DEFAULT_TOKEN)).await;
    world.advance(Duration::from_millis(599_999));
    assert_eq!(send(&world, &form).await.conversation, first.conversation);
    world.advance(Duration::from_millis(1));
    let second = send(&world, &form).await;
    assert_ne!(second.conversation, first.conversation);
    assert_eq!(
        send(&world, &form).await.conversation,
        second.conversation,
        "the newer one counts from now on"
    );
}

#[tokio::test]
async fn an_edited_form_is_a_new_registration() {
    let world = World::new().await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let first = send(&world, &form).await;
    let edited = |first_name: &str, last_name: &str, email: &str| RegistrationInput {
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        email: email.to_owned(),
        ..form.clone()
    };
    for other in [
        edited("Adah", "Lovelace", "ada@example.com"),
        edited("Ada", "King", "ada@example.com"),
        edited("Ada", "Lovelace", "ada@example.org"),
    ] {
        assert_ne!(send(&world, &other).await.conversation, first.conversation);
    }
    // What is kept alike is not edited.
    let same = edited(" Ada", "Lovelace ", "Ada@Example.com");
    assert_eq!(send(&world, &same).await.conversation, first.conversation);
    assert_eq!(conversations(&world).await.len(), 4);
}

#[tokio::test]
async fn another_form_with_the_same_in_it_is_a_new_registration() {
    let world = World::new().await;
    // Rendered in the same millisecond.
    let forms = [world.engine.form_stamp(), world.engine.form_stamp()];
    assert_ne!(forms[0], forms[1]);
    for stamp in forms {
        let form = RegistrationInput {
            form: stamp,
            ..world.form("Ada", "Lovelace", "ada@example.com")
        };
        send(&world, &form).await;
    }
    assert_eq!(conversations(&world).await.len(), 2);
}

#[tokio::test]
async fn without_a_good_stamp_nothing_is_known_again() {
    let world = World::new().await;
    let form = RegistrationInput {
        form: String::new(),
        ..world.form("Ada", "Lovelace", "ada@example.com")
    };
    for _ in 0..2 {
        assert!(is_held(&world, &send(&world, &form).await).await);
    }
    assert_eq!(conversations(&world).await.len(), 2);
}

/// A second widget of the same tenant.
async fn other_widget(world: &World) -> Widget {
    let draft = WidgetDraft::named("Other");
    let (context, store) = (world.context(), world.store());
    let added = widgets::add_widget(&context, store.as_ref(), &TenantId::default_tenant(), draft).await;
    added.unwrap()
}

#[tokio::test]
async fn in_another_widget_form_and_session_are_nobodys() {
    let world = World::new().await;
    let other = other_widget(&world).await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let first = send(&world, &form).await;
    let ada = visitor(&world, &first.visitor).await;
    let by_form = send_to(&world, &other, None, &form).await;
    let fresh = world.form("Ada", "Lovelace", "ada@example.com");
    let by_session = send_to(&world, &other, Some(&ada), &fresh).await;
    assert_ne!(by_form.conversation, first.conversation);
    assert_ne!(by_session.conversation, first.conversation);
    assert_eq!(conversations(&world).await.len(), 3);
}

#[tokio::test]
async fn a_second_tab_of_the_same_browser_goes_on_with_the_same_conversation() {
    let world = World::new().await;
    let first = send(&world, &world.form("Ada", "Lovelace", "ada@example.com")).await;
    let ada = visitor(&world, &first.visitor).await;
    // The second tab's form has a stamp of its own; a third one's was rendered long before.
    let second_form = world.form("Ada", "Lovelace", "ADA@example.com");
    let second = send_as(&world, Some(&ada), &second_form).await;
    world.advance(Duration::from_secs(1_200));
    let third = send_as(&world, Some(&ada), &second_form).await;
    for answer in [&second, &third] {
        assert_eq!(
            (&answer.visitor, &answer.conversation, &answer.name),
            (&first.visitor, &first.conversation, &first.name)
        );
    }
    assert_eq!(conversations(&world).await.len(), 1);
    assert_codes(&world, &[&third]).await;
}

#[tokio::test]
async fn a_known_visitor_who_fills_in_something_else_registers_anew() {
    let world = World::new().await;
    let first = send(&world, &world.form("Ada", "Lovelace", "ada@example.com")).await;
    let ada = visitor(&world, &first.visitor).await;
    for form in [
        world.form("Ada", "Lovelace", "countess@example.com"),
        world.form("Ada", "King", "ada@example.com"),
        world.form("Augusta", "Lovelace", "ada@example.com"),
    ] {
        let answer = send_as(&world, Some(&ada), &form).await;
        assert_ne!(answer.conversation, first.conversation);
        // And that form, sent again under the session of before, is the same once more.
        let again = send_as(&world, Some(&ada), &form).await;
        assert_eq!(again.conversation, answer.conversation);
    }
    assert_eq!(conversations(&world).await.len(), 4);
}

#[tokio::test]
async fn what_was_held_stays_held_however_often_it_is_sent() {
    let world = World::new().await;
    let mut form = world.form("Ada", "Lovelace", "ada@example.com");
    // Sent back at once.
    form.form = world.engine.form_stamp();
    let first = send(&world, &form).await;
    assert!(is_held(&world, &first).await);
    world.advance(Duration::from_secs(5));
    for known in [None, Some(visitor(&world, &first.visitor).await)] {
        let again = send_as(&world, known.as_ref(), &form).await;
        assert_eq!(again.conversation, first.conversation);
        assert!(is_held(&world, &again).await);
    }
    // The other way round, a trap filled in later holds nobody.
    let form = world.form("Grace", "Hopper", "grace@example.com");
    let grace = send(&world, &form).await;
    let trapped = RegistrationInput {
        website: "x".to_owned(),
        ..form
    };
    assert_eq!(send(&world, &trapped).await.conversation, grace.conversation);
    assert!(!is_held(&world, &grace).await);
}

#[tokio::test]
async fn what_is_sent_again_does_not_count_against_its_network() {
    let admission = AdmissionOptions {
        burst: NonZeroU32::new(2).unwrap(),
        refill: Duration::from_secs(3_600),
        ..AdmissionOptions::default()
    };
    let world = World::build(Some(DEFAULT_TOKEN), SandboxOptions::default(), admission).await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let (first, second) = tokio::join!(send(&world, &form), send(&world, &form));
    let ada = visitor(&world, &first.visitor).await;
    let third = send(&world, &form).await;
    let in_second_tab = world.form("Ada", "Lovelace", "ada@example.com");
    let fourth = send_as(&world, Some(&ada), &in_second_tab).await;
    for answer in [first, second, third, fourth] {
        assert!(!is_held(&world, &answer).await);
    }
    let grace = send(&world, &world.form("Grace", "Hopper", "grace@example.com")).await;
    assert!(!is_held(&world, &grace).await, "the second of two");
    let jane = send(&world, &world.form("Jane", "Doe", "jane@example.com")).await;
    assert!(is_held(&world, &jane).await, "the third");
}

#[tokio::test]
async fn what_is_sent_again_is_no_news_to_the_inbox() {
    let world = World::new().await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let first = send(&world, &form).await;
    let ada = visitor(&world, &first.visitor).await;
    let (mut inbox, change) = world.engine.follow_inbox(&TenantId::default_tenant()).await.unwrap();
    send(&world, &form).await;
    send_as(&world, Some(&ada), &world.form("Ada", "Lovelace", "ada@example.com")).await;
    let latest = world.engine.latest_change(&TenantId::default_tenant()).await.unwrap();
    assert_eq!(latest, change);
    let grace = send(&world, &world.form("Grace", "Hopper", "grace@example.com")).await;
    let told = tokio::select! {
        told = inbox.next() => told,
        () = world.engine.tell_inboxes(CancellationToken::new()) => None,
    };
    let Some(Event::Changed(summary)) = told else {
        panic!("the inbox hears of the new one");
    };
    assert_eq!(summary.id, grace.conversation);
}
