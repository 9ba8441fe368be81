//! HubSpot's limits, kept on our side: every call waits its turn, so that HubSpot seldom has to say 429.
//!
//! The limit of ten seconds is a rolling one. A call counts from its turn until ten seconds after its answer: whenever in
//! between HubSpot counted it, no ten seconds hold more than are allowed. Delivery never takes the last few, which are for the
//! calls that people wait for; those others come first, up to a fifth of the limit, and what they leave is delivery's. The day's calls belong to the
//! account, and to its other programs as well: Parlor slows down once four fifths are used, and leaves the last of them alone.

mod day;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlor_hubspot::{Class, Error, RateLimit, RateLimitPolicy, Retry};
use parlor_store::Timestamp;

use self::day::Day;
use crate::Context;

/// Calls per ten seconds until HubSpot has said what it allows: under the smallest limit there is (100, Free and Starter).
const FIRST_CALLS: u64 = 80;
pub(crate) const WINDOW: Duration = Duration::from_secs(10);

/// One in so many calls is kept for calls other than delivery.
const RESERVED_ONE_IN: u64 = 50;

/// Calls other than delivery never have more than one in so many: however many visitors come, what was said reaches HubSpot.
const OTHERS_ONE_IN: u64 = 5;

/// Delivery's calls at once; the rest are spread evenly, so that somebody else's turn is never far.
const BURST_ONE_IN: u64 = 10;

/// How soon it is looked again where no moment can be named.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Share {
    /// Delivery.
    Delivery,
    /// Whatever people wait for: visitor tokens, the account.
    Others,
}

impl Share {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Others => "others",
        }
    }
}

/// Why there is no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTurn {
    /// What may be used of the day's calls is used; they come back then.
    DayIsSpent(Timestamp),
    /// It would take longer than the caller would wait.
    TooLong(Duration),
}

/// The limits of one portal, and what is used of them.
pub struct Budget {
    context: Context,
    state: Mutex<State>,
}

struct State {
    /// Calls allowed in ten seconds.
    most: u64,
    /// When each answer of the last ten seconds came.
    answered: VecDeque<(Duration, Share)>,
    /// Calls under way.
    delivering: u64,
    calling: u64,
    /// Others that wait for their turn.
    waiting: u64,
    /// From when on the next of delivery's evenly spread calls is due.
    spread: Duration,
    /// Nobody calls before then: HubSpot said 429.
    closed_until: Duration,
    /// Calls of other programs with the same key, as HubSpot's count shows them, and until when they count.
    foreign: (u64, Duration),
    day: Day,
}

/// A call under way; it has had its answer when this is dropped.
pub struct Turn<'a> {
    budget: &'a Budget,
    share: Share,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let now = self.budget.context.elapsed();
        let mut state = self.budget.state();
        match self.share {
            Share::Delivery => state.delivering -= 1,
            Share::Others => state.calling -= 1,
        }
        state.answered.push_back((now, self.share));
    }
}

/// Counts somebody who waits, for as long as they do.
struct Waiting<'a>(&'a Budget);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Budget {
    /// Nothing is used yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            context,
            state: Mutex::new(State {
                most: FIRST_CALLS,
                answered: VecDeque::new(),
                delivering: 0,
                calling: 0,
                waiting: 0,
                spread: Duration::ZERO,
                closed_until: Duration::ZERO,
                foreign: (0, Duration::ZERO),
                day: Day::default(),
            }),
        }
    }

    /// Waits for the next call's turn, at most so long.
    pub async fn turn(&self, share: Share, patience: Duration) -> Result<Turn<'_>, NoTurn> {
        let begun = self.context.elapsed();
        let _waiting = (share == Share::Others).then(|| {
            self.state().waiting += 1;
            Waiting(self)
        });
        loop {
            let (elapsed, now) = (self.context.elapsed(), self.context.now());
            let wait = {
                let mut state = self.state();
                if let Some(until) = state.day.spent_until(share, now) {
                    return Err(NoTurn::DayIsSpent(until));
                }
                match state.wait(share, elapsed) {
                    None => {
                        state.take(share, elapsed, now);
                        metrics::counter!("parlor_hubspot_turns_total", "share" => share.as_str()).increment(1);
                        return Ok(Turn { budget: self, share });
                    }
                    Some(wait) => wait.max(Duration::from_millis(1)),
                }
            };
            if elapsed.saturating_sub(begun) + wait > patience {
                return Err(NoTurn::TooLong(wait));
            }
            self.context.sleep(wait).await;
        }
    }

    /// Learns from an answer: what its headers say of the limits, and a 429.
    pub fn learn(&self, seen: Option<RateLimit>, error: Option<&Error>) {
        metrics::counter!("parlor_hubspot_calls_total", "outcome" => outcome(error)).increment(1);
        let (elapsed, now) = (self.context.elapsed(), self.context.now());
        let mut state = self.state();
        let seen = error.and_then(Error::rate_limit).or(seen).unwrap_or_default();
        if let (Some(most), Some(WINDOW)) = (seen.max, seen.interval) {
            state.most = most.max(1);
            if let Some(remaining) = seen.remaining {
                state.purge(elapsed);
                let foreign = most.saturating_sub(remaining).saturating_sub(state.used());
                state.foreign = (foreign, elapsed + WINDOW);
            }
        }
        if let (Some(most), Some(remaining)) = (seen.daily, seen.daily_remaining) {
            state.day.learn(most, remaining, now);
        }
        if let Some(error) = error
            && let Class::RateLimited { policy } = error.class()
        {
            metrics::counter!("parlor_hubspot_rate_limited_total").increment(1);
            if *policy == RateLimitPolicy::Daily {
                state.day.exhausted(now);
            }
            let wait = match error.retry() {
                Retry::After(wait) => wait,
                Retry::Later | Retry::No => Duration::ZERO,
            };
            state.closed_until = state.closed_until.max(elapsed + wait);
            if seen.max.is_none() && *policy != RateLimitPolicy::Daily {
                state.most = (state.most * 4 / 5).max(1);
            }
        }
    }

    /// Shows how the day stands, which changes by itself when it turns.
    pub fn measure(&self) {
        let now = self.context.now();
        self.state().day.measure(now);
    }

    /// Learns when the account's day turns.
    pub fn learn_day(&self, utc_offset_milliseconds: i64) {
        self.state().day.set_offset(utc_offset_milliseconds);
    }

    /// Another key: other limits, and another account's day perhaps.
    pub fn begin_anew(&self) {
        let mut state = self.state();
        state.closed_until = Duration::ZERO;
        state.foreign = (0, Duration::ZERO);
        state.day = Day::default();
    }

    /// When delivery may begin its next step; later than now once most of the day's calls are used.
    pub fn delivery_may_begin_at(&self) -> Option<Timestamp> {
        let now = self.context.now();
        let mut state = self.state();
        state.day.delivery_may_begin_at(now)
    }

    /// How the day stands, in words for a rep, once that matters.
    pub fn day_in_words(&self) -> Option<String> {
        let now = self.context.now();
        self.state().day.in_words(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before the lock is let go.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a call, as it is counted.
fn outcome(error: Option<&Error>) -> &'static str {
    match error.map(Error::class) {
        None => "ok",
        Some(Class::RateLimited { .. }) => "rate_limited",
        Some(Class::Unavailable) => "unavailable",
        Some(Class::Timeout | Class::Connect | Class::Interrupted) => "no_answer",
        Some(Class::Token | Class::Permission { .. } | Class::Plan) => "not_allowed",
        Some(_) => "refused",
    }
}

impl State {
    fn purge(&mut self, now: Duration) {
        while self
            .answered
            .front()
            .is_some_and(|(answered, _)| *answered + WINDOW <= now)
        {
            self.answered.pop_front();
        }
    }

    fn used(&self) -> u64 {
        self.answered.len() as u64 + self.delivering + self.calling
    }

    fn foreign(&self, now: Duration) -> u64 {
        if now < self.foreign.1 { self.foreign.0 } else { 0 }
    }

    /// How many stay free of delivery: those kept for others, less what the others have had.
    fn reserved(&self) -> u64 {
        if self.most < 2 {
            return 0;
        }
        self.most.div_ceil(RESERVED_ONE_IN).saturating_sub(self.others())
    }

    /// What calls other than delivery have had.
    fn others(&self) -> u64 {
        let answered = self.answered.iter().filter(|(_, share)| *share == Share::Others);
        self.calling + answered.count() as u64
    }

    /// How long until the next call may be made; `None` for at once.
    fn wait(&mut self, share: Share, now: Duration) -> Option<Duration> {
        self.purge(now);
        if now < self.closed_until {
            return Some(self.closed_until.saturating_sub(now));
        }
        let reserved = match share {
            Share::Delivery => self.reserved(),
            Share::Others => 0,
        };
        if self.used() + self.foreign(now) + reserved >= self.most {
            let freed = self.answered.front().map(|(answered, _)| *answered + WINDOW);
            let foreign = (self.foreign(now) > 0).then_some(self.foreign.1);
            let next = freed.into_iter().chain(foreign).min();
            return Some(next.map_or(LOOK_AGAIN, |next| next.saturating_sub(now)));
        }
        if share == Share::Others && self.others() >= self.most.div_ceil(OTHERS_ONE_IN) {
            let mut answered = self.answered.iter().filter(|(_, share)| *share == Share::Others);
            let freed = answered.next().map(|(answered, _)| *answered + WINDOW);
            return Some(freed.map_or(LOOK_AGAIN, |freed| freed.saturating_sub(now)));
        }
        if share == Share::Delivery {
            // Others that wait for the limit, and not for their own share, come first.
            if self.waiting > 0 && self.others() < self.most.div_ceil(OTHERS_ONE_IN) {
                return Some(LOOK_AGAIN);
            }
            let ahead = self.interval() * u32::try_from(self.most / BURST_ONE_IN).unwrap_or(u32::MAX);
            let early = self.spread.saturating_sub(now + ahead);
            return (!early.is_zero()).then_some(early);
        }
        None
    }

    fn interval(&self) -> Duration {
        WINDOW / u32::try_from(self.most).unwrap_or(u32::MAX)
    }

    fn take(&mut self, share: Share, elapsed: Duration, now: Timestamp) {
        match share {
            Share::Delivery => {
                self.delivering += 1;
                self.spread = self.spread.max(elapsed) + self.interval();
            }
            Share::Others => self.calling += 1,
        }
        self.day.take(share, now);
    }
}

#[cfg(test)]
mod tests;
