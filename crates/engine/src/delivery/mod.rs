//! Delivery: what was said reaches the HubSpot contact, once and in order, however often anything fails.
//!
//! The store is the truth; the property is rendered from it and replaced whole. One pass looks for addresses that wait for
//! their contact, finds or creates those, then writes the records that have something due, up to a hundred a call. A pass ends
//! when nothing is due, or when HubSpot as a whole cannot be worked with for a while; then it says when to come back.
//! `docs/architecture.md` tells the whole story.

mod account;
mod breaker;
mod dead_letters;
mod draft;
mod erase;
mod expire;
mod failure;
mod lease;
mod measures;
mod notes;
mod property;
mod read;
mod resolve;
mod restored;
mod run;
mod summaries;
pub mod transcript;
mod write;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use parlor_hubspot::{AccountDetails, Client, ContactId, Error};
use parlor_protocol::{ConversationId, TenantId};
use parlor_store::{Coalescing, Store, Timestamp};
use tokio::sync::Notify;

pub(crate) use self::account::other_portal;
use self::breaker::Breaker;
use self::failure::{Stop, portal_trouble, reason_of, reason_of_portal, words_of};
use self::lease::{Hold, Lease};
use crate::budget::{Budget, NoTurn, Share};
use crate::portal::Portal;
use crate::{Bus, Context, Event, Topic};

/// How delivery works.
#[derive(Clone)]
pub struct DeliveryOptions {
    /// Whose conversations.
    pub tenant: TenantId,
    /// The way to HubSpot.
    pub portal: Arc<Portal>,
    /// The request's whole time-out, as the client has it: how long an unclear write may still be under way.
    pub timeout: Duration,
    /// The contact property's name.
    pub property: String,
    /// The address of a record's page, with `{id}`; absent, it is made from the account's details.
    pub record_url: Option<String>,
    /// How long a nudge waits for others, so that a burst is one look at what is due.
    pub collect: Duration,
    /// How long what was said is collected, so that many messages are one write.
    pub coalescing: Coalescing,
    /// Whether the end of a conversation is summed up in a note on the contact's timeline.
    pub summaries: bool,
}

/// Reps can live with it, and so can HubSpot's property history.
pub const USUAL: Coalescing = Coalescing {
    first: Duration::from_millis(500),
    quiet: Duration::from_secs(10),
    most: Duration::from_secs(30),
};

/// Soon in HubSpot, for three to four times the calls.
pub const FAST: Coalescing = Coalescing {
    first: Duration::from_millis(500),
    quiet: Duration::from_secs(2),
    most: Duration::from_secs(4),
};

/// Few calls and few entries in the property's history.
pub const FRUGAL: Coalescing = Coalescing {
    first: Duration::from_millis(500),
    quiet: Duration::from_mins(1),
    most: Duration::from_mins(5),
};

impl DeliveryOptions {
    /// The usual, for a client that is never replaced.
    #[must_use]
    pub fn new(client: Option<Client>) -> Self {
        Self {
            tenant: TenantId::default_tenant(),
            portal: Arc::new(Portal::fixed(client)),
            timeout: Duration::from_secs(10),
            property: "chat_transcript".to_owned(),
            record_url: None,
            collect: Duration::from_millis(200),
            coalescing: USUAL,
            summaries: true,
        }
    }
}

/// The delivery of one tenant to one portal.
pub struct Delivery {
    context: Context,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    options: DeliveryOptions,
    budget: Arc<Budget>,
    breaker: Breaker,
    lease: Lease,
    nudged: Notify,
    account: RwLock<Option<AccountDetails>>,
    /// Why the account could not be learnt when it was last asked for, and until when HubSpot is not asked again.
    account_trouble: tokio::sync::Mutex<Option<(Timestamp, String)>>,
    property_is_there: AtomicBool,
    /// Another process delivers.
    is_elsewhere: AtomicBool,
    /// Since when HubSpot as a whole has been away, over restarts.
    away_since: Mutex<Option<Timestamp>>,
    /// HubSpot has just shown that it works: what fails now may be a single contact's matter.
    is_isolating: AtomicBool,
    /// When HubSpot last took a write.
    last_written: Mutex<Option<Timestamp>>,
    /// When conversations whose time is over are looked for next, in milliseconds.
    expires_at: AtomicI64,
}

/// What was unclear about a write, a minute beyond the time-out, has been applied or never will be.
const UNCLEAR_MARGIN: Duration = Duration::from_mins(1);

/// How long after it was asked for something that is under way may still be applied by HubSpot.
#[must_use]
pub fn unclear_for(timeout: Duration) -> Duration {
    timeout + UNCLEAR_MARGIN
}

/// How many addresses or records one step takes: HubSpot's batch limit.
const BATCH: usize = parlor_hubspot::MAX_BATCH_INPUTS;

/// When at least so many are asked for and HubSpot refuses every one, something is wrong that has nothing to do with them.
const EVERY_ONE: usize = 10;

/// Longer than that no call waits for its turn: the pass ends, and comes back then.
const TURN_WITHIN: Duration = Duration::from_secs(15);

impl Delivery {
    pub(crate) fn new(
        context: Context,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        budget: Arc<Budget>,
        options: DeliveryOptions,
    ) -> Self {
        Self {
            breaker: Breaker::new(context.clone()),
            lease: Lease::new(&context, options.timeout),
            context,
            store,
            bus,
            options,
            budget,
            nudged: Notify::new(),
            account: RwLock::new(None),
            account_trouble: tokio::sync::Mutex::default(),
            property_is_there: AtomicBool::new(false),
            is_elsewhere: AtomicBool::new(false),
            away_since: Mutex::new(None),
            is_isolating: AtomicBool::new(false),
            last_written: Mutex::new(None),
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
        self.options.portal.client().is_some()
    }

    /// Why HubSpot is not written to at present, in words; absent when all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.breaker.words()
    }

    /// The state of the whole in one line, for the inbox.
    #[must_use]
    pub fn in_words(&self) -> String {
        if !self.is_connected() {
            return "No HubSpot token: everything is kept here and delivered later.".to_owned();
        }
        if let Some(trouble) = self.trouble() {
            return match self.breaker.open_since() {
                Some(since) => format!("Waiting since {} UTC, with a try now and then: {trouble}", shown(since)),
                None => format!("Waiting: {trouble}"),
            };
        }
        if self.is_elsewhere.load(Ordering::Relaxed) {
            return "Another Parlor server delivers to HubSpot at present.".to_owned();
        }
        let account = self.account.read().unwrap_or_else(PoisonError::into_inner);
        let connected = account.as_ref().map_or_else(
            || "HubSpot: connected".to_owned(),
            |account| format!("HubSpot: connected, portal {}", account.portal_id),
        );
        match self.budget.day_in_words() {
            Some(day) => format!("{connected}. {day}"),
            None => connected,
        }
    }

    /// The account as far as it is known already: nobody is asked.
    #[must_use]
    pub fn known_account(&self) -> Option<AccountDetails> {
        self.account.read().unwrap_or_else(PoisonError::into_inner).clone()
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

    /// Makes a call: in its turn, while this process is the one writer, with what its answer says of the limits.
    async fn ask<T>(
        &self,
        client: &Client,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<Result<T, Error>, Stop> {
        let turn = match self.budget.turn(Share::Delivery, TURN_WITHIN).await {
            Ok(turn) => turn,
            Err(NoTurn::DayIsSpent(until)) => return Err(Stop::Rest(until)),
            Err(NoTurn::TooLong(wait)) => return Err(Stop::Rest(self.context.now() + wait)),
        };
        match self.hold_lease().await? {
            Hold::Kept => {}
            // What was read may be another's work by now: the next pass begins anew.
            Hold::New => {
                self.doubt_last_writes().await?;
                return Err(Stop::Rest(self.context.now()));
            }
            Hold::Busy(until) => return Err(Stop::Rest(until)),
        }
        let answer = call.await;
        drop(turn);
        self.budget.learn(client.take_rate_limit(), answer.as_ref().err());
        Ok(answer)
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

    /// Tells the inbox that the whole stands otherwise than before.
    fn tell_all(&self) {
        self.bus
            .publish(&Topic::Inbox(self.options.tenant.clone()), Event::Delivery(None));
    }
}

/// A moment as a rep reads it, in UTC.
fn shown(moment: Timestamp) -> String {
    moment
        .rfc3339()
        .chars()
        .take(16)
        .map(|letter| if letter == 'T' { ' ' } else { letter })
        .collect()
}
