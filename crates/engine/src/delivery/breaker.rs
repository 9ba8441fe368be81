//! Whether HubSpot as a whole is worked with: closed (yes), open (no), half-open (one thing alone decides).
//!
//! Every failure that is HubSpot's as a whole is followed by a rest, longer each time. A few in a row, or one that only a person
//! can mend, open the breaker: after each rest a single probe is made, and only what it finds lets the others follow.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use parlor_store::Timestamp;

use crate::Context;

/// So many failures in a row open the breaker.
const OPENS_AFTER: u32 = 3;

/// The longest of the rests that grow, beyond what HubSpot asks for.
const LONGEST: Duration = Duration::from_mins(4);

/// What kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may pass by itself: 5xx, no answer.
    Passing,
    /// 429: HubSpot is well, and wants to be called later.
    Limited,
    /// A person has to do something: a token, a scope, the property, an address.
    Person,
}

/// Why HubSpot as a whole cannot be worked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// In words for a rep or an operator: `HubSpot answers 429`.
    pub(super) words: String,
    pub(super) kind: Kind,
    /// HubSpot is left alone for at least so long.
    pub(super) wait: Duration,
}

/// How delivery may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// As usual.
    Closed,
    /// Not before then.
    Resting(Timestamp),
    /// With a single thing, to see.
    HalfOpen,
}

#[derive(Debug, Clone)]
struct Failing {
    trouble: Trouble,
    since: Timestamp,
    until: Timestamp,
    /// How often in a row.
    times: u32,
}

/// The breaker of one portal.
pub(super) struct Breaker {
    context: Context,
    failing: RwLock<Option<Failing>>,
}

impl Breaker {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            failing: RwLock::new(None),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.failing() {
            Some(failing) if failing.until > self.context.now() => Phase::Resting(failing.until),
            Some(failing) if failing.is_open() => Phase::HalfOpen,
            _ => Phase::Closed,
        }
    }

    /// Why HubSpot is not worked with at present, in words.
    pub(super) fn words(&self) -> Option<String> {
        self.failing().map(|failing| failing.trouble.words)
    }

    /// Whether a person has to do something before HubSpot can be worked with.
    pub(super) fn waits_for_a_person(&self) -> bool {
        self.failing()
            .is_some_and(|failing| failing.trouble.kind == Kind::Person)
    }

    /// Since when the breaker is open, so that one thing alone is tried now and then.
    pub(super) fn open_since(&self) -> Option<Timestamp> {
        self.failing().filter(Failing::is_open).map(|failing| failing.since)
    }

    /// HubSpot rests for at least as long as the trouble says, and longer each time, with full jitter so that many do not come
    /// back at once. Answers until when, and whether it is the first failure in a row.
    pub(super) fn failed(&self, trouble: Trouble) -> (Timestamp, bool) {
        let now = self.context.now();
        let before = self.failing();
        let times = before.as_ref().map_or(0, |before| before.times) + 1;
        let longer = Duration::from_secs(1 << times.min(8)).min(LONGEST);
        let longer = u64::try_from(longer.as_millis()).unwrap_or(u64::MAX);
        let until = now + trouble.wait + Duration::from_millis(self.context.below(longer));
        let since = before.as_ref().map_or(now, |before| before.since);
        self.set(Some(Failing {
            trouble,
            since,
            until,
            times,
        }));
        metrics::counter!("parlor_delivery_retries_total", "of" => "portal").increment(1);
        (until, before.is_none())
    }

    /// All is well. Answers since when it was not.
    pub(super) fn succeeded(&self) -> Option<Timestamp> {
        let before = self.failing();
        self.set(None);
        before.map(|before| before.since)
    }

    fn failing(&self) -> Option<Failing> {
        self.failing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, failing: Option<Failing>) {
        *self.failing.write().unwrap_or_else(PoisonError::into_inner) = failing;
        self.measure();
    }

    /// Shows how it stands.
    pub(super) fn measure(&self) {
        let failing = self.failing();
        let state = match &failing {
            None => 0.0,
            Some(failing) if failing.is_open() => 2.0,
            Some(_) => 1.0,
        };
        metrics::gauge!("parlor_delivery_blocked").set(if failing.is_some() { 1.0 } else { 0.0 });
        metrics::gauge!("parlor_delivery_breaker").set(state);
    }
}

impl Failing {
    const fn is_open(&self) -> bool {
        match self.trouble.kind {
            Kind::Passing => self.times >= OPENS_AFTER,
            Kind::Limited => false,
            Kind::Person => true,
        }
    }
}
