//! The index behind search, which learns of every change only after a lag.
//!
//! It keeps no copy of the records, but what the ones changed of late were before: a search sees each record as it was one
//! lag ago, with its old values, absent when it was created since, and present when it was archived or deleted since.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::clock::Moment;

/// How late the index is when nobody says otherwise: HubSpot's guide speaks of a few moments.
pub(crate) const DEFAULT_LAG: Duration = Duration::from_secs(5);

/// A record before one of its changes; `None` when the change created it.
pub(crate) type Before<Id, Record> = (Id, Option<Record>);

/// The changes that search may not know of yet, the oldest first.
#[derive(Debug)]
pub(crate) struct Index<Id, Record> {
    lag: Duration,
    changes: VecDeque<(Moment, Before<Id, Record>)>,
}

impl<Id: Copy + Ord, Record> Index<Id, Record> {
    pub(crate) const fn new(lag: Duration) -> Self {
        Self {
            lag,
            changes: VecDeque::new(),
        }
    }

    pub(crate) const fn lag(&self) -> Duration {
        self.lag
    }

    /// Sets the lag. What search knows already it goes on knowing.
    pub(crate) fn set_lag(&mut self, lag: Duration, now: Moment) {
        self.forget(now);
        self.lag = lag;
    }

    /// Remembers what records were before they were changed.
    pub(crate) fn changed(&mut self, now: Moment, before: impl IntoIterator<Item = Before<Id, Record>>) {
        self.forget(now);
        if !self.lag.is_zero() {
            self.changes.extend(before.into_iter().map(|before| (now, before)));
        }
    }

    /// The records of one kind as search sees them, given those there are, in the order of their ids.
    pub(crate) fn seen<'a>(
        &'a mut self,
        now: Moment,
        records: impl IntoIterator<Item = (Id, &'a Record)>,
        is_of_kind: impl Fn(&Id) -> bool,
    ) -> impl Iterator<Item = &'a Record> {
        self.forget(now);
        let mut seen: BTreeMap<Id, Option<&Record>> =
            records.into_iter().map(|(id, record)| (id, Some(record))).collect();
        // From the newest to the oldest: what a record was before its oldest change that is not known yet stays.
        let known = self.known(now);
        for (at, (id, before)) in self.changes.iter().rev() {
            if *at > known && is_of_kind(id) {
                seen.insert(*id, before.as_ref());
            }
        }
        seen.into_values().flatten()
    }

    /// Forgets the changes that search knows of.
    fn forget(&mut self, now: Moment) {
        let known = self.known(now);
        while self.changes.front().is_some_and(|(at, _)| *at <= known) {
            self.changes.pop_front();
        }
    }

    /// Changes until then are known.
    fn known(&self, now: Moment) -> Moment {
        let lag = i64::try_from(self.lag.as_millis()).unwrap_or(i64::MAX);
        Moment::from_unix_milliseconds(now.unix_milliseconds().saturating_sub(lag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: i64) -> Moment {
        Moment::from_unix_milliseconds(milliseconds)
    }

    fn seen(index: &mut Index<u8, &'static str>, now: i64, records: &[(u8, &'static str)]) -> String {
        let records = records.iter().map(|(id, record)| (*id, record));
        index
            .seen(at(now), records, |_| true)
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn each_record_is_seen_as_it_was_one_lag_ago() {
        let mut index = Index::new(Duration::from_millis(100));
        index.changed(at(1_000), [(1, None), (2, None)]);
        index.changed(at(1_010), [(1, Some("one"))]);
        index.changed(at(1_020), [(1, Some("one, changed"))]);
        index.changed(at(1_030), [(2, Some("two"))]);
        let records = [(1, "one, changed again")];
        for (now, expected) in [
            (1_099, ""),
            (1_100, "one two"),
            (1_110, "one, changed two"),
            (1_120, "one, changed again two"),
            (1_129, "one, changed again two"),
            (1_130, "one, changed again"),
        ] {
            assert_eq!(seen(&mut index, now, &records), expected, "{now}");
        }
    }

    #[test]
    fn changes_of_another_kind_are_not_seen_among_these() {
        let mut index = Index::new(Duration::from_millis(100));
        index.changed(at(0), [(1, Some("old")), (20, Some("of another kind"))]);
        let seen: Vec<_> = index.seen(at(50), [(1, &"new")], |id| *id < 10).copied().collect();
        assert_eq!(seen, ["old"]);
    }

    #[test]
    fn without_a_lag_everything_is_seen_at_once() {
        let mut index = Index::new(Duration::ZERO);
        index.changed(at(5), [(1, Some("old")), (2, None)]);
        assert_eq!(seen(&mut index, 5, &[(1, "new"), (2, "newer")]), "new newer");
    }

    #[test]
    fn a_shorter_lag_shows_more_and_a_longer_one_hides_nothing_again() {
        let mut index = Index::new(Duration::from_millis(100));
        index.changed(at(0), [(1, None)]);
        assert_eq!(seen(&mut index, 50, &[(1, "new")]), "");
        index.set_lag(Duration::from_millis(50), at(50));
        assert_eq!(seen(&mut index, 50, &[(1, "new")]), "new");
        index.set_lag(Duration::from_secs(1), at(50));
        assert_eq!(seen(&mut index, 60, &[(1, "new")]), "new");
    }
}
