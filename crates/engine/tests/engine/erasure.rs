//! Whoever is forgotten is gone here at once: text, identity, ways back. A tombstone and a line of audit stay.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parlor_engine::erasure::{COMMAND_LINE, Channel, ChannelError, Entry};
use parlor_engine::reps::add_rep;
use parlor_engine::{Event, Rep, SendError, Topic, export};
use parlor_protocol::{AuthorKind, ClaimedEmail, ConversationId, DeliveryStatus, ERASED_NAME, TenantId};
use parlor_sandbox::DEFAULT_TOKEN;
use secrecy::SecretString;

use crate::world::{Person, World, network};

fn tenant() -> TenantId {
    TenantId::default_tenant()
}

impl World {
    pub async fn robin(&self) -> Rep {
        let password = SecretString::from("correct horse battery");
        let (context, store, email) = (self.context(), self.store(), "robin@parlor.example");
        if let Some(rep) = store.rep_by_email(&ClaimedEmail::parse(email).unwrap()).await.unwrap() {
            return rep;
        }
        add_rep(&context, store.as_ref(), &tenant(), email, "Robin", &password)
            .await
            .unwrap();
        let email = ClaimedEmail::parse(email).unwrap();
        store.rep_by_email(&email).await.unwrap().unwrap()
    }

    async fn texts(&self, person: &Person) -> Vec<(u64, AuthorKind, String, String)> {
        let messages = self
            .store()
            .messages_after(&tenant(), &person.conversation, 0, 100)
            .await;
        let messages = messages.unwrap().into_iter();
        messages
            .map(|message| (message.seq, message.author.kind, message.author.name, message.text))
            .collect()
    }

    async fn export(&self, email: &str) -> serde_json::Value {
        let email = ClaimedEmail::parse(email).unwrap();
        let (store, now) = (self.store(), self.engine.now());
        export::export(store.as_ref(), &tenant(), &email, COMMAND_LINE, now)
            .await
            .unwrap()
    }

    /// Everything in the database's files, as it lies there.
    fn bytes_on_disk(&self) -> Vec<u8> {
        ["parlor.db", "parlor.db-wal"]
            .iter()
            .flat_map(|name| std::fs::read(self.folder().join(name)).unwrap_or_default())
            .collect()
    }

    fn is_on_disk(&self, text: &str) -> bool {
        let bytes = self.bytes_on_disk();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

#[tokio::test]
async fn whoever_is_forgotten_leaves_empty_tombstones_and_a_line_of_audit() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&ada, "my secret sorrow").await;
    world.say(&bob, "what Bob says").await;
    let robin = world.robin().await;
    let id = world.message_id();
    world
        .engine
        .send_as_rep(&robin, &ada.conversation, &id, "a comforting answer", None)
        .await
        .unwrap();
    let before = world
        .store()
        .messages_after(&tenant(), &ada.conversation, 0, 9)
        .await
        .unwrap();
    let change = world.engine.latest_change(&tenant()).await.unwrap();

    // Typed otherwise, it is the same address.
    let erased = world.forget("  ADA@Example.COM ").await;
    assert_eq!((erased.visitors, erased.messages), (1, 2));
    assert_eq!(erased.conversations, std::slice::from_ref(&ada.conversation));

    let after = world
        .store()
        .messages_after(&tenant(), &ada.conversation, 0, 9)
        .await
        .unwrap();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(
            (before.seq, &before.id, before.author.kind, before.at),
            (after.seq, &after.id, after.author.kind, after.at)
        );
        assert_eq!((after.text.as_str(), after.author.name.as_str()), ("", ""));
    }
    assert_eq!(after.len(), 2);
    let card = world.card(&ada).await;
    assert_eq!(
        (card.name.as_str(), card.email.as_str(), card.page.url.as_str()),
        (ERASED_NAME, "", "")
    );
    assert_eq!(card.delivery.status, DeliveryStatus::Erased);
    let line = world.engine.summary(&robin, &ada.conversation).await.unwrap().unwrap();
    assert!(
        line.change > change && line.preview.is_empty() && line.visitor_name == ERASED_NAME,
        "{line:?}"
    );
    for text in ["secret sorrow", "comforting", "Lovelace", "ada@example.com", "/prices"] {
        let is_bobs = text == "/prices";
        assert_eq!(world.is_on_disk(text), is_bobs, "{text}");
    }
    assert_eq!(world.texts(&bob).await[0].3, "what Bob says");
    let audits = world.store().audits(&tenant(), 10).await.unwrap();
    assert_eq!(audits.len(), 1);
    let audit = &audits[0];
    assert_eq!(
        (audit.actor.as_str(), audit.action.as_str()),
        ("command line", "forgotten")
    );
    assert_eq!((audit.visitors, audit.conversations, audit.messages), (1, 1, 2));
    // Nobody to forget is no audit.
    world.forget("nobody@example.com").await;
    assert_eq!(world.store().audits(&tenant(), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_old_tab_brings_nothing_back_and_a_rep_cannot_write_to_the_erased() {
    let world = World::new().await;
    let ada = world.ada().await;
    let id = world.message_id();
    let send = async |text: &str| {
        world
            .engine
            .send_as_visitor(&ada.visitor, &ada.conversation, &id, text, None)
            .await
    };
    send("to be forgotten").await.unwrap();
    world.forget("ada@example.com").await;
    // The tab sends again what it has no acknowledgement of, and something new.
    assert!(matches!(send("to be forgotten").await, Err(SendError::NotFound)));
    let new = world.message_id();
    let again = world
        .engine
        .send_as_visitor(&ada.visitor, &ada.conversation, &new, "hello?", None);
    assert!(matches!(again.await, Err(SendError::NotFound)));
    let robin = world.robin().await;
    let id = world.message_id();
    let answer = world.engine.send_as_rep(&robin, &ada.conversation, &id, "yes?", None);
    assert!(matches!(answer.await, Err(SendError::NotFound)));
    assert_eq!(world.texts(&ada).await.len(), 1);
    // Their session and their tokens name nobody.
    let visitor = world.engine.visitor_of_widget(&world.widget, &ada.visitor.id).await;
    assert!(visitor.unwrap().is_none());
    assert_eq!(
        world.engine.release(&tenant(), &ada.conversation).await.unwrap(),
        Some(false)
    );
}

#[tokio::test]
async fn codes_tokens_and_sessions_of_the_forgotten_are_dead() {
    let world = World::new().await;
    let form = world.form("Ada", "Lovelace", "ada@example.com");
    let registered = world
        .engine
        .register(
            &world.widget,
            None,
            network(1),
            form.clone(),
            parlor_protocol::PageContext::default(),
        )
        .await
        .unwrap();
    let granted = world
        .engine
        .exchange_code(&world.widget, &registered.code)
        .await
        .unwrap();
    let token = granted.unwrap().token;
    assert!(
        world
            .engine
            .visitor_by_token(&world.widget, &token)
            .await
            .unwrap()
            .is_some()
    );
    let session = |id: u8, data: String| parlor_store::SessionRow {
        id: parlor_store::SecretHash([id; 32]),
        data,
        expires_at: world.engine.now() + Duration::from_secs(600),
    };
    let store = world.store();
    let theirs = format!(
        r#"{{"visitor":{{"tenant":"default","visitor":"{}"}}}}"#,
        registered.visitor
    );
    store.create_session(session(1, theirs)).await.unwrap();
    store
        .create_session(session(2, r#"{"rep":{}}"#.to_owned()))
        .await
        .unwrap();
    assert_eq!(
        world.export("ada@example.com").await["conversations"][0]["visitor"]["sessions"],
        1
    );

    world.forget("ada@example.com").await;
    assert!(
        world
            .engine
            .visitor_by_token(&world.widget, &token)
            .await
            .unwrap()
            .is_none()
    );
    let now = world.engine.now();
    let session = async |id: u8| store.session(parlor_store::SecretHash([id; 32]), now).await.unwrap();
    assert!(session(1).await.is_none() && session(2).await.is_some());
    // The form that was left open registers somebody new.
    let again = world
        .engine
        .register(
            &world.widget,
            None,
            network(1),
            form,
            parlor_protocol::PageContext::default(),
        )
        .await
        .unwrap();
    assert_ne!(
        (again.visitor, again.conversation),
        (registered.visitor, registered.conversation)
    );
}

#[tokio::test]
async fn the_same_address_registers_again_as_somebody_new() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "before").await;
    world.pass_until_idle().await;
    world.forget("ada@example.com").await;
    world.advance(Duration::from_secs(1));
    let again = world.ada().await;
    world.say(&again, "after").await;
    world.pass_until_idle().await;
    world.assert_delivered(&again, "").await;
    let value = world.value("ada@example.com");
    assert!(value.contains("after") && !value.contains("before"), "{value}");
    // The journal means who was there before.
    world.restart(Some(DEFAULT_TOKEN)).await;
    assert_eq!(world.forget_again().await, 0);
    assert_eq!(world.texts(&again).await[0].3, "after");
}

#[tokio::test]
async fn a_crash_between_the_journal_and_the_store_is_made_up_for_at_the_next_start() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    world.say(&ada, "to be forgotten").await;
    let journal = world.journal();
    let email = ClaimedEmail::parse("ada@example.com").unwrap();
    journal
        .add(Entry {
            at: world.engine.now(),
            tenant: tenant(),
            address: journal.digest(&tenant(), &email),
            conversations: Vec::new(),
        })
        .await
        .unwrap();
    world.restart(Some(DEFAULT_TOKEN)).await;
    assert_eq!(world.forget_again().await, 1);
    assert_eq!(world.texts(&ada).await[0].3, "");
    assert_eq!(world.forget_again().await, 0);
}

#[tokio::test]
async fn a_rep_forgets_a_contact_and_every_window_is_told() {
    let world = World::new().await;
    let ada = world.ada().await;
    let second = world.register("Ada", "King", "ada@example.com").await;
    world.say(&ada, "hello").await;
    let robin = world.robin().await;
    let mut windows =
        [&ada, &second].map(|person| world.engine.subscribe(Topic::Conversation(person.conversation.clone())));
    let erased = world
        .engine
        .forget_contact(&world.journal(), &robin, &second.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(erased.conversations.len(), 2, "all of the address");
    for window in &mut windows {
        assert!(matches!(window.next().await, Some(Event::Erased)));
    }
    let audits = world.store().audits(&tenant(), 1).await.unwrap();
    assert_eq!(audits[0].actor, robin.id.as_str());
    // Twice is once; another tenant's rep finds nothing.
    let twice = world
        .engine
        .forget_contact(&world.journal(), &robin, &ada.conversation)
        .await;
    assert!(twice.unwrap().unwrap().conversations.is_empty());
    let stranger = Rep {
        tenant: TenantId::parse("elsewhere").unwrap(),
        ..robin
    };
    let nothing = world
        .engine
        .forget_contact(&world.journal(), &stranger, &ada.conversation)
        .await;
    assert!(nothing.unwrap().is_none());
}

/// A channel that fails when it is asked first.
#[derive(Default)]
struct Elsewhere {
    has_failed: AtomicBool,
    forgotten: Mutex<Vec<ConversationId>>,
}

#[async_trait]
impl Channel for Elsewhere {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    async fn forget(&self, _: &TenantId, conversations: &[ConversationId]) -> Result<(), ChannelError> {
        if !self.has_failed.swap(true, Ordering::Relaxed) {
            return Err(ChannelError("away".to_owned()));
        }
        self.forgotten.lock().unwrap().extend_from_slice(conversations);
        Ok(())
    }
}

#[tokio::test]
async fn a_channel_is_asked_until_it_has_forgotten_and_never_again() {
    let mut world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    let elsewhere = Elsewhere::default();
    world.forget("ada@example.com").await;
    world.engine.hand_over(&elsewhere, &tenant()).await;
    assert!(elsewhere.forgotten.lock().unwrap().is_empty());
    world.restart(Some(DEFAULT_TOKEN)).await;
    world.engine.hand_over(&elsewhere, &tenant()).await;
    assert_eq!(
        *elsewhere.forgotten.lock().unwrap(),
        std::slice::from_ref(&ada.conversation)
    );
    world.restart(Some(DEFAULT_TOKEN)).await;
    world.forget("bob@example.com").await;
    world.engine.hand_over(&elsewhere, &tenant()).await;
    assert_eq!(
        *elsewhere.forgotten.lock().unwrap(),
        [ada.conversation, bob.conversation]
    );
}

#[tokio::test]
async fn an_export_holds_everything_of_one_address_and_nothing_of_another() {
    let world = World::new().await;
    let ada = world.ada().await;
    let bob = world.register("Bob", "B", "bob@example.com").await;
    world.say(&ada, "=HYPERLINK(\"https://evil.example\")").await;
    world.say(&bob, "what Bob says").await;
    world.pass_until_idle().await;
    let export = world.export("ADA@example.com").await;
    assert_eq!(export["format"], "parlor-export-1");
    assert_eq!(export["email"], "ada@example.com");
    assert_eq!(export["hubspot"]["contact"], world.record(&ada).await);
    let conversation = &export["conversations"][0];
    assert_eq!(conversation["id"], ada.conversation.as_str());
    assert_eq!(conversation["visitor"]["last_name"], "Lovelace");
    assert_eq!(conversation["page"]["url"], "https://www.example.com/prices");
    assert_eq!(conversation["delivery"]["delivered_seq"], 1);
    // A48: JSON text, as it was written.
    assert_eq!(
        conversation["messages"][0]["text"],
        "=HYPERLINK(\"https://evil.example\")"
    );
    assert_eq!(conversation["messages"][0]["from"], "visitor");
    let text = export.to_string();
    assert!(!text.contains("Bob") && !text.contains("bob@"));
    let audits = world.store().audits(&tenant(), 10).await.unwrap();
    assert_eq!((audits[0].action.as_str(), audits[0].messages), ("exported", 1));
    world.forget("ada@example.com").await;
    let export = world.export("ada@example.com").await;
    assert!(export["conversations"].as_array().unwrap().is_empty() && export["hubspot"].is_null());
}
