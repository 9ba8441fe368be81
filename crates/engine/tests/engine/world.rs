//! A Parlor and a HubSpot of one's own, with time and chance in the test's hand.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parlor_engine::delivery::transcript::Rendering;
use parlor_engine::delivery::{DeliveryOptions, transcript};
use parlor_engine::erasure::{self, Journal};
use parlor_engine::identity::{IdentityOptions, Sealer};
use parlor_engine::{
    AdmissionOptions, Bus, Clock, Context, Engine, LocalBus, Portal, Random, Store, Timer, Timestamp, Visitor, Widget,
    WidgetDraft, widgets,
};
use parlor_hubspot::{Client, ClientOptions, SecretString};
use parlor_protocol::{
    ClaimedEmail, ContactCard, ConversationId, Delivery, MessageId, PageContext, RegistrationInput, TenantId,
};
use parlor_sandbox::{DEFAULT_TOKEN, Limits, RunningSandbox, Sandbox, SandboxOptions};
use parlor_store::sqlite::{OpenOptions, Restoring, Role, SqliteStore, back_up};
use parlor_store::{Coalescing, Deliveries as _, Erased, Erasures as _};
use tokio_util::sync::CancellationToken;

/// What delivery takes for the client's time-out.
pub const TIMEOUT: Duration = Duration::from_millis(300);

/// What seals secrets.
pub const SECRET_KEY: [u8; 32] = [7; 32];

/// How long after it an unclear write may still be applied.
pub const UNCLEAR_FOR: Duration = Duration::from_millis(60_300);

/// When every test begins.
pub const BEGINNING: i64 = 1_795_249_800_007;

/// A clock that stands still until it is moved, or somebody waits.
pub struct TestClock {
    now: AtomicI64,
    /// HubSpot's clock, where it goes along.
    hubspots: Option<parlor_sandbox::Clock>,
}

impl TestClock {
    fn new(hubspots: Option<parlor_sandbox::Clock>) -> Self {
        Self {
            now: AtomicI64::new(BEGINNING),
            hubspots,
        }
    }

    fn advance(&self, by: Duration) {
        self.now
            .fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
        if let Some(hubspots) = &self.hubspots {
            hubspots.advance(by);
        }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Timer for TestClock {
    fn elapsed(&self) -> Duration {
        let passed = self.now.load(Ordering::SeqCst) - BEGINNING;
        Duration::from_millis(u64::try_from(passed).unwrap_or(0))
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration.max(Duration::from_millis(1)));
        tokio::task::yield_now().await;
    }
}

/// The same numbers in every run (splitmix64).
struct Repeatable(AtomicU64);

impl Random for Repeatable {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let number = (number ^ (number >> 31)).to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
}

/// Everything together.
pub struct World {
    pub clock: Arc<TestClock>,
    random: Arc<Repeatable>,
    pub bus: Arc<LocalBus>,
    pub running: RunningSandbox,
    folder: tempfile::TempDir,
    store: Arc<SqliteStore>,
    pub engine: Arc<Engine>,
    pub widget: Widget,
    admission: AdmissionOptions,
    /// Nothing is collected unless a test is about that.
    coalescing: Coalescing,
    /// The client's true time-out: long, because a busy machine is slow; tests of answers that hang make it short and restart.
    pub patience: Duration,
}

/// Somebody who registered.
#[derive(Clone)]
pub struct Person {
    pub visitor: Visitor,
    pub conversation: ConversationId,
}

impl World {
    /// A Parlor with a good token. Limits are high, so that our own pace does not hold a test up.
    pub async fn new() -> Self {
        Self::with(Some(DEFAULT_TOKEN)).await
    }

    /// A Parlor with this token or none.
    pub async fn with(token: Option<&str>) -> Self {
        let limits = Limits {
            ten_seconds: Some(1_000_000),
            ..Limits::default()
        };
        let options = SandboxOptions {
            limits,
            ..SandboxOptions::default()
        };
        Self::build(token, options, AdmissionOptions::default()).await
    }

    /// A Parlor whose every setting is the test's.
    pub async fn build(token: Option<&str>, sandbox: SandboxOptions, admission: AdmissionOptions) -> Self {
        Self::with_clocks(token, sandbox, admission, false).await
    }

    /// One whose HubSpot's (manual) clock goes along with Parlor's, or not.
    pub async fn with_clocks(
        token: Option<&str>,
        sandbox: SandboxOptions,
        admission: AdmissionOptions,
        goes_along: bool,
    ) -> Self {
        let hubspots = sandbox.clock.clone();
        let running = Sandbox::start(sandbox).await.unwrap();
        let clock = Arc::new(TestClock::new(goes_along.then_some(hubspots)));
        let random = Arc::new(Repeatable(AtomicU64::new(7)));
        let bus = Arc::new(LocalBus::new());
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, &clock);
        let context = Context::new(clock.clone(), random.clone()).with_timer(clock.clone());
        let draft = WidgetDraft {
            origins: vec!["https://www.example.com".to_owned()],
            ..WidgetDraft::named("Demo")
        };
        let widget = widgets::add_widget(&context, store.as_ref(), &TenantId::default_tenant(), draft)
            .await
            .unwrap();
        let patience = Duration::from_secs(10);
        let client = token.map(|token| client(&running, token, patience));
        let coalescing = Coalescing::AT_ONCE;
        let portal = portal(&running, client, patience);
        let engine = engine(context, &store, &bus, admission.clone(), portal, coalescing).await;
        Self {
            clock,
            random,
            bus,
            running,
            folder,
            store,
            engine,
            widget,
            admission,
            coalescing,
            patience,
        }
    }

    /// Ends the engine and the store, and starts both again on the same file with this token.
    pub async fn restart(&mut self, token: Option<&str>) {
        self.store.close().await;
        self.store = open(&self.folder, &self.clock);
        let context = self.context();
        let client = token.map(|token| client(&self.running, token, self.patience));
        let portal = portal(&self.running, client, self.patience);
        self.engine = self.another(context, portal).await;
    }

    /// A second engine on the same store and the same HubSpot: another node.
    pub async fn another_node(&self) -> Arc<Engine> {
        let client = client(&self.running, DEFAULT_TOKEN, self.patience);
        let portal = portal(&self.running, Some(client), self.patience);
        self.another(self.context(), portal).await
    }

    async fn another(&self, context: Context, portal: Arc<Portal>) -> Arc<Engine> {
        engine(
            context,
            &self.store,
            &self.bus,
            self.admission.clone(),
            portal,
            self.coalescing,
        )
        .await
    }

    /// Starts again with messages collected this way.
    pub async fn collect(&mut self, coalescing: Coalescing) {
        self.coalescing = coalescing;
        self.restart(Some(DEFAULT_TOKEN)).await;
    }

    /// What is forgotten in this world.
    pub fn journal(&self) -> Journal {
        Journal::beside(&self.folder().join("parlor.db"), SECRET_KEY)
    }

    /// Forgets an address as `parlor forget` does.
    pub async fn forget(&self, email: &str) -> Erased {
        let (tenant, email) = (TenantId::default_tenant(), ClaimedEmail::parse(email).unwrap());
        let (context, store, journal) = (self.context(), self.store.as_ref(), self.journal());
        erasure::forget(
            &context,
            store,
            &journal,
            &tenant,
            &email,
            erasure::COMMAND_LINE,
            TIMEOUT,
        )
        .await
        .unwrap()
    }

    /// What every start does before anything is served.
    pub async fn forget_again(&self) -> usize {
        let (context, journal) = (self.context(), self.journal());
        erasure::forget_again(&context, self.store.as_ref(), &journal, TIMEOUT)
            .await
            .unwrap()
    }

    /// How many records still have to lose something.
    pub async fn erasures(&self) -> u64 {
        self.store.count_erasures(&TenantId::default_tenant()).await.unwrap()
    }

    /// Copies the database while it is in use.
    pub fn back_up(&self, name: &str) -> PathBuf {
        let target = self.folder().join(name);
        back_up(&self.folder().join("parlor.db"), &target).unwrap();
        target
    }

    /// Ends the engine and the store, puts the backup in the database's place as `parlor restore` does, and starts again.
    pub async fn restore(&mut self, backup: &Path) {
        self.store.close().await;
        let restoring = Restoring::begin(&self.folder().join("parlor.db"), backup, self.clock.now()).unwrap();
        let copy = SqliteStore::open(&OpenOptions {
            path: restoring.copy().to_owned(),
            clock: self.clock.clone(),
            role: Role::Command,
        })
        .unwrap();
        erasure::forget_again(&self.context(), &copy, &self.journal(), TIMEOUT)
            .await
            .unwrap();
        copy.doubt_everything(self.clock.now() + UNCLEAR_FOR).await.unwrap();
        copy.close().await;
        drop(copy);
        restoring
            .finish(self.clock.now())
            .unwrap()
            .expect("the old one is kept");
        self.restart(Some(DEFAULT_TOKEN)).await;
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.running.sandbox()
    }

    /// Where the database lies.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// The database on a connection of the test's own: it does there what no store does.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder().join("parlor.db")).unwrap()
    }

    /// Ends the store alone: whoever asks it anything from here on is refused.
    pub async fn close_store(&self) {
        self.store.close().await;
    }

    pub fn context(&self) -> Context {
        Context::new(self.clock.clone(), self.random.clone()).with_timer(self.clock.clone())
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Moves the clock so that it is exactly then.
    pub fn set_clock(&self, to: Timestamp) {
        let now = self.clock.now();
        if to >= now {
            self.clock.advance(to.since(now));
        } else {
            self.clock.now.store(to.millis(), Ordering::SeqCst);
        }
    }

    /// One pass; answers when the next is due.
    pub async fn pass(&self) -> Option<Timestamp> {
        let due = self.engine.delivery().pass(&CancellationToken::new()).await;
        assert!(due.is_none_or(|due| due > self.clock.now()), "due in the past");
        due
    }

    /// Passes, each when the one before said, until nothing is due any more.
    pub async fn pass_until_idle(&self) {
        for _ in 0..200 {
            match self.pass().await {
                Some(due) => self.set_clock(due),
                None => return,
            }
        }
        panic!("delivery never comes to rest: {}", self.engine.delivery().in_words());
    }

    /// A form as a person fills it in: rendered some seconds ago.
    pub fn form(&self, first: &str, last: &str, email: &str) -> RegistrationInput {
        let form = self.engine.form_stamp();
        self.advance(Duration::from_secs(5));
        RegistrationInput {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: email.to_owned(),
            website: String::new(),
            form,
        }
    }

    pub async fn register(&self, first: &str, last: &str, email: &str) -> Person {
        self.send_in(self.form(first, last, email), network(1)).await
    }

    pub async fn send_in(&self, form: RegistrationInput, network: IpAddr) -> Person {
        let page = PageContext {
            url: "https://www.example.com/prices".to_owned(),
            ..PageContext::default()
        };
        let registered = self
            .engine
            .register(&self.widget, None, network, form, page)
            .await
            .unwrap();
        let visitor = self.engine.visitor_of_widget(&self.widget, &registered.visitor).await;
        Person {
            visitor: visitor.unwrap().unwrap(),
            conversation: registered.conversation,
        }
    }

    /// Ada, as most tests need her.
    pub async fn ada(&self) -> Person {
        self.register("Ada", "Lovelace", "ada@example.com").await
    }

    pub fn message_id(&self) -> MessageId {
        self.context().message_id()
    }

    pub async fn say(&self, person: &Person, text: &str) {
        self.advance(Duration::from_millis(7));
        let id = self.message_id();
        self.engine
            .send_as_visitor(&person.visitor, &person.conversation, &id, text, None)
            .await
            .unwrap();
    }

    pub async fn card(&self, person: &Person) -> ContactCard {
        let tenant = TenantId::default_tenant();
        self.engine.card(&tenant, &person.conversation).await.unwrap().unwrap()
    }

    pub async fn delivery(&self, person: &Person) -> Delivery {
        self.card(person).await.delivery
    }

    pub async fn record(&self, person: &Person) -> String {
        self.card(person).await.hubspot.expect("it is linked").id
    }

    /// What the property of the contact with this address holds.
    pub fn value(&self, email: &str) -> String {
        self.property(email, "chat_transcript").unwrap_or_default()
    }

    pub fn property(&self, email: &str, name: &str) -> Option<String> {
        let contact = self.sandbox().contact_by_email(email).expect("the contact is there");
        contact.property(name).map(str::to_owned)
    }

    /// What the property ought to hold behind this foreign text.
    pub async fn rendering(&self, person: &Person, foreign: &str) -> String {
        let record = self.record(person).await;
        let conversations = self
            .store
            .transcript(&TenantId::default_tenant(), &record)
            .await
            .unwrap();
        match transcript::render(&conversations, 0, foreign, &[]) {
            Rendering::Value(rendered) => rendered.value.expect("there is room"),
            Rendering::Overflow(overflow) => panic!("it finds no room: {overflow:?}"),
        }
    }

    pub async fn assert_delivered(&self, person: &Person, foreign: &str) {
        let email = person.visitor.email.as_str();
        assert_eq!(self.value(email), self.rendering(person, foreign).await, "{email}");
        let delivery = self.delivery(person).await;
        assert_eq!(delivery.delivered_seq, delivery.last_seq, "{}", delivery.in_words());
    }

    /// How many calls so far had this in their path.
    pub fn calls(&self, path: &str) -> usize {
        let requests = self.sandbox().requests();
        requests.iter().filter(|request| request.path.contains(path)).count()
    }
}

pub fn network(number: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, number])
}

fn open(folder: &tempfile::TempDir, clock: &Arc<TestClock>) -> Arc<SqliteStore> {
    let options = OpenOptions {
        path: folder.path().join("parlor.db"),
        clock: clock.clone(),
        role: Role::Server,
    };
    Arc::new(SqliteStore::open(&options).unwrap())
}

pub fn client(running: &RunningSandbox, token: &str, timeout: Duration) -> Client {
    let options = ClientOptions {
        base_url: running.base_url().parse().unwrap(),
        timeout,
        ..ClientOptions::new(token.to_owned())
    };
    Client::new(options).unwrap()
}

fn portal(running: &RunningSandbox, first: Option<Client>, timeout: Duration) -> Arc<Portal> {
    let base_url: parlor_hubspot::Url = running.base_url().parse().unwrap();
    let connect = move |token: SecretString| {
        Client::new(ClientOptions {
            base_url: base_url.clone(),
            timeout,
            ..ClientOptions::new(token)
        })
    };
    Arc::new(Portal::new(first, Arc::new(connect)))
}

async fn engine(
    context: Context,
    store: &Arc<SqliteStore>,
    bus: &Arc<LocalBus>,
    admission: AdmissionOptions,
    portal: Arc<Portal>,
    coalescing: Coalescing,
) -> Arc<Engine> {
    let identity = IdentityOptions {
        tenant: TenantId::default_tenant(),
        portal: Arc::clone(&portal),
        sealer: Arc::new(Sealer::new(&SECRET_KEY)),
    };
    let delivery = DeliveryOptions {
        timeout: TIMEOUT,
        portal,
        collect: Duration::from_secs(1),
        coalescing,
        ..DeliveryOptions::new(None)
    };
    let bus: Arc<dyn Bus> = bus.clone();
    Arc::new(
        Engine::new(context, store.clone(), bus, admission, delivery, identity)
            .await
            .unwrap(),
    )
}
