//! Which records belong together. Both sides are kept, so that either is found without a search.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::association_types::AssociationType;
use super::object_types::{ObjectType, RecordId};
use super::shared::Shared;

/// A record of any kind.
pub(crate) type RecordKey = (ObjectType, RecordId);

/// One direction between two records, as the records file keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    from: RecordKey,
    to: RecordKey,
    types: BTreeSet<u32>,
}

/// Every association of the account, from each side.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Link>", into = "Vec<Link>")]
pub(crate) struct Associations(BTreeMap<RecordKey, Shared<BTreeMap<RecordKey, BTreeSet<u32>>>>);

impl From<Vec<Link>> for Associations {
    fn from(links: Vec<Link>) -> Self {
        let mut associations = Self::default();
        for link in links {
            associations.0.entry(link.from).or_default().insert(link.to, link.types);
        }
        associations
    }
}

impl From<Associations> for Vec<Link> {
    fn from(associations: Associations) -> Self {
        associations
            .0
            .into_iter()
            .flat_map(|(from, others)| {
                let others = others.into_inner().into_iter();
                others.map(move |(to, types)| Link { from, to, types })
            })
            .collect()
    }
}

impl Associations {
    /// The records of one kind that belong to a record, with the types of each, in the order of their ids.
    pub(crate) fn of(&self, from: RecordKey, to: ObjectType) -> impl Iterator<Item = (RecordId, &BTreeSet<u32>)> {
        let others = self.0.get(&from).into_iter();
        others
            .flat_map(move |others| others.range((to, RecordId::FIRST)..=(to, RecordId::LAST)))
            .map(|((_, id), types)| (*id, types))
    }

    /// The types from one record to another; none when they do not belong together.
    pub(crate) fn between(&self, from: RecordKey, to: RecordKey) -> Option<&BTreeSet<u32>> {
        self.0.get(&from)?.get(&to)
    }

    /// Associates two records, from both sides; false when they were already. A labelled association is an unlabelled one too;
    /// of the types that a record has at most one of, the new one replaces the old.
    pub(crate) fn add(&mut self, from: RecordKey, to: RecordKey, of_type: AssociationType) -> bool {
        // Calls refuse a record and itself before they come here.
        if from == to || self.between(from, to).is_some_and(|types| types.contains(&of_type.id)) {
            return false;
        }
        if let Some(back) = AssociationType::by_id(of_type.inverse)
            && (of_type.is_only_one() || back.is_only_one())
        {
            let (owner, only) = if of_type.is_only_one() {
                (from, of_type)
            } else {
                (to, back)
            };
            self.remove_type_everywhere(owner, only);
        }
        let unlabeled = AssociationType::unlabeled(from.0, to.0);
        for added in std::iter::once(of_type).chain(unlabeled) {
            self.0.entry(from).or_default().entry(to).or_default().insert(added.id);
            self.0
                .entry(to)
                .or_default()
                .entry(from)
                .or_default()
                .insert(added.inverse);
        }
        true
    }

    fn remove_type_everywhere(&mut self, owner: RecordKey, only: AssociationType) {
        let holders: Vec<RecordId> = self
            .of(owner, only.to)
            .filter(|(_, types)| types.contains(&only.id))
            .map(|(id, _)| id)
            .collect();
        for holder in holders {
            self.remove_type(owner, (only.to, holder), only);
        }
    }

    /// Removes one type between two records, and with the unlabelled one every other; false when it was not there.
    pub(crate) fn remove_type(&mut self, from: RecordKey, to: RecordKey, of_type: AssociationType) -> bool {
        let had = self.between(from, to).is_some_and(|types| types.contains(&of_type.id));
        if had && of_type.is_unlabeled() {
            return self.remove(from, to);
        }
        for (one, other, id) in [(from, to, of_type.id), (to, from, of_type.inverse)] {
            if let Some(types) = self.0.get_mut(&one).and_then(|others| others.get_mut(&other)) {
                types.remove(&id);
            }
        }
        had
    }

    /// Removes all that is between two records; false when there was nothing.
    pub(crate) fn remove(&mut self, from: RecordKey, to: RecordKey) -> bool {
        let mut removed = false;
        for (one, other) in [(from, to), (to, from)] {
            if let Some(others) = self.0.get_mut(&one) {
                removed |= others.remove(&other).is_some();
                if others.is_empty() {
                    self.0.remove(&one);
                }
            }
        }
        removed
    }

    /// Removes all that a record belongs to.
    pub(crate) fn remove_all(&mut self, record: RecordKey) {
        let others: Vec<RecordKey> = self
            .0
            .get(&record)
            .into_iter()
            .flat_map(|others| others.keys())
            .copied()
            .collect();
        for other in others {
            self.remove(record, other);
        }
    }

    /// Hands the associations of a merged record over to the primary one, which keeps its own primary company.
    pub(crate) fn move_all(&mut self, from: RecordKey, to: RecordKey) {
        let others: Vec<(RecordKey, BTreeSet<u32>)> = self
            .0
            .get(&from)
            .into_iter()
            .flat_map(|others| others.iter())
            .map(|(other, types)| (*other, types.clone()))
            .collect();
        self.remove_all(from);
        for (other, types) in others.into_iter().filter(|(other, _)| *other != to) {
            for moved in types.into_iter().filter_map(AssociationType::by_id) {
                let has_one = moved.is_only_one() && self.of(to, moved.to).any(|(_, types)| types.contains(&moved.id));
                if !has_one {
                    self.add(to, other, moved);
                }
            }
        }
    }
}
