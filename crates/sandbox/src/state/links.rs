//! Associating records, and reading what belongs together.

use std::collections::BTreeSet;

use super::Records;
use super::association_types::AssociationType;
use super::associations::RecordKey;
use super::changes::{ChangeKind, Origin};
use super::collection::IdProperty;
use super::object_types::{ObjectType, RecordId};
use crate::errors::ApiError;

impl Records {
    /// One end of an association that a write names: a record that is there and not archived, else HubSpot's 400.
    pub(crate) fn association_end(&self, object_type: ObjectType, id: &str) -> Result<RecordId, ApiError> {
        self.of(object_type)
            .find(id, IdProperty::RecordId)
            .map(|record| record.id)
            .ok_or_else(|| ApiError::invalid_association_end(object_type, id))
    }

    /// The end that belongs to this one: another record. HubSpot's exact words for a record and itself are not known.
    pub(crate) fn other_end(&self, from: RecordKey, object_type: ObjectType, id: &str) -> Result<RecordId, ApiError> {
        let to = self.association_end(object_type, id)?;
        if (object_type, to) == from {
            return Err(ApiError::validation(format!(
                "A record cannot be associated with itself: {to}"
            )));
        }
        Ok(to)
    }

    /// Associates two records that are there.
    pub(crate) fn associate(&mut self, from: RecordKey, to: RecordKey, of_type: AssociationType, origin: Origin) {
        if self.associations.add(from, to, of_type) {
            self.note_association(from, to, of_type, false, origin);
        }
    }

    /// Removes all that is between two records.
    pub(crate) fn dissociate(&mut self, from: RecordKey, to: RecordKey, origin: Origin) {
        let types = self.types_between(from, to);
        // Told once, as the one that says most.
        let of_type = types.iter().find(|of_type| of_type.is_primary()).or(types.first());
        if self.associations.remove(from, to)
            && let Some(of_type) = of_type
        {
            self.note_association(from, to, *of_type, true, origin);
        }
    }

    /// Removes one type between two records; the unlabelled one takes the others with it.
    pub(crate) fn remove_association_type(
        &mut self,
        from: RecordKey,
        to: RecordKey,
        of_type: AssociationType,
        origin: Origin,
    ) {
        if self.associations.remove_type(from, to, of_type) {
            self.note_association(from, to, of_type, true, origin);
        }
    }

    /// The records of one kind that belong to a record and are not archived, with the types of each, in the order of their
    /// ids.
    pub(crate) fn associated(
        &self,
        from: RecordKey,
        to: ObjectType,
    ) -> impl Iterator<Item = (RecordId, &BTreeSet<u32>)> {
        self.associations.of(from, to).filter(move |(id, _)| {
            let record = self.of(to).by_id(*id);
            record.is_some_and(|record| !record.is_archived())
        })
    }

    /// The labels from one record to another, for answers that list them.
    pub(crate) fn association_labels(&self, from: RecordKey, to: RecordKey) -> Vec<&'static str> {
        let types = self.types_between(from, to);
        types.iter().filter_map(AssociationType::label).collect()
    }

    fn types_between(&self, from: RecordKey, to: RecordKey) -> Vec<AssociationType> {
        let ids = self.associations.between(from, to).into_iter().flatten();
        ids.filter_map(|id| AssociationType::by_id(*id)).collect()
    }

    /// HubSpot tells both sides.
    fn note_association(
        &mut self,
        from: RecordKey,
        to: RecordKey,
        of_type: AssociationType,
        removed: bool,
        origin: Origin,
    ) {
        let back = AssociationType::by_id(of_type.inverse);
        for (one, other, of_type) in [(from, to, Some(of_type)), (to, from, back)] {
            if let Some(of_type) = of_type {
                let kind = ChangeKind::AssociationChange {
                    type_name: of_type.change_name(),
                    to: other.1,
                    primary: of_type.is_primary(),
                    removed,
                };
                self.note(one.0, one.1, kind, origin);
            }
        }
    }
}
