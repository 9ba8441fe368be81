//! Registration and admission: what is stored, what is held back, and who hears of it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use parlor_engine::{AdmissionOptions, Bus, Event, RegisterError, SendError, SocketId, Topic};
use parlor_protocol::{DeliveryStatus, PageContext, TenantId};
use parlor_sandbox::{DEFAULT_TOKEN, SandboxOptions};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use crate::world::{Person, World, network};

async fn is_held(world: &World, person: &Person) -> bool {
    world.delivery(person).await.status == DeliveryStatus::Held
}

#[tokio::test]
async fn fields_that_are_wrong_are_named_together_and_nothing_is_stored() {
    let world = World::new().await;
    let form = world.form(" ", "", "nobody");
    let refused = world
        .engine
        .register(&world.widget, None, network(1), form, PageContext::default())
        .await;
    let Err(RegisterError::Invalid(errors)) = refused else {
        panic!("it must be refused");
    };
    assert!(errors.first_name.is_some() && errors.last_name.is_some() && errors.email.is_some());
    assert_eq!(
        world.engine.latest_change(&TenantId::default_tenant()).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn a_filled_honeypot_holds() {
    let world = World::new().await;
    let mut form = world.form("Ada", "Lovelace", "ada@example.com");
    form.website = "x".to_owned();
    let person = world.send_in(form, network(1)).await;
    assert!(is_held(&world, &person).await);
}

#[tokio::test]
async fn a_form_sent_back_sooner_than_a_person_could_holds() {
    let world = World::new().await;
    for (after, held) in [(0, true), (799, true), (800, false), (5_000, false)] {
        let mut form = world.form("Ada", "Lovelace", "ada@example.com");
        form.form = world.engine.form_stamp();
        world.advance(Duration::from_millis(after));
        let person = world.send_in(form, network(1)).await;
        assert_eq!(is_held(&world, &person).await, held, "after {after} ms");
    }
}

/// A stamp as it was before each had a nonce: moment and signature.
async fn of_before_the_nonce(world: &World) -> String {
    let key = world.store().setting("form_stamp_key").await.unwrap().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
    let moment = world.engine.now().millis().to_be_bytes();
    mac.update(&moment);
    URL_SAFE_NO_PAD.encode([&moment[..], &mac.finalize().into_bytes()].concat())
}

#[tokio::test]
async fn a_stamp_that_is_missing_or_forged_holds() {
    let world = World::new().await;
    let good = world.form("Ada", "Lovelace", "ada@example.com").form;
    // A character of the moment, of the nonce, of the signature.
    let flipped = [3, 20, 50].map(|place| -> String {
        good.char_indices()
            .map(|(at, character)| match character {
                'A' if at == place => 'B',
                _ if at == place => 'A',
                _ => character,
            })
            .collect()
    });
    let earlier = format!("AAAA{}", &good[4..]);
    for stamp in [
        "",
        "x",
        "AAAAAAAAAAA",
        &flipped[0],
        &flipped[1],
        &flipped[2],
        &earlier,
        &of_before_the_nonce(&world).await,
        &good[..12],
        &format!("{good}A"),
    ] {
        let mut form = world.form("Ada", "Lovelace", "ada@example.com");
        form.form = stamp.to_owned();
        let person = world.send_in(form, network(1)).await;
        assert!(is_held(&world, &person).await, "{stamp:?}");
    }
}

#[tokio::test]
async fn a_form_rendered_before_a_restart_stays_good_after_it() {
    let mut world = World::new().await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    world.restart(Some(DEFAULT_TOKEN)).await;
    let person = world.send_in(form, network(1)).await;
    assert!(!is_held(&world, &person).await);
}

#[tokio::test]
async fn more_from_one_network_than_an_office_would_send_are_held_and_no_other_network_is() {
    let admission = AdmissionOptions {
        burst: NonZeroU32::new(3).unwrap(),
        refill: Duration::from_secs(3_600),
        ..AdmissionOptions::default()
    };
    let world = World::build(Some(DEFAULT_TOKEN), SandboxOptions::default(), admission).await;
    let address = |text: &str| -> IpAddr { text.parse().unwrap() };
    for (network, held) in [
        ("192.0.2.1", false),
        ("::ffff:192.0.2.1", false),
        ("192.0.2.1", false),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("2001:db8:0:1::1", false),
        ("2001:db8:0:1:ffff::2", false),
        ("2001:db8:0:1::3", false),
        ("2001:db8:0:1:1:2:3:4", true),
        ("2001:db8:0:2::1", false),
    ] {
        let form = world.form("Ada", "Lovelace", "ada@example.com");
        let person = world.send_in(form, address(network)).await;
        assert_eq!(is_held(&world, &person).await, held, "{network}");
    }
}

#[tokio::test]
async fn a_code_is_exchanged_once_within_a_minute_and_its_token_is_the_visitors() {
    let world = World::new().await;
    for (after, good) in [(59, true), (60, false)] {
        let form = world.form("Ada", "Lovelace", "ada@example.com");
        let registered = world
            .engine
            .register(&world.widget, None, network(1), form, PageContext::default())
            .await
            .unwrap();
        world.advance(Duration::from_secs(after));
        let granted = world
            .engine
            .exchange_code(&world.widget, &registered.code)
            .await
            .unwrap();
        assert_eq!(granted.is_some(), good, "after {after} s");
        assert!(
            world
                .engine
                .exchange_code(&world.widget, &registered.code)
                .await
                .unwrap()
                .is_none()
        );
        if let Some(granted) = granted {
            let visitor = world
                .engine
                .visitor_by_token(&world.widget, &granted.token)
                .await
                .unwrap();
            assert_eq!(visitor.unwrap().id, registered.visitor);
        }
        assert!(
            world
                .engine
                .visitor_by_token(&world.widget, &registered.code)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn a_message_is_told_to_those_who_follow_with_the_socket_it_came_through() {
    let world = World::new().await;
    let ada = world.ada().await;
    let mut thread = world.engine.subscribe(Topic::Conversation(ada.conversation.clone()));
    let (mut inbox, _) = world.engine.follow_inbox(&TenantId::default_tenant()).await.unwrap();
    let id = world.message_id();
    let send = || {
        world
            .engine
            .send_as_visitor(&ada.visitor, &ada.conversation, &id, "hello", Some(SocketId(7)))
    };
    assert!(send().await.unwrap().new);
    let Some(Event::Message { message, origin }) = thread.next().await else {
        panic!("the message is told first");
    };
    assert_eq!(
        (message.text.as_str(), message.seq, origin),
        ("hello", 1, Some(SocketId(7)))
    );
    let told = tokio::select! {
        told = inbox.next() => told,
        () = world.engine.tell_inboxes(CancellationToken::new()) => None,
    };
    let Some(Event::Changed(summary)) = told else {
        panic!("the inbox hears of it");
    };
    assert_eq!(summary.id, ada.conversation);

    // A resend is answered alike and told to nobody; the same id with other text is refused.
    assert!(!send().await.unwrap().new);
    let other = world
        .engine
        .send_as_visitor(&ada.visitor, &ada.conversation, &id, "other", None)
        .await;
    assert!(matches!(other, Err(SendError::IdConflict)));
    world
        .bus
        .publish(&Topic::Conversation(ada.conversation.clone()), Event::Delivery(None));
    assert!(matches!(thread.next().await, Some(Event::Delivery(None))));
}

#[tokio::test]
async fn a21_a31_a_visitor_reaches_no_conversation_but_their_own() {
    let world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "private").await;
    let imposter = world.ada().await;
    assert_ne!(imposter.conversation, ada.conversation);
    let tenant = TenantId::default_tenant();
    let (messages, _) = world
        .engine
        .messages_after(&tenant, &imposter.conversation, 0)
        .await
        .unwrap();
    assert_eq!(messages, []);
    let id = world.message_id();
    let intruded = world
        .engine
        .send_as_visitor(&imposter.visitor, &ada.conversation, &id, "hello", None)
        .await;
    assert!(matches!(intruded, Err(SendError::NotFound)));
}
