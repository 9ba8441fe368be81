//! The records of one kind: found by id, by a unique value, or by the id of a record that was merged into another.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::changes::Origin;
use super::history::revisions_kept;
use super::object_types::{ObjectType, RecordId};
use super::record::Record;
use super::schema::Schema;
use super::shared::Shared;
use super::unique_values::UniqueValues;
use super::values::Values;
use crate::clock::Moment;
use crate::search::index::Before;

/// How a call names a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdProperty<'a> {
    RecordId,
    /// A property whose values no two records share.
    Unique(&'a str),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Collection {
    object_type: ObjectType,
    by_id: BTreeMap<RecordId, Shared<Record>>,
    /// Where the records went that were merged into others.
    merged: BTreeMap<RecordId, RecordId>,
    #[serde(skip)]
    unique_values: UniqueValues,
    /// What those changed were before, for whoever takes it out.
    #[serde(skip)]
    before: Vec<Before<RecordId, Record>>,
}

impl Collection {
    pub(crate) fn new(object_type: ObjectType) -> Self {
        Self {
            object_type,
            by_id: BTreeMap::new(),
            merged: BTreeMap::new(),
            unique_values: UniqueValues::default(),
            before: Vec::new(),
        }
    }

    /// What a file keeps of them. The records themselves are shared, so that it takes no time.
    pub(crate) fn for_file(&self) -> Self {
        Self {
            by_id: self.by_id.clone(),
            merged: self.merged.clone(),
            ..Self::new(self.object_type)
        }
    }

    /// What an older file held.
    pub(crate) fn restored(
        object_type: ObjectType,
        records: impl IntoIterator<Item = Record>,
        merged: BTreeMap<RecordId, RecordId>,
    ) -> Self {
        Self {
            by_id: records.into_iter().map(|record| (record.id, record.into())).collect(),
            merged,
            ..Self::new(object_type)
        }
    }

    /// Takes out what the records changed since the last time were before.
    pub(crate) fn take_before(&mut self) -> Vec<Before<RecordId, Record>> {
        std::mem::take(&mut self.before)
    }

    /// Comes before every change of a record.
    fn remember(&mut self, id: RecordId) {
        let before = self.by_id.get(&id).map(|record| record.without_past());
        self.before.push((id, before));
    }

    /// All of them in the order of their ids, archived or not.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Record> {
        self.by_id.values().map(|record| &**record)
    }

    /// Those after the given id.
    pub(crate) fn after(&self, after: Option<RecordId>) -> impl Iterator<Item = &Record> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id.range((start, Bound::Unbounded)).map(|(_, record)| &**record)
    }

    /// The record that an id stands for: itself, or the one it was merged into.
    pub(crate) fn by_id(&self, id: RecordId) -> Option<&Record> {
        self.by_id.get(&self.merged_into(id)).map(|record| &**record)
    }

    fn merged_into(&self, id: RecordId) -> RecordId {
        let mut id = id;
        while let Some(primary) = self.merged.get(&id) {
            id = *primary;
        }
        id
    }

    /// The record that a call names, archived or not. Archived ones have given their unique values back.
    pub(crate) fn named(&self, name: &str, property: IdProperty) -> Option<&Record> {
        match property {
            IdProperty::Unique(property) => {
                let owner = self.unique_values.owner(property, name)?;
                self.by_id.get(&owner).map(|record| &**record)
            }
            IdProperty::RecordId => self.by_id(name.parse().ok()?),
        }
    }

    /// The record that a call names and that is not archived.
    pub(crate) fn find(&self, name: &str, property: IdProperty) -> Option<&Record> {
        self.named(name, property).filter(|record| !record.is_archived())
    }

    /// Another record that has one of these values, and the property concerned.
    pub(crate) fn conflict<'a>(
        &self,
        schema: &Schema,
        values: &'a Values,
        own: Option<RecordId>,
    ) -> Option<(&'a str, RecordId)> {
        values
            .iter()
            .filter(|(name, value)| !value.is_empty() && schema.is_unique(name))
            .filter_map(|(name, value)| Some((name.as_str(), self.unique_values.owner(name, value)?)))
            .find(|(_, owner)| Some(*owner) != own)
    }

    /// Adds a record of values that were checked, and returns those that are set.
    pub(crate) fn create(&mut self, schema: &Schema, id: RecordId, values: Values, origin: Origin) -> Values {
        self.remember(id);
        let mut record = Record::new(id, origin.at);
        let written = record.write(values, origin, revisions_kept(self.object_type));
        self.unique_values.add(schema, &record);
        self.by_id.insert(id, record.into());
        written
    }

    /// Writes values that were checked, empty ones clear; returns those that are other than before.
    pub(crate) fn update(&mut self, schema: &Schema, id: RecordId, values: Values, origin: Origin) -> Values {
        self.remember(id);
        let Some(record) = self.by_id.get_mut(&id) else {
            return Values::new();
        };
        self.unique_values.remove(schema, record);
        if let Some(email) = values.get("email") {
            record.additional_emails.remove(email);
        }
        let written = record.write(values, origin, revisions_kept(self.object_type));
        self.unique_values.add(schema, record);
        written
    }

    /// Archives a record and gives its unique values back; false when there was nothing to archive.
    pub(crate) fn archive(&mut self, schema: &Schema, id: RecordId, now: Moment) -> bool {
        let id = self.merged_into(id);
        self.remember(id);
        match self.by_id.get_mut(&id) {
            Some(record) if !record.is_archived() => {
                record.archived_at = Some(now);
                record.updated_at = now;
                self.unique_values.remove(schema, record);
                true
            }
            _ => false,
        }
    }

    /// Brings an archived record back.
    pub(crate) fn restore(&mut self, schema: &Schema, id: RecordId, now: Moment) {
        self.remember(id);
        if let Some(record) = self.by_id.get_mut(&id) {
            record.archived_at = None;
            record.updated_at = now;
            self.unique_values.add(schema, record);
        }
    }

    /// Deletes a record for good.
    pub(crate) fn purge(&mut self, schema: &Schema, id: RecordId) {
        self.remember(id);
        if let Some(record) = self.by_id.remove(&id) {
            self.unique_values.remove(schema, &record);
        }
        self.merged.retain(|_, primary| *primary != id);
    }

    /// Merges `other` into `primary`: the primary keeps its values and takes those it lacks, the other's addresses and id
    /// lead to the primary from now on. Returns how many values moved.
    pub(crate) fn merge(&mut self, schema: &Schema, primary: RecordId, other: RecordId, now: Moment) -> usize {
        self.remember(primary);
        self.remember(other);
        let Some(absorbed) = self.by_id.remove(&other) else {
            return 0;
        };
        self.unique_values.remove(schema, &absorbed);
        let Some(record) = self.by_id.get_mut(&primary) else {
            return 0;
        };
        let moved = record.absorb(absorbed.into_inner(), now, revisions_kept(self.object_type));
        self.unique_values.add(schema, record);
        self.merged.insert(other, primary);
        moved
    }

    /// Finds unique values again after the records were read from a file.
    pub(crate) fn rebuild_index(&mut self, schema: &Schema) {
        self.unique_values = UniqueValues::default();
        for record in self.by_id.values().filter(|record| !record.is_archived()) {
            self.unique_values.add(schema, record);
        }
    }
}
