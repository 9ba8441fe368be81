//! What the tests stand on: a backend with an empty database, a clock moved by hand, and short ways to say things.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parlor_protocol::{
    ClaimedEmail, ConversationId, MessageId, MessageText, PageContext, PersonName, RepId, TenantId, VisitorId,
    WidgetId, WidgetKey,
};
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};
use parlor_store::{
    Append, AppendOutcome, Appended, Clock, LauncherPosition, NewRep, NewVisitor, NewWidget, SecretHash, Store,
    StoreError, Timestamp, Writer,
};
use tempfile::TempDir;

/// A kind of database. It lives as long as this value; a store on it may be opened, dropped and opened again.
pub trait Backend: Send + Sync + 'static {
    /// An empty database.
    fn empty() -> Self
    where
        Self: Sized;
    /// Opens it.
    fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store>;
}

pub struct Sqlite(TempDir);

impl Backend for Sqlite {
    fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        let path = self.0.path().join("parlor.db");
        Arc::new(
            SqliteStore::open(&OpenOptions {
                path,
                clock,
                role: Role::Server,
            })
            .unwrap(),
        )
    }
}

/// A clock that stands until it is moved.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }

    pub fn advance(&self, duration: Duration) {
        self.0
            .fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The moment at which every test begins.
pub const BEGINNING: i64 = 1_795_249_800_000;

pub struct World {
    backend: Box<dyn Backend>,
    pub store: Arc<dyn Store>,
    pub clock: ManualClock,
    pub tenant: TenantId,
    pub widget: WidgetId,
    pub rep: RepId,
}

/// A visitor and their conversation.
#[derive(Clone)]
pub struct Registered {
    pub tenant: TenantId,
    pub visitor: VisitorId,
    pub conversation: ConversationId,
    pub code: SecretHash,
    pub change: u64,
    pub is_new: bool,
}

impl World {
    pub async fn new<B: Backend>() -> Self {
        let backend: Box<dyn Backend> = Box::new(B::empty());
        let clock = ManualClock(Arc::new(AtomicI64::new(BEGINNING)));
        let store = backend.open(Arc::new(clock.clone()));
        let mut world = Self {
            backend,
            store,
            clock,
            tenant: TenantId::default_tenant(),
            widget: WidgetId::parse(uuid()).unwrap(),
            rep: RepId::parse(uuid()).unwrap(),
        };
        world.widget = world.add_widget(&world.tenant.clone()).await;
        world.rep = world.add_rep(&world.tenant.clone(), "rep@example.com").await;
        world
    }

    /// Lets go of the store and opens it again.
    pub fn restart(self) -> Self {
        let Self {
            backend,
            store,
            clock,
            tenant,
            widget,
            rep,
        } = self;
        drop(store);
        let store = backend.open(Arc::new(clock.clone()));
        Self {
            backend,
            store,
            clock,
            tenant,
            widget,
            rep,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn add_widget(&self, tenant: &TenantId) -> WidgetId {
        let widget = widget(&format!("widget {}", number()));
        let id = widget.id.clone();
        self.store.add_widget(tenant, widget).await.unwrap();
        id
    }

    pub async fn add_rep(&self, tenant: &TenantId, email: &str) -> RepId {
        let rep = rep(email);
        let id = rep.id.clone();
        self.store.add_rep(tenant, rep).await.unwrap();
        id
    }

    pub async fn register(&self, email: &str) -> Registered {
        self.register_as(self.visitor(email)).await.unwrap()
    }

    pub async fn register_held(&self, email: &str) -> Registered {
        self.register_as(NewVisitor {
            held: true,
            ..self.visitor(email)
        })
        .await
        .unwrap()
    }

    pub async fn register_as(&self, visitor: NewVisitor) -> Result<Registered, StoreError> {
        let code = visitor.code.0;
        let stored = self.store.register(&self.tenant, visitor).await?;
        Ok(Registered {
            tenant: self.tenant.clone(),
            visitor: stored.visitor,
            conversation: stored.conversation,
            code,
            change: stored.change,
            is_new: stored.is_new,
        })
    }

    pub fn visitor(&self, email: &str) -> NewVisitor {
        NewVisitor {
            id: VisitorId::parse(uuid()).unwrap(),
            conversation: ConversationId::parse(uuid()).unwrap(),
            widget: self.widget.clone(),
            first_name: PersonName::parse("Ada").unwrap(),
            last_name: Some(PersonName::parse("Lovelace").unwrap()),
            email: self::email(email),
            page: PageContext {
                url: "https://example.com/prices".into(),
                ..PageContext::default()
            },
            held: false,
            code: (hash(number()), self.now() + Duration::from_secs(60)),
            form: None,
        }
    }

    /// The visitor says something.
    pub async fn say(&self, who: &Registered, text: &str) -> Appended {
        stored(self.store.append(by_visitor(who, text)).await.unwrap())
    }

    /// The rep answers.
    pub async fn answer(&self, whom: &Registered, text: &str) -> Appended {
        stored(self.store.append(self.by_rep(whom, text)).await.unwrap())
    }

    pub fn by_rep(&self, whom: &Registered, text: &str) -> Append {
        Append {
            writer: Writer::Rep(self.rep.clone()),
            name: "Grace".into(),
            ..by_visitor(whom, text)
        }
    }
}

/// A message of the visitor in their own conversation, with a new id.
pub fn by_visitor(who: &Registered, text: &str) -> Append {
    Append {
        tenant: who.tenant.clone(),
        conversation: who.conversation.clone(),
        writer: Writer::Visitor(who.visitor.clone()),
        name: "Ada Lovelace".into(),
        id: message_id(),
        text: MessageText::parse(text).unwrap(),
    }
}

pub fn stored(outcome: AppendOutcome) -> Appended {
    match outcome {
        AppendOutcome::Stored(appended) => appended,
        other => panic!("not stored: {other:?}"),
    }
}

pub fn widget(name: &str) -> NewWidget {
    NewWidget {
        id: WidgetId::parse(uuid()).unwrap(),
        key: WidgetKey::parse(format!("key{:013}", number())).unwrap(),
        name: name.into(),
        origins: vec!["https://www.example.com".into(), "http://localhost:3001".into()],
        last_name_required: true,
        accent: "#336699".into(),
        greeting: "Hello?".into(),
        position: LauncherPosition::Start,
    }
}

pub fn rep(address: &str) -> NewRep {
    NewRep {
        id: RepId::parse(uuid()).unwrap(),
        email: email(address),
        name: "Grace".into(),
        password_hash: "$argon2id$v=19$first".into(),
    }
}

pub fn email(address: &str) -> ClaimedEmail {
    ClaimedEmail::parse(address).unwrap()
}

pub fn message_id() -> MessageId {
    MessageId::parse(uuid::Uuid::new_v4().to_string()).unwrap()
}

pub fn uuid() -> String {
    uuid::Uuid::now_v7().to_string()
}

pub fn hash(number: u64) -> SecretHash {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    SecretHash(hash)
}

/// A number nobody had yet.
pub fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
