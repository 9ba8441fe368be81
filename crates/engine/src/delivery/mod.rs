//! Delivery: what was said reaches the HubSpot contact, once and in order, however often anything fails.
//!
//! The store is the truth; the property is rendered from it and replaced whole. One pass looks for addresses that wait for
//! their contact, finds or creates those, then writes the records that have something new, up to a hundred a call. A pass ends
//! when nothing is due, or when HubSpot as a whole cannot be worked with for a while; then it says when to come back.
//! `docs/architecture.md` tells the whole story.

mod erase;
mod expire;
mod notes;
mod pace;
mod property;
mod read;
mod resolve;
mod restored;
pub mod transcript;
mod write;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use parlor_hubspot::{AccountDetails, Class, Client, ContactId, Error, RateLimitPolicy, Retry};
use parlor_protocol::{ConversationId, TenantId};
use parlor_store::{Store, StoreError, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::delivery::pace::Pace;
use crate::{Bus, Context, Event, Topic};

/// How delivery works.
#[derive(Clone)]
pub struct DeliveryOptions {
    /// Whose conversations.
    pub tenant: TenantId,
    /// HubSpot; absent while there is no token.
    pub client: Option<Client>,
    /// The request's whole time-out, as the client has it: how long an unclear write may still be under way.
    pub timeout: Duration,
    /// The contact property's name.
    pub property: String,
    /// The address of a record's page, with `{id}`; absent, it is made from the account's details.
    pub record_url: Option<String>,
    /// How long new messages are collected before a pass, so that a burst is one write.
    pub collect: Duration,
}

impl DeliveryOptions {
    /// The usual, for a client.
    #[must_use]
    pub fn new(client: Option<Client>) -> Self {
        Self {
            tenant: TenantId::default_tenant(),
            client,
            timeout: Duration::from_secs(10),
            property: "chat_transcript".to_owned(),
            record_url: None,
            collect: Duration::from_secs(1),
        }
    }
}

/// Why HubSpot as a whole is not written to at present.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trouble {
    until: Timestamp,
    /// In words for a rep or an operator: `HubSpot answers 429`.
    words: String,
    /// How often in a row.
    times: u32,
}

/// The delivery of one tenant to one portal.
pub struct Delivery {
    context: Context,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    options: DeliveryOptions,
    pace: Pace,
    nudged: Notify,
    trouble: RwLock<Option<Trouble>>,
    account: RwLock<Option<AccountDetails>>,
    /// Why the account could not be learnt when somebody asked for it, and until when HubSpot is not asked again.
    account_trouble: tokio::sync::Mutex<Option<(Timestamp, String)>>,
    property_is_there: AtomicBool,
    /// Whether what an earlier run of the program left under way has been taken into account.
    has_recovered: AtomicBool,
    /// When conversations whose time is over are looked for next, in milliseconds.
    expires_at: AtomicI64,
}

/// A pass ends early for one of these.
#[derive(Debug, thiserror::Error)]
enum Stop {
    /// HubSpot as a whole cannot be worked with until the moment given.
    #[error("{0}")]
    Portal(String, Duration),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was unclear about a write, a minute beyond the time-out, has been applied or never will be.
const UNCLEAR_MARGIN: Duration = Duration::from_mins(1);

/// How long after it was asked for something that is under way may still be applied by HubSpot.
#[must_use]
pub fn unclear_for(timeout: Duration) -> Duration {
    timeout + UNCLEAR_MARGIN
}

/// Between two passes, when something was due at once again.
const LEAST_REST: Duration = Duration::from_millis(50);

/// How often delivery looks for work that nobody told it of.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long nobody else asks for the account after HubSpot did not tell.
const ACCOUNT_REST: Duration = Duration::from_secs(30);

/// How many addresses or records one step takes: HubSpot's batch limit.
const BATCH: usize = parlor_hubspot::MAX_BATCH_INPUTS;

/// When at least so many are asked for and HubSpot refuses every one, something is wrong that has nothing to do with them.
const EVERY_ONE: usize = 10;

impl Delivery {
    pub(crate) fn new(context: Context, store: Arc<dyn Store>, bus: Arc<dyn Bus>, options: DeliveryOptions) -> Self {
        Self {
            context,
            store,
            bus,
            options,
            pace: Pace::new(),
            nudged: Notify::new(),
            trouble: RwLock::new(None),
            account: RwLock::new(None),
            account_trouble: tokio::sync::Mutex::default(),
            property_is_there: AtomicBool::new(false),
            has_recovered: AtomicBool::new(false),
            expires_at: AtomicI64::new(0),
        }
    }

    /// Says that there may be something to do.
    pub fn nudge(&self) {
        self.nudged.notify_one();
    }

    /// Whose conversations are delivered.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.options.tenant
    }

    /// The time-out of a request to HubSpot.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// Whether there is a token to work with.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.options.client.is_some()
    }

    /// Why HubSpot is not written to at present, in words; absent when all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.read().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().map(|trouble| trouble.words.clone())
    }

    /// The state of the whole in one line, for the inbox.
    #[must_use]
    pub fn in_words(&self) -> String {
        if !self.is_connected() {
            return "No HubSpot token: everything is kept here and delivered later.".to_owned();
        }
        if let Some(trouble) = self.trouble() {
            return format!("Waiting: {trouble}");
        }
        let account = self.account.read().unwrap_or_else(PoisonError::into_inner);
        account.as_ref().map_or_else(
            || "HubSpot: connected".to_owned(),
            |account| format!("HubSpot: connected, portal {}", account.portal_id),
        )
    }

    /// The account that the token belongs to: as it is known, else HubSpot is asked, once however many ask at a time.
    ///
    /// # Errors
    /// Why it is not known, in words for an operator.
    pub async fn account(&self) -> Result<AccountDetails, String> {
        let known = || self.account.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(account) = known() {
            return Ok(account);
        }
        let Some(client) = &self.options.client else {
            return Err("there is no HubSpot token; set HUBSPOT_ACCESS_TOKEN and start Parlor again".to_owned());
        };
        let mut trouble = self.account_trouble.lock().await;
        if let Some(account) = known() {
            return Ok(account);
        }
        if let Some((_, words)) = trouble.as_ref().filter(|(until, _)| *until > self.context.now()) {
            return Err(words.clone());
        }
        self.pace.turn().await;
        match client.account().details().await {
            Ok(details) => {
                *self.account.write().unwrap_or_else(PoisonError::into_inner) = Some(details.clone());
                Ok(details)
            }
            Err(error) => {
                let words = portal_trouble(&error).to_string();
                *trouble = Some((self.context.now() + ACCOUNT_REST, words.clone()));
                Err(words)
            }
        }
    }

    /// The page of a record in HubSpot, once the portal is known.
    #[must_use]
    pub fn record_url(&self, record: &str) -> Option<String> {
        if let Some(template) = &self.options.record_url {
            return Some(template.replace("{id}", record));
        }
        let id: ContactId = record.parse().ok()?;
        let account = self.account.read().unwrap_or_else(PoisonError::into_inner);
        Some(account.as_ref()?.contact_url(&id)?.to_string())
    }

    /// Works until told to stop: after a nudge, and whenever something falls due. Ends between two calls, never within one.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let due = self.pass(&stop).await;
            // Nobody should have to be told twice: what a nudge was lost for is found at the next look.
            let wait = due.map_or(LOOK_EVERY, |due| {
                due.since(self.context.now()).clamp(LEAST_REST, LOOK_EVERY)
            });
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.nudged.notified() => {
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(self.options.collect) => {}
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One pass. Answers when the next is due, which is never before `collect` has passed; `None` when only a nudge makes another
    /// of use.
    pub async fn pass(&self, stop: &CancellationToken) -> Option<Timestamp> {
        let client = self.options.client.as_ref()?;
        if let Some(until) = self.blocked_until() {
            return Some(until);
        }
        let outcome = self.work(client, stop).await;
        self.pace.learn(client.last_rate_limit());
        match outcome {
            Ok(()) => {
                self.set_trouble(None);
                let now = self.context.now();
                match self.store.next_due(&self.options.tenant).await {
                    // What is due at once again came in during the pass, and is collected like anything new.
                    Ok(Some(due)) if due <= now => Some(now + self.options.collect.max(LEAST_REST)),
                    Ok(due) => due,
                    Err(error) => Some(self.store_failed(&error)),
                }
            }
            Err(Stop::Portal(words, wait)) => {
                // The words are for reps: HubSpot's own may name an address, and no address belongs in the log.
                tracing::warn!(
                    wait_ms = wait.as_millis(),
                    "HubSpot is not written to for a while; the inbox says why"
                );
                Some(self.block(words, wait))
            }
            Err(Stop::Store(error)) => Some(self.store_failed(&error)),
        }
    }

    async fn work(&self, client: &Client, stop: &CancellationToken) -> Result<(), Stop> {
        self.recover().await?;
        self.revive_erasures().await?;
        self.learn_account(client).await?;
        self.ensure_property(client).await?;
        // Ends: each address taken up is linked, refused or put off, so that it is not pending now any more.
        while !stop.is_cancelled() && self.resolve_addresses(client).await? {}
        // Ends: each record is taken up once a pass, whatever is said in it meanwhile.
        let mut handled = HashSet::new();
        while !stop.is_cancelled() && self.write_records(client, &mut handled).await? {}
        self.expire().await
    }

    /// Once: a write that was under way when the program ended may have been applied, or may still be. Its record is
    /// unconfirmed like after any other unclear write.
    async fn recover(&self) -> Result<(), Stop> {
        if self.has_recovered.load(Ordering::Relaxed) {
            return Ok(());
        }
        let now = self.context.now();
        let unclear_for = self.options.timeout + UNCLEAR_MARGIN;
        self.store
            .suspect_values_sent_since(&self.options.tenant, now - unclear_for, now + unclear_for)
            .await?;
        self.has_recovered.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Learns which portal the token belongs to, for links. Not being told is no reason to wait.
    async fn learn_account(&self, client: &Client) -> Result<(), Stop> {
        if self.account.read().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        self.pace.turn().await;
        match client.account().details().await {
            Ok(details) => {
                *self.account.write().unwrap_or_else(PoisonError::into_inner) = Some(details);
                Ok(())
            }
            Err(error) => match error.class() {
                Class::Token | Class::RateLimited { .. } | Class::Connect => Err(portal_trouble(&error)),
                _ => Ok(()),
            },
        }
    }

    fn blocked_until(&self) -> Option<Timestamp> {
        let trouble = self.trouble.read().unwrap_or_else(PoisonError::into_inner);
        trouble
            .as_ref()
            .map(|trouble| trouble.until)
            .filter(|until| *until > self.context.now())
    }

    /// Leaves HubSpot alone for at least `wait`, longer each time in a row, with full jitter so that many do not come back at once.
    fn block(&self, words: String, wait: Duration) -> Timestamp {
        let times = {
            let trouble = self.trouble.read().unwrap_or_else(PoisonError::into_inner);
            trouble.as_ref().map_or(0, |trouble| trouble.times) + 1
        };
        let longer = Duration::from_secs(1 << times.min(8)).min(Duration::from_mins(4));
        let jitter = Duration::from_millis(
            self.context
                .below(u64::try_from(longer.as_millis()).unwrap_or(u64::MAX)),
        );
        let until = self.context.now() + wait + jitter;
        self.set_trouble(Some(Trouble { until, words, times }));
        until
    }

    fn set_trouble(&self, now: Option<Trouble>) {
        metrics::gauge!("parlor_delivery_blocked").set(if now.is_some() { 1.0 } else { 0.0 });
        let before = {
            let mut trouble = self.trouble.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *trouble, now.clone())
        };
        if before.map(|trouble| trouble.words) != now.map(|trouble| trouble.words) {
            self.bus
                .publish(&Topic::Inbox(self.options.tenant.clone()), Event::Delivery(None));
        }
    }

    fn store_failed(&self, error: &StoreError) -> Timestamp {
        tracing::error!(%error, "delivery could not read or note its state; it tries again");
        self.context.now() + Duration::from_secs(5)
    }

    /// Tells the inbox that HubSpot knows more of these conversations.
    fn tell(&self, conversations: impl IntoIterator<Item = ConversationId>) {
        let topic = Topic::Inbox(self.options.tenant.clone());
        if self.bus.is_followed(&topic) {
            for conversation in conversations {
                self.bus.publish(&topic, Event::Delivery(Some(conversation)));
            }
        }
    }
}

/// What an error of HubSpot as a whole means for the pass.
fn portal_trouble(error: &Error) -> Stop {
    let words = match error.class() {
        Class::RateLimited {
            policy: RateLimitPolicy::Daily,
        } => "HubSpot answers 429: the day's calls are used up".to_owned(),
        Class::Token => "HubSpot answers 401: the token is not valid; set a new one and start again".to_owned(),
        Class::Permission { scopes } if scopes.is_empty() => {
            "HubSpot answers 403: the token may not do this".to_owned()
        }
        Class::Permission { scopes } => format!("HubSpot answers 403: the token lacks {}", scopes.join(", ")),
        Class::Timeout => "HubSpot does not answer in time".to_owned(),
        Class::Connect => "HubSpot cannot be reached".to_owned(),
        Class::Interrupted => "the connection to HubSpot broke".to_owned(),
        Class::Redirect { .. } => "HubSpot's address redirects: check HUBSPOT_BASE_URL".to_owned(),
        _ => match error.status() {
            Some(status) => format!("HubSpot answers {status}"),
            None => "HubSpot answers what it should not".to_owned(),
        },
    };
    let wait = match error.retry() {
        Retry::After(wait) => wait,
        // A person has to change something: a minute is soon enough to notice, and seldom enough not to hammer.
        Retry::Later | Retry::No => Duration::from_mins(1),
    };
    tracing::warn!(%error, "a call to HubSpot failed");
    Stop::Portal(words, wait)
}

/// What HubSpot said of one contact, for a rep: its own words, which may name the address that the rep sees anyway.
fn words_of(message: Option<&str>, category: Option<&str>) -> String {
    let words = message.or(category).unwrap_or("HubSpot gave no reason");
    words.chars().take(300).collect()
}
