//! Delivery to HubSpot in virtual time: how many calls it takes, and how soon a message is there. The engine, its store and the
//! sandbox are real; the clock is moved from one event to the next, and on by 200 ms for each call.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use parlor_engine::delivery::{DeliveryOptions, FAST, USUAL};
use parlor_engine::identity::{IdentityOptions, Sealer};
use parlor_engine::widgets::add_widget;
use parlor_engine::{
    AdmissionOptions, Clock, Context, Engine, LocalBus, OsRandom, Store, Timer, Timestamp, Visitor, Widget, WidgetDraft,
};
use parlor_hubspot::{Client, ClientOptions};
use parlor_protocol::{ConversationId, PageContext, RegistrationInput, TenantId};
use parlor_sandbox::{DEFAULT_TOKEN, Limits, RunningSandbox, Sandbox, SandboxOptions};
use parlor_store::Coalescing;
use parlor_store::sqlite::{OpenOptions, Role, SqliteStore};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::percentiles::Percentiles;

/// Contacts that chat at once, and how far apart each one's messages are.
pub const CONTACTS: usize = 1_000;
const GAP: Duration = Duration::from_secs(10);
const LASTS: Duration = Duration::from_mins(10);
/// Messages of a chat by itself, with a median gap of six seconds.
pub const LONE: usize = 400;
/// What a call takes.
const CALL: Duration = Duration::from_millis(200);
/// Messages that fall into one tick are said at its end.
const TICK: Duration = Duration::from_millis(250);

/// What a run took.
#[derive(Serialize)]
pub struct Delivered {
    pub messages: usize,
    pub calls: usize,
    /// From the acknowledgement until HubSpot has it.
    pub lag: Percentiles,
}

impl Delivered {
    #[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
    pub fn calls_each(&self) -> f64 {
        self.calls as f64 / self.messages as f64
    }
}

#[derive(Serialize)]
pub struct Delivery {
    pub many: Delivered,
    pub many_fast: Delivered,
    pub lone: Delivered,
}

/// Measures all of them; `folder` is for the databases.
pub async fn measure(folder: &Path) -> anyhow::Result<Delivery> {
    Ok(Delivery {
        many: many(folder, USUAL).await?,
        many_fast: many(folder, FAST).await?,
        lone: lone(folder).await?,
    })
}

async fn many(folder: &Path, coalescing: Coalescing) -> anyhow::Result<Delivered> {
    let mut world = World::new(folder, coalescing).await?;
    for number in 0..CONTACTS {
        world.register(number).await?;
    }
    let begin = world.time.now();
    let each = LASTS.as_millis() / GAP.as_millis();
    let mut plan: Vec<(Timestamp, usize)> = (0..CONTACTS)
        .flat_map(|contact| {
            // Everybody begins at another moment of the first ten seconds.
            let phase = GAP * u32::try_from(contact).unwrap_or(0) / u32::try_from(CONTACTS).unwrap_or(1);
            (0..each).map(move |number| (begin + phase + GAP * u32::try_from(number).unwrap_or(0), contact))
        })
        .collect();
    plan.sort_unstable();
    world.hold(plan).await
}

async fn lone(folder: &Path) -> anyhow::Result<Delivered> {
    let mut world = World::new(folder, USUAL).await?;
    world.register(0).await?;
    let mut at = world.time.now();
    let mut plan = Vec::new();
    for number in 0..LONE {
        plan.push((at, 0));
        at = at + gap(number);
    }
    world.hold(plan).await
}

/// Log-normal gaps with a median of six seconds, the same in every run: half of them between four and nine seconds, one in
/// twenty over sixteen.
fn gap(number: usize) -> Duration {
    const QUANTILES: [f64; 20] = [
        -1.96, -1.44, -1.15, -0.93, -0.76, -0.60, -0.45, -0.32, -0.19, -0.06, 0.06, 0.19, 0.32, 0.45, 0.60, 0.76, 0.93,
        1.15, 1.44, 1.96,
    ];
    let quantile = QUANTILES[number * 7 % QUANTILES.len()];
    Duration::from_secs_f64(6.0 * (0.6_f64 * quantile).exp())
}

struct VirtualTime(AtomicI64);

impl VirtualTime {
    fn set(&self, to: Timestamp) {
        self.0.fetch_max(to.millis(), Ordering::SeqCst);
    }
}

impl Clock for VirtualTime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

const BEGINNING: i64 = 1_795_249_800_000;

#[async_trait]
impl Timer for VirtualTime {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().millis() - BEGINNING).unwrap_or(0))
    }

    async fn sleep(&self, duration: Duration) {
        self.set(self.now() + duration);
    }
}

struct World {
    time: Arc<VirtualTime>,
    hubspot: RunningSandbox,
    engine: Engine,
    widget: Widget,
    people: Vec<(Visitor, ConversationId)>,
    folder: tempfile::TempDir,
}

impl World {
    async fn new(folder: &Path, coalescing: Coalescing) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(folder)?;
        let time = Arc::new(VirtualTime(AtomicI64::new(BEGINNING)));
        let hubspot = Sandbox::start(SandboxOptions {
            limits: Limits::off(),
            logged_requests: 100_000,
            ..SandboxOptions::default()
        })
        .await?;
        let context = Context::new(time.clone(), Arc::new(OsRandom)).with_timer(time.clone());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&OpenOptions {
            path: folder.path().join("delivery.db"),
            clock: time.clone(),
            role: Role::Server,
        })?);
        let mut options = ClientOptions::new(DEFAULT_TOKEN);
        options.base_url = hubspot.base_url().parse()?;
        let delivery = DeliveryOptions {
            coalescing,
            ..DeliveryOptions::new(Some(Client::new(options)?))
        };
        let identity = IdentityOptions {
            tenant: TenantId::default_tenant(),
            portal: Arc::clone(&delivery.portal),
            sealer: Arc::new(Sealer::new(&context.random())),
        };
        let draft = WidgetDraft::named("Bench");
        let widget = add_widget(&context, store.as_ref(), &TenantId::default_tenant(), draft).await?;
        let engine = Engine::new(
            context,
            store,
            Arc::new(LocalBus::new()),
            AdmissionOptions::default(),
            delivery,
            identity,
        )
        .await?;
        Ok(Self {
            time,
            hubspot,
            engine,
            widget,
            people: Vec::new(),
            folder,
        })
    }

    async fn register(&mut self, number: usize) -> anyhow::Result<()> {
        let form = RegistrationInput {
            first_name: "Ada".to_owned(),
            last_name: format!("Lovelace {number}"),
            email: format!("ada{number}@example.com"),
            website: String::new(),
            form: self.engine.form_stamp(),
        };
        self.time.set(self.time.now() + Duration::from_secs(5));
        let network = IpAddr::V4(Ipv4Addr::from(0x0b00_0000 + u32::try_from(number)? * 256));
        let registered = self
            .engine
            .register(&self.widget, None, network, form, PageContext::default())
            .await?;
        let visitor = self.engine.visitor_of_widget(&self.widget, &registered.visitor).await?;
        self.people
            .push((visitor.context("the visitor is there")?, registered.conversation));
        Ok(())
    }

    /// Says everything at its time, and delivers whenever that is due, until all of it is delivered.
    async fn hold(self, plan: Vec<(Timestamp, usize)>) -> anyhow::Result<Delivered> {
        let messages = plan.len();
        let before = self.calls();
        let mut plan = plan.into_iter().peekable();
        // Of each conversation: when each message was said that HubSpot does not have yet, by seq.
        let mut waiting: BTreeMap<usize, Vec<(u64, Timestamp)>> = BTreeMap::new();
        let mut lags = Vec::with_capacity(messages);
        let mut due = Some(self.time.now());
        while lags.len() < messages {
            let next = plan.peek().map(|(at, _)| *at + TICK);
            match (next, due) {
                (Some(next), due) if due.is_none_or(|due| next < due) => {
                    self.time.set(next);
                    while let Some((at, who)) = plan.next_if(|(at, _)| *at <= next) {
                        let seq = self.say(who).await?;
                        waiting.entry(who).or_default().push((seq, at));
                    }
                }
                (_, Some(due)) => self.time.set(due),
                (_, None) => anyhow::bail!("delivery rests, and not all is delivered"),
            }
            let calls = self.calls();
            due = self.engine.delivery().pass(&CancellationToken::new()).await;
            let calls = u32::try_from(self.calls() - calls)?;
            if calls > 0 {
                self.time.set(self.time.now() + CALL * calls);
                self.note_delivered(&mut waiting, &mut lags).await?;
            }
        }
        let calls = self.calls() - before;
        self.hubspot.stop().await?;
        drop(self.folder);
        Ok(Delivered {
            messages,
            calls,
            lag: Percentiles::of(lags),
        })
    }

    async fn say(&self, who: usize) -> anyhow::Result<u64> {
        let (visitor, conversation) = &self.people[who];
        let id = self.engine.context().message_id();
        let text = "Could you tell me more about that?";
        let sent = self
            .engine
            .send_as_visitor(visitor, conversation, &id, text, None)
            .await?;
        Ok(sent.message.seq)
    }

    async fn note_delivered(
        &self,
        waiting: &mut BTreeMap<usize, Vec<(u64, Timestamp)>>,
        lags: &mut Vec<Duration>,
    ) -> anyhow::Result<()> {
        let now = self.time.now();
        for (who, messages) in waiting.iter_mut().filter(|(_, messages)| !messages.is_empty()) {
            let store = self.engine.store();
            let reached = store
                .delivery_of(&TenantId::default_tenant(), &self.people[*who].1)
                .await?;
            let reached = reached.context("the conversation is there")?.delivered_seq;
            messages.retain(|(seq, at)| {
                let is_delivered = *seq <= reached;
                if is_delivered {
                    lags.push(now.since(*at));
                }
                !is_delivered
            });
        }
        Ok(())
    }

    fn calls(&self) -> usize {
        self.hubspot.sandbox().requests().len()
    }
}
