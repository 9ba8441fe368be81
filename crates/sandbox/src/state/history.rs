//! The values that a property had: the newest is the one it has.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::changes::{ChangeSource, Origin};
use super::object_types::ObjectType;
use crate::clock::Moment;

/// What the values before the newest may take together, in bytes. HubSpot has no such bound; without one, a transcript that
/// is written anew for every message would fill the records file with its past.
const PAST_BYTES: usize = 256 * 1024;

/// How many values HubSpot answers: 45 of a contact's property, 20 of others' (its help pages on property history).
pub(crate) const fn revisions_kept(object_type: ObjectType) -> usize {
    match object_type {
        ObjectType::Contact => 45,
        _ => 20,
    }
}

/// A value, and when and from where it came. An empty one cleared the property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) value: String,
    pub(crate) at: Moment,
    pub(crate) source: ChangeSource,
}

/// A property's values, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct History(VecDeque<Revision>);

impl History {
    /// The value that the property has; `None` when it is not set.
    pub(crate) fn current(&self) -> Option<&str> {
        let newest = self.0.front()?;
        (!newest.value.is_empty()).then_some(newest.value.as_str())
    }

    /// Without what came before the newest.
    pub(crate) fn newest(&self) -> Self {
        Self(self.0.front().cloned().into_iter().collect())
    }

    pub(crate) fn revisions(&self) -> impl Iterator<Item = &Revision> {
        self.0.iter()
    }

    /// Writes a value, and says whether it is another than before.
    pub(crate) fn write(&mut self, value: String, origin: Origin, kept: usize) -> bool {
        if self.current().unwrap_or_default() == value {
            return false;
        }
        self.0.push_front(Revision {
            value,
            at: origin.at,
            source: origin.source,
        });
        self.trim(kept);
        true
    }

    /// Takes in the past of another record's property. The value stays, unless there is none; says whether it came from the
    /// other.
    pub(crate) fn absorb(&mut self, mut other: Self, kept: usize) -> bool {
        let moved = self.current().is_none() && other.current().is_some();
        let newest = if moved { other.0.pop_front() } else { self.0.pop_front() };
        self.0.append(&mut other.0);
        let past = self.0.make_contiguous();
        past.sort_by_key(|revision| std::cmp::Reverse(revision.at));
        if let Some(newest) = newest {
            self.0.push_front(newest);
        }
        self.trim(kept);
        moved
    }

    fn trim(&mut self, kept: usize) {
        let mut past_bytes = 0;
        let fitting = self.0.iter().skip(1).take_while(|revision| {
            past_bytes += revision.value.len();
            past_bytes <= PAST_BYTES
        });
        let fitting = 1 + fitting.count();
        self.0.truncate(fitting.min(kept));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(milliseconds: i64) -> Origin {
        Origin::integration(Moment::from_unix_milliseconds(milliseconds))
    }

    fn values(history: &History) -> Vec<&str> {
        history.revisions().map(|revision| revision.value.as_str()).collect()
    }

    #[test]
    fn the_newest_comes_first_and_the_same_value_adds_nothing() {
        let mut history = History::default();
        assert!(history.write("a".to_owned(), origin(1), 3));
        assert!(!history.write("a".to_owned(), origin(2), 3));
        assert!(history.write(String::new(), origin(3), 3));
        assert_eq!((history.current(), values(&history)), (None, vec!["", "a"]));
    }

    #[test]
    fn only_so_many_are_kept_and_only_so_much() {
        let mut history = History::default();
        for number in 0..50_i64 {
            history.write(number.to_string(), origin(number), 45);
        }
        assert_eq!((values(&history).len(), history.current()), (45, Some("49")));
        for letter in ["a", "b", "c", "d", "e", "f"] {
            history.write(letter.repeat(65_536), origin(60), 45);
        }
        assert_eq!(values(&history).len(), 5, "the newest and four full ones");
    }

    #[test]
    fn absorbing_keeps_the_own_value_first_and_the_rest_in_order() {
        let (mut own, mut other, mut empty) = (History::default(), History::default(), History::default());
        own.write("own 1".to_owned(), origin(1), 45);
        own.write("own 3".to_owned(), origin(3), 45);
        other.write("other 2".to_owned(), origin(2), 45);
        other.write("other 4".to_owned(), origin(4), 45);
        assert!(
            empty.absorb(other.clone(), 45),
            "where there is none, the other's is taken"
        );
        assert_eq!(empty.current(), Some("other 4"));
        assert!(!own.absorb(other, 45));
        assert_eq!(values(&own), ["own 3", "other 4", "other 2", "own 1"]);
    }
}
