//! Tenants do not see each other, and text is text.

use std::time::Duration;

use parlor_protocol::{ConversationState, PageContext, TenantId};
use parlor_store::{
    Append, AppendOutcome, Coalescing, Delivered, Erased, Forget, NewVisitor, NewWidget, NoteKind, NoteState,
    PlannedNote, PortalConnection, Postponement, RecordState, RevokedProof, SecretHash, Sending, StoredToken, Taken,
    Undelivered, ValueHash, WidgetIdentity,
};

use crate::delivery::MINUTE;
use crate::identity::{proving, token, whole};
use crate::world::{World, by_visitor, email, hash, number, widget};

/// A30, in the store: every method that takes a tenant and an id, with the ids of another tenant.
pub async fn no_method_reaches_into_another_tenant(world: World) {
    let ada = world.register("ada@example.com").await;
    let form = Some((hash(number()), world.now() + Duration::from_secs(600)));
    let sent = NewVisitor {
        form,
        ..world.visitor("sent@example.com")
    };
    world.register_as(sent).await.unwrap();
    let held = world.register_held("held@example.com").await;
    world.say(&ada, "private").await;
    world
        .store
        .link_addresses(&world.tenant, vec![(email("ada@example.com"), "501".into())])
        .await
        .unwrap();
    world.register("waiting@example.com").await;
    let value = Sending {
        record: "501".into(),
        hash: ValueHash([1; 32]),
    };
    world.send(vec![value]).await;
    let fence = world.fence().await;
    world.store.note_portal(&world.tenant, 7).await.unwrap();
    world
        .store
        .keep_hubspot_token(&world.tenant, b"sealed".to_vec(), world.now())
        .await
        .unwrap();
    let (store, other, now) = (&world.store, TenantId::parse("other").unwrap(), world.now());
    let (key, generation, proof) = (hash(number()), hash(number()), hash(number()));
    let (cached, until) = (token(&world, Duration::from_secs(60)), now + Duration::from_secs(60));
    assert!(
        store
            .change_widget_identity(&world.tenant, &world.widget, whole(proving(now)))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .revoke_proof(&world.tenant, &world.widget, proof, until)
            .await
            .unwrap()
    );
    store
        .keep_visitor_token(&world.tenant, key, generation, cached, 10)
        .await
        .unwrap();
    let note = PlannedNote {
        key: "k1".into(),
        record: "501".into(),
        kind: NoteKind::Overflow,
        number: 1,
        ranges: Vec::new(),
    };
    store.plan_notes(&world.tenant, vec![note]).await.unwrap();
    let notes = store.notes_of(&world.tenant, "501").await.unwrap();
    let before = (
        everything(&world, &ada.conversation, &held.conversation).await,
        identity_of(&world, key).await,
    );

    // Reading.
    assert!(store.widgets(&other).await.unwrap().is_empty());
    assert!(store.visitor(&other, &ada.visitor).await.unwrap().is_none());
    assert!(store.conversation(&other, &ada.conversation).await.unwrap().is_none());
    assert!(
        store
            .messages_after(&other, &ada.conversation, 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .messages_before(&other, &ada.conversation, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .summary(&other, &world.rep, &ada.conversation)
            .await
            .unwrap()
            .is_none()
    );
    assert!(store.summaries_for_all_since(&other, 0, 10).await.unwrap().is_empty());
    assert!(
        store
            .summaries_since(&other, &world.rep, 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .summaries_before(&other, &world.rep, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.latest_change(&other).await.unwrap(), 0);
    assert!(store.rep(&other, &world.rep).await.unwrap().is_none());
    assert!(store.pending_addresses(&other, now, 10).await.unwrap().is_empty());
    let at_once = Coalescing::AT_ONCE;
    assert!(
        store
            .dirty_records(&other, now, now, at_once, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.addresses(&other).await.unwrap().is_empty());
    assert!(
        store
            .person(&other, &email("ada@example.com"))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .person_address(&other, &email("ada@example.com"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(store.expired(&other, now, now, 9).await.unwrap().is_empty());
    let conversations = vec![ada.conversation.clone()];
    let not_erased = store.not_erased(&other, Some(email("ada@example.com")), now, conversations.clone());
    assert!(not_erased.await.unwrap().is_empty());
    let forget = Forget {
        email: Some(email("ada@example.com")),
        conversations: conversations.clone(),
        actor: "stranger".into(),
        confirm_until: now,
    };
    assert_eq!(store.forget(&other, forget).await.unwrap(), Erased::default());
    assert_eq!(store.expire(&other, conversations).await.unwrap(), Erased::default());
    assert!(store.audits(&world.tenant, 9).await.unwrap().is_empty());
    store
        .adopt_note(
            &other,
            PlannedNote {
                key: "k1".into(),
                record: "999".into(),
                kind: NoteKind::Overflow,
                number: 1,
                ranges: Vec::new(),
            },
            "66",
        )
        .await
        .unwrap();
    store.note_read_after_restore(&other, "501").await.unwrap();
    assert_eq!(store.portal(&other).await.unwrap(), PortalConnection::default());
    assert!(store.to_sum_up(&other, now, 10).await.unwrap().is_empty());
    assert!(store.dead_letters(&other, 10).await.unwrap().is_empty());
    assert_eq!(store.count_dead_letters(&other).await.unwrap(), 0);
    assert!(store.transcript(&other, "501").await.unwrap().is_empty());
    assert!(store.sent_values(&other, "501").await.unwrap().is_empty());
    assert!(store.addresses_of(&other, "501").await.unwrap().is_empty());
    assert!(store.conversations_of(&other, "501").await.unwrap().is_empty());
    assert!(
        store
            .conversations_of_address(&other, &email("ada@example.com"))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.notes_of(&other, "501").await.unwrap().is_empty());
    assert_eq!(store.next_due(&other, at_once).await.unwrap(), None);
    assert_eq!(store.delivery_of(&other, &ada.conversation).await.unwrap(), None);
    assert_eq!(store.backlog(&other).await.unwrap(), 0);
    assert_eq!(store.undelivered(&other).await.unwrap(), Undelivered::default());
    assert_eq!(
        store.widget_identity(&other, &world.widget).await.unwrap(),
        WidgetIdentity::default()
    );
    assert_eq!(store.visitor_token(&other, key, now).await.unwrap(), None);
    assert_eq!(store.count_visitor_tokens(&other, now).await.unwrap(), 0);

    // Writing.
    for message in [by_visitor(&ada, "in"), world.by_rep(&ada, "in")] {
        let intrusion = Append {
            tenant: other.clone(),
            ..message
        };
        assert_eq!(store.append(intrusion).await.unwrap(), AppendOutcome::NotFound);
    }
    let closed = store
        .set_conversation_state(&other, &ada.conversation, ConversationState::Closed)
        .await
        .unwrap();
    assert_eq!(closed, None);
    assert_eq!(
        store.release_conversation(&other, &held.conversation).await.unwrap(),
        None
    );
    assert_eq!(
        store.mark_read(&other, &world.rep, &ada.conversation, 1).await.unwrap(),
        None
    );
    assert_eq!(
        store.set_password(&other, &world.rep, "stolen".into()).await.unwrap(),
        None
    );
    let in_foreign_widget = NewVisitor {
        ..world.visitor("mallory@example.com")
    };
    assert!(
        store.register(&other, in_foreign_widget).await.is_err(),
        "the widget is another tenant's"
    );
    let code = (hash(number()), now + Duration::from_secs(9));
    assert!(!store.add_code(&other, &ada.visitor, code).await.unwrap());
    let with_our_form = NewVisitor {
        widget: world.add_widget(&other).await,
        form,
        ..world.visitor("mallory@example.com")
    };
    let answered = store.register(&other, with_our_form).await;
    assert!(
        answered.map_or(true, |stored| stored.is_new),
        "a form leads to nobody elsewhere"
    );
    let waiting = email("waiting@example.com");
    let later = Postponement {
        give_up_failing_since: Some(now + Duration::from_secs(9)),
        ..Postponement::until(now + Duration::from_secs(9), "no")
    };
    store
        .postpone_addresses(&other, vec![waiting.clone()], later.clone())
        .await
        .unwrap();
    store.refuse_address(&other, &waiting, &"no".into()).await.unwrap();
    store.postpone_records(&other, vec!["501".into()], later).await.unwrap();
    store.excuse_failures(&other, Duration::from_secs(9)).await.unwrap();
    assert_eq!(store.replay(&other, None).await.unwrap(), 0);
    assert_eq!(store.write_again(&other, &ada.conversation, now).await.unwrap(), None);
    assert!(
        store
            .end_idle_conversations(&other, now + Duration::from_secs(9), 10)
            .await
            .unwrap()
            .is_empty()
    );
    store.note_summed_up(&other, &ada.conversation, now).await.unwrap();
    store.give_lease_back(&other, &fence).await.unwrap();
    store.note_instead_of(&other, 1, hash(number())).await.unwrap();
    store.forget_hubspot_token(&other, 1).await.unwrap();
    assert!(matches!(
        store
            .take_lease(&other, "delivery", "elsewhere", MINUTE, MINUTE)
            .await
            .unwrap(),
        Taken::New(_)
    ));
    store
        .set_record_state(&other, "501", RecordState::Gone, &"no".into(), now)
        .await
        .unwrap();
    store.rekey_record(&other, "501", "502").await.unwrap();
    store
        .set_note_state(&other, "k1", NoteState::Filled, Some("9001"), None)
        .await
        .unwrap();
    store.suspect_unfinished_notes(&other, now).await.unwrap();
    let delivered = Delivered {
        record: "501".into(),
        up_to: vec![(ada.conversation.clone(), 1)],
        confirm_at: None,
    };
    store.note_delivered(&other, vec![delivered]).await.unwrap();
    store
        .note_sending(
            &other,
            &fence,
            vec![Sending {
                record: "501".into(),
                hash: ValueHash([2; 32]),
            }],
            now,
        )
        .await
        .unwrap();
    store
        .link_addresses(&other, vec![(email("ada@example.com"), "777".into())])
        .await
        .unwrap();

    assert!(
        store
            .change_widget_identity(&other, &world.widget, whole(WidgetIdentity::default()))
            .await
            .unwrap()
            .is_none()
    );
    let later = until + Duration::from_secs(60);
    assert!(!store.revoke_proof(&other, &world.widget, proof, later).await.unwrap());
    assert_eq!(store.forget_visitor_tokens(&other, generation).await.unwrap(), 0);
    assert_eq!(store.forget_other_generations(&other, hash(number())).await.unwrap(), 0);
    for most in [1, 0] {
        let stolen = token(&world, Duration::from_secs(90));
        store
            .keep_visitor_token(&other, key, hash(number()), stolen, most)
            .await
            .unwrap();
    }

    assert_eq!(
        (
            everything(&world, &ada.conversation, &held.conversation).await,
            identity_of(&world, key).await
        ),
        before,
        "nothing was touched"
    );
    assert_eq!(store.notes_of(&world.tenant, "501").await.unwrap(), notes);
}

/// How the default tenant proves identity: its widget's settings, the revoked proofs, a cached token and how many there are.
async fn identity_of(world: &World, key: SecretHash) -> (WidgetIdentity, Vec<RevokedProof>, Option<StoredToken>, u64) {
    let (store, tenant, now) = (&world.store, &world.tenant, world.now());
    (
        store.widget_identity(tenant, &world.widget).await.unwrap(),
        store.revoked_proofs(now).await.unwrap(),
        store.visitor_token(tenant, key, now).await.unwrap(),
        store.count_visitor_tokens(tenant, now).await.unwrap(),
    )
}

/// All that the default tenant can see, as one text.
async fn everything(
    world: &World,
    conversation: &parlor_protocol::ConversationId,
    held: &parlor_protocol::ConversationId,
) -> String {
    let (store, tenant, now) = (&world.store, &world.tenant, world.now());
    let rep = store.rep(tenant, &world.rep).await.unwrap().unwrap();
    format!(
        "{:#?}",
        (
            store.widgets(tenant).await.unwrap(),
            store.summaries_since(tenant, &world.rep, 0, 100).await.unwrap(),
            store.messages_after(tenant, conversation, 0, 100).await.unwrap(),
            (rep.password_hash, rep.password_version),
            store.pending_addresses(tenant, now, 100).await.unwrap(),
            store
                .dirty_records(tenant, now, now, Coalescing::AT_ONCE, 100)
                .await
                .unwrap(),
            store.transcript(tenant, "501").await.unwrap(),
            store.sent_values(tenant, "501").await.unwrap(),
            store.addresses_of(tenant, "501").await.unwrap(),
            (
                store.delivery_of(tenant, conversation).await.unwrap(),
                store.delivery_of(tenant, held).await.unwrap()
            ),
            (
                store.next_due(tenant, Coalescing::AT_ONCE).await.unwrap(),
                store.backlog(tenant).await.unwrap(),
                store.undelivered(tenant).await.unwrap(),
            ),
            (
                store.portal(tenant).await.unwrap(),
                store
                    .note_sending(tenant, &world.fence().await, Vec::new(), now)
                    .await
                    .unwrap(),
                store.dead_letters(tenant, 100).await.unwrap(),
            ),
        )
    )
}

/// A60: every parameter that is free text.
pub async fn sql_in_a_text_is_text(world: World) {
    let untouched = world.register("untouched@example.com").await;
    world.say(&untouched, "still here").await;
    let store = &world.store;
    for attack in [
        "'; DROP TABLE message; --",
        "\" OR \"\"=\"",
        "' OR '1'='1",
        "x'); DELETE FROM conversation; --",
        "%_\\",
        "?1 :name @name $1",
        "1; ATTACH DATABASE '/tmp/x' AS y",
        "' UNION SELECT password_hash FROM rep --",
        "]}\"'",
    ] {
        let name = parlor_protocol::PersonName::parse(attack).unwrap();
        let page = PageContext {
            url: attack.into(),
            title: attack.into(),
            utm_term: attack.into(),
            ..PageContext::default()
        };
        let visitor = NewVisitor {
            first_name: name.clone(),
            last_name: Some(name.clone()),
            page: page.clone(),
            ..world.visitor("o'brien@example.com")
        };
        let who = world.register_as(visitor).await.unwrap();
        let message = Append {
            name: attack.into(),
            ..by_visitor(&who, attack)
        };
        let kept = crate::world::stored(store.append(message).await.unwrap()).message;
        assert_eq!((kept.text.as_str(), kept.author.name.as_str()), (attack, attack));
        assert_eq!(
            store
                .conversation(&world.tenant, &who.conversation)
                .await
                .unwrap()
                .unwrap()
                .page,
            page
        );
        assert_eq!(
            store
                .visitor(&world.tenant, &who.visitor)
                .await
                .unwrap()
                .unwrap()
                .first_name,
            name
        );

        let odd = NewWidget {
            origins: vec![attack.into()],
            accent: attack.into(),
            greeting: attack.into(),
            ..widget(attack)
        };
        let added = store.add_widget(&world.tenant, odd).await.unwrap();
        assert_eq!(store.widget_by_key(&added.settings.key).await.unwrap(), Some(added));
        store.set_setting(attack, attack).await.unwrap();
        assert_eq!(store.setting(attack).await.unwrap().as_deref(), Some(attack));
        let session = parlor_store::SessionRow {
            id: hash(number()),
            data: attack.into(),
            expires_at: world.now() + Duration::from_secs(1),
        };
        assert!(store.create_session(session.clone()).await.unwrap());
        assert_eq!(store.session(session.id, world.now()).await.unwrap(), Some(session));
        assert!(
            store
                .set_password(&world.tenant, &world.rep, attack.into())
                .await
                .unwrap()
                .is_some()
        );

        let address = email("o'brien@example.com");
        store
            .postpone_addresses(
                &world.tenant,
                vec![address.clone()],
                Postponement::until(world.now(), attack),
            )
            .await
            .unwrap();
        store
            .link_addresses(&world.tenant, vec![(address.clone(), attack.into())])
            .await
            .unwrap();
        assert_eq!(store.addresses_of(&world.tenant, attack).await.unwrap(), [address]);
        assert!(!store.transcript(&world.tenant, attack).await.unwrap().is_empty());
        store
            .postpone_records(
                &world.tenant,
                vec![attack.into()],
                Postponement::until(world.now(), attack),
            )
            .await
            .unwrap();
        let delivery = store
            .delivery_of(&world.tenant, &who.conversation)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (delivery.record.as_deref(), delivery.detail.as_deref()),
            (Some(attack), Some(attack))
        );
        store
            .set_record_state(&world.tenant, attack, RecordState::Refused, &attack.into(), world.now())
            .await
            .unwrap();
        store.rekey_record(&world.tenant, attack, "900").await.unwrap();
        assert!(store.addresses_of(&world.tenant, attack).await.unwrap().is_empty());
    }
    let kept = store
        .messages_after(&world.tenant, &untouched.conversation, 0, 10)
        .await
        .unwrap();
    assert_eq!(
        kept.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        ["still here"]
    );
}
