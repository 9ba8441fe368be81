//! The account's calls of a day, which it shares with its other programs.

use std::time::Duration;

use parlor_store::Timestamp;

use super::Share;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Delivery leaves so many in a hundred alone, and everything else half of that.
const KEPT_PERCENT: u64 = 2;

/// What is known of the day; nothing at first, and never anything where HubSpot sends no such headers (OAuth has no such limit).
#[derive(Debug, Default)]
pub(super) struct Day {
    offset: i64,
    known: Option<Known>,
    has_warned: bool,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    most: u64,
    remaining: u64,
    learned_at: Timestamp,
    ends_at: Timestamp,
    /// Before then delivery begins nothing more, so that the rest lasts.
    next_at: Timestamp,
}

impl Known {
    const fn is_scarce(&self) -> bool {
        self.remaining.saturating_mul(5) <= self.most
    }

    const fn kept(&self, share: Share) -> u64 {
        let kept = (self.most * KEPT_PERCENT).div_ceil(100);
        match share {
            Share::Delivery => kept,
            Share::Others => kept / 2,
        }
    }

    /// How far delivery's calls lie apart, so that the last is made at the day's end.
    fn interval(&self, now: Timestamp) -> Duration {
        let left = self.remaining.saturating_sub(self.kept(Share::Delivery)).max(1);
        self.ends_at.since(now) / u32::try_from(left).unwrap_or(u32::MAX)
    }
}

impl Day {
    pub(super) fn set_offset(&mut self, milliseconds: i64) {
        if self.offset != milliseconds {
            self.offset = milliseconds;
            if let Some(known) = &mut self.known {
                known.ends_at = end_of(known.learned_at, milliseconds);
            }
        }
    }

    /// What HubSpot says of the day.
    pub(super) fn learn(&mut self, most: u64, remaining: u64, now: Timestamp) {
        self.forget_yesterday(now);
        let next_at = self.known.map_or(now, |known| known.next_at);
        let known = Known {
            most,
            remaining,
            learned_at: now,
            ends_at: end_of(now, self.offset),
            next_at,
        };
        self.known = Some(known);
        self.measure(now);
        if known.is_scarce() && !self.has_warned {
            self.has_warned = true;
            tracing::warn!(
                most,
                remaining,
                "most of the account's calls of today are used: delivery slows down until they come back"
            );
        }
    }

    /// Shows what is used and left; nothing until HubSpot has said what it allows.
    pub(super) fn measure(&mut self, now: Timestamp) {
        let before = self.known;
        self.forget_yesterday(now);
        // Of a day that has just begun nothing is used.
        let left = self.known.map(|known| (known.remaining, known.most));
        if let Some((left, most)) = left.or_else(|| before.map(|known| (known.most, known.most))) {
            metrics::gauge!("parlor_hubspot_day_calls_left").set(shown(left));
            metrics::gauge!("parlor_hubspot_day_used_ratio").set(1.0 - ratio(left, most));
        }
    }

    /// HubSpot says that none is left.
    pub(super) fn exhausted(&mut self, now: Timestamp) {
        let most = self.known.map_or(1, |known| known.most);
        self.learn(most, 0, now);
    }

    pub(super) fn take(&mut self, share: Share, now: Timestamp) {
        self.forget_yesterday(now);
        if let Some(known) = &mut self.known {
            if share == Share::Delivery && known.is_scarce() {
                known.next_at = known.next_at.max(now) + known.interval(now);
            }
            known.remaining = known.remaining.saturating_sub(1);
        }
    }

    /// Until when nothing more may be used; `None` while something may.
    pub(super) fn spent_until(&mut self, share: Share, now: Timestamp) -> Option<Timestamp> {
        self.forget_yesterday(now);
        self.known
            .filter(|known| known.remaining <= known.kept(share))
            .map(|known| known.ends_at)
    }

    pub(super) fn delivery_may_begin_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        let spent = self.spent_until(Share::Delivery, now);
        spent.or_else(|| {
            self.known
                .filter(|known| known.is_scarce() && known.next_at > now)
                .map(|known| known.next_at.min(known.ends_at))
        })
    }

    pub(super) fn in_words(&mut self, now: Timestamp) -> Option<String> {
        self.forget_yesterday(now);
        let known = self.known.filter(Known::is_scarce)?;
        let used = 100 - known.remaining.saturating_mul(100) / known.most.max(1);
        Some(format!(
            "{used} % of the account's calls to HubSpot of today are used; delivery is slowed down until {} UTC",
            known.ends_at.rfc3339().get(11..16).unwrap_or_default()
        ))
    }

    fn forget_yesterday(&mut self, now: Timestamp) {
        if self.known.is_some_and(|known| known.ends_at <= now) {
            self.known = None;
            self.has_warned = false;
        }
    }
}

/// The next midnight in a time zone so far from UTC.
fn end_of(now: Timestamp, offset: i64) -> Timestamp {
    let local = now.millis().saturating_add(offset);
    let days = local.div_euclid(DAY) + 1;
    Timestamp::from_millis(days.saturating_mul(DAY).saturating_sub(offset))
}

fn ratio(part: u64, whole: u64) -> f64 {
    shown(part) / shown(whole.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "a gauge; nobody has 2^52 calls a day")]
fn shown(number: u64) -> f64 {
    number as f64
}
