//! The outbox: events that wait, and those under way. It knows nothing of HTTP.

mod under_way;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::behaviour::WebhookBehaviour;
use super::deliveries::DeliveryLog;
use super::events::WebhookEvent;
use super::recipients::Recipient;
use crate::Moment;
use crate::state::changes::Change;

pub(crate) use under_way::{Batch, Outcome};

use under_way::UnderWay;

/// How many events wait at most; what comes on top is dropped.
const MOST_WAITING: usize = 10_000;

/// How many bytes they take at most.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Where event ids begin: HubSpot's are neither consecutive nor small.
const FIRST_EVENT: u64 = 1_030_198_139;

/// Every account throws the same dice, so that a run can be repeated.
const SEED: u64 = 20_261_121;

/// One event that is to be sent.
#[derive(Clone, Debug)]
struct Waiting {
    event: Arc<WebhookEvent>,
    due: Moment,
    attempt: u32,
    /// When it was sent first.
    begun: Option<Moment>,
}

/// Everything between a change and the receiver.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) behaviour: WebhookBehaviour,
    pub(crate) log: DeliveryLog,
    /// How many events were dropped since too many waited.
    pub(crate) dropped: u64,
    waiting: Vec<Waiting>,
    under_way: BTreeMap<u64, UnderWay>,
    next_event: u64,
    next_number: u64,
    random: StdRng,
    account: Arc<()>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            behaviour: WebhookBehaviour::default(),
            log: DeliveryLog::default(),
            dropped: 0,
            waiting: Vec::new(),
            under_way: BTreeMap::new(),
            next_event: FIRST_EVENT,
            next_number: 1,
            random: StdRng::seed_from_u64(SEED),
            account: Arc::new(()),
        }
    }
}

impl Outbox {
    /// Puts in what the apps are to be told of these changes.
    pub(crate) fn add(&mut self, recipients: &[Recipient<'_>], changes: &[Change], portal_id: u64, now: Moment) {
        let mut events = Vec::new();
        for change in changes {
            for recipient in recipients {
                events.extend(WebhookEvent::of_change(
                    recipient.app,
                    change,
                    portal_id,
                    &mut self.next_event,
                ));
            }
        }
        if events.is_empty() {
            return;
        }
        let mut dropped = 0;
        let mut bytes: usize = self.waiting.iter().map(|waiting| waiting.event.weight()).sum();
        for event in events {
            bytes += event.weight();
            if self.waiting.len() >= MOST_WAITING || bytes > MOST_BYTES {
                dropped += 1;
            } else {
                self.put(event, now);
            }
        }
        if dropped > 0 {
            self.dropped += dropped;
            tracing::warn!(dropped, "webhook events are dropped, since too many wait already");
        }
    }

    fn put(&mut self, event: WebhookEvent, now: Moment) {
        let mut wait = self.behaviour.delay_milliseconds;
        if self.behaviour.reorder_milliseconds > 0 {
            wait += self.random.random_range(0..=self.behaviour.reorder_milliseconds);
        }
        let wait = i64::try_from(wait).unwrap_or(i64::MAX);
        let waiting = Waiting {
            event: Arc::new(event),
            due: Moment::from_unix_milliseconds(now.unix_milliseconds().saturating_add(wait)),
            attempt: 0,
            begun: None,
        };
        if self.behaviour.duplicates > 0.0 && self.random.random_bool(self.behaviour.duplicates) {
            self.waiting.push(waiting.clone());
        }
        self.waiting.push(waiting);
    }

    /// Takes out what is due, as far as the apps may be called now. `hurry` takes what is not due as well.
    pub(crate) fn take_due(&mut self, recipients: &[Recipient<'_>], now: Moment, hurry: bool) -> Vec<Batch> {
        // Who is gone, was uninstalled, or took the target away cannot be told any more.
        self.waiting.retain(|waiting| {
            let app_id = waiting.event.app_id;
            recipients.iter().any(|recipient| recipient.app.app_id == app_id)
        });
        let mut batches = Vec::new();
        for recipient in recipients {
            let app_id = recipient.app.app_id;
            let most = usize::try_from(recipient.settings.throttling.max_concurrent_requests).unwrap_or(usize::MAX);
            while self.calls_under_way(app_id) < most {
                let events = self.take_events(app_id, now, hurry);
                if events.is_empty() {
                    break;
                }
                batches.push(self.begin(recipient, events, now));
            }
        }
        batches
    }

    fn calls_under_way(&self, app_id: u64) -> usize {
        self.under_way.values().filter(|call| call.app_id == app_id).count()
    }

    fn take_events(&mut self, app_id: u64, now: Moment, hurry: bool) -> Vec<Waiting> {
        let is_due = |waiting: &Waiting| waiting.event.app_id == app_id && (hurry || waiting.due <= now);
        let mut places: Vec<usize> = (0..self.waiting.len())
            .filter(|place| is_due(&self.waiting[*place]))
            .collect();
        if self.behaviour.reorder_milliseconds > 0 {
            places.shuffle(&mut self.random);
        }
        // An event that is sent twice is sent in two requests.
        let mut seen = BTreeSet::new();
        places.retain(|place| seen.insert(self.waiting[*place].event.event_id));
        places.truncate(self.behaviour.batch_size);
        if places.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<Option<Waiting>> = std::mem::take(&mut self.waiting).into_iter().map(Some).collect();
        let taken = places.into_iter().filter_map(|place| all[place].take()).collect();
        self.waiting = all.into_iter().flatten().collect();
        taken
    }

    /// How many events wait, and how many requests are under way.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.waiting.len(), self.under_way.len())
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.counts() == (0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_WAITING, Outbox, Outcome};
    use crate::oauth::Oauth;
    use crate::state::changes::{Change, ChangeKind, ChangeSource};
    use crate::state::object_types::ObjectType;
    use crate::webhooks::apps::{Throttling, WebhookApps};
    use crate::webhooks::recipients::Recipient;
    use crate::{DEFAULT_APP_ID, Moment};

    const NOW: Moment = Moment::from_unix_milliseconds(1_000);

    /// An account whose default app wants to be told of new contacts.
    struct Account {
        apps: WebhookApps,
        oauth: Oauth,
    }

    impl Account {
        fn new() -> Self {
            let mut apps = WebhookApps::default();
            apps.of(DEFAULT_APP_ID)
                .configure("http://127.0.0.1:9/", Throttling::new(10), NOW);
            let new = "contact.creation".parse().unwrap();
            apps.subscribe(DEFAULT_APP_ID, new, NOW).unwrap();
            let oauth = Oauth::default();
            Self { apps, oauth }
        }

        fn recipients(&self) -> Vec<Recipient<'_>> {
            Recipient::all(&self.apps, &self.oauth)
        }
    }

    fn creations(count: usize) -> Vec<Change> {
        let creation = Change {
            at: NOW,
            object_type: ObjectType::Contact,
            id: "1".parse().unwrap(),
            kind: ChangeKind::Creation,
            source: ChangeSource::Integration,
        };
        vec![creation; count]
    }

    #[test]
    fn no_more_than_so_many_events_wait_and_the_rest_is_counted() {
        let mut outbox = Outbox::default();
        outbox.add(&Account::new().recipients(), &creations(MOST_WAITING + 3), 1, NOW);
        assert_eq!((outbox.counts(), outbox.dropped), ((MOST_WAITING, 0), 3));
    }

    #[test]
    fn no_more_requests_than_agreed_are_under_way_with_a_hundred_events_each() {
        let (account, mut outbox) = (Account::new(), Outbox::default());
        outbox.add(&account.recipients(), &creations(1_250), 1, NOW);
        let batches = outbox.take_due(&account.recipients(), NOW, false);
        assert_eq!((batches.len(), outbox.counts()), (10, (250, 10)));
        assert!(outbox.take_due(&account.recipients(), NOW, false).is_empty());
        outbox.finish(&batches[0], Outcome::Answered(204), NOW);
        let more = outbox.take_due(&account.recipients(), NOW, false);
        assert_eq!((more.len(), outbox.counts()), (1, (150, 10)));
    }

    #[test]
    fn what_was_under_way_when_the_sender_stopped_is_sent_again_with_the_same_number() {
        let (account, mut outbox) = (Account::new(), Outbox::default());
        outbox.add(&account.recipients(), &creations(1), 1, NOW);
        let first = outbox.take_due(&account.recipients(), NOW, false).remove(0);
        outbox.give_back(&first);
        let again = outbox.take_due(&account.recipients(), NOW, false).remove(0);
        assert_eq!(first.body, again.body);
        outbox.finish(&first, Outcome::Answered(200), NOW);
        assert!(outbox.log.all().is_empty(), "it was given back, and so did not end");
    }

    #[test]
    fn what_comes_of_a_batch_of_an_account_that_was_reset_is_nobodys_concern() {
        let (account, mut outbox) = (Account::new(), Outbox::default());
        outbox.add(&account.recipients(), &creations(1), 1, NOW);
        let old = outbox.take_due(&account.recipients(), NOW, false).remove(0);
        let mut outbox = Outbox::default();
        outbox.add(&account.recipients(), &creations(1), 1, NOW);
        let new = outbox.take_due(&account.recipients(), NOW, false).remove(0);
        assert_eq!(old.number, new.number);
        outbox.finish(&old, Outcome::Answered(500), NOW);
        outbox.give_back(&old);
        assert_eq!((outbox.counts(), outbox.log.all().len()), ((0, 1), 0));
    }

    #[test]
    fn an_app_that_took_its_target_away_is_told_nothing_more() {
        let (mut account, mut outbox) = (Account::new(), Outbox::default());
        outbox.add(&account.recipients(), &creations(2), 1, NOW);
        account.apps.of(DEFAULT_APP_ID).settings = None;
        assert!(outbox.take_due(&account.recipients(), NOW, true).is_empty() && outbox.is_quiet());
        outbox.add(&account.recipients(), &creations(2), 1, NOW);
        assert!(outbox.is_quiet());
    }
}
