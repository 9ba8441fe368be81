//! Archiving, restoring, merging and deleting for good.

use super::Records;
use super::changes::{ChangeKind, Origin};
use super::object_types::{ObjectType, RecordId};
use super::values::Values;
use crate::errors::ApiError;

impl Records {
    /// Archives a record. One that is not there or is archived already stays as it is.
    pub(crate) fn archive(&mut self, object_type: ObjectType, id: RecordId, origin: Origin) {
        let Some(id) = self.of(object_type).by_id(id).map(|record| record.id) else {
            return;
        };
        let schema = self.schemas.of(object_type);
        if self.collections.of_mut(object_type).archive(schema, id, origin.at) {
            self.note(object_type, id, ChangeKind::Deletion, origin);
        }
    }

    /// Brings an archived record back with its associations. HubSpot has no call for it: people do it on its pages. Refused
    /// when another record has its address by now.
    pub(crate) fn restore(&mut self, object_type: ObjectType, id: RecordId, origin: Origin) -> Result<(), ApiError> {
        let schema = self.schemas.of(object_type);
        let collection = self.collections.of_mut(object_type);
        let record = collection.by_id(id).filter(|record| record.is_archived());
        let record = record.ok_or_else(ApiError::resource_not_found)?;
        let id = record.id;
        let unique: Values = schema
            .all()
            .filter(|property| property.has_unique_value)
            .filter_map(|property| Some((property.name.clone(), record.written(&property.name)?.to_owned())))
            .collect();
        match collection.conflict(schema, &unique, Some(id)) {
            Some(("email", owner)) => return Err(ApiError::contact_exists(owner)),
            Some((name, owner)) => return Err(ApiError::unique_value_taken(name, owner)),
            None => {}
        }
        collection.restore(schema, id, origin.at);
        self.note(object_type, id, ChangeKind::Restore, origin);
        Ok(())
    }

    /// Deletes a record for good, with its past and its associations.
    pub(crate) fn purge(&mut self, object_type: ObjectType, id: RecordId, origin: Origin) {
        let schema = self.schemas.of(object_type);
        self.collections.of_mut(object_type).purge(schema, id);
        self.associations.remove_all((object_type, id));
        self.note(object_type, id, ChangeKind::PrivacyDeletion, origin);
    }

    /// Merges `other` into `primary`, and returns the id that both have from then on. HubSpot's exact words for a record merged
    /// with itself are not known.
    pub(crate) fn merge(
        &mut self,
        object_type: ObjectType,
        primary: RecordId,
        other: RecordId,
        origin: Origin,
    ) -> Result<RecordId, ApiError> {
        let live = |id| {
            let record = self.of(object_type).by_id(id).filter(|record| !record.is_archived());
            record.map(|record| record.id).ok_or_else(ApiError::resource_not_found)
        };
        let (primary, other) = (live(primary)?, live(other)?);
        if primary == other {
            return Err(ApiError::validation(format!(
                "A {} cannot be merged with itself",
                object_type.singular()
            )));
        }
        let schema = self.schemas.of(object_type);
        let collection = self.collections.of_mut(object_type);
        let properties_moved = collection.merge(schema, primary, other, origin.at);
        self.associations.move_all((object_type, other), (object_type, primary));
        let kind = ChangeKind::Merge {
            merged: vec![other],
            properties_moved,
        };
        self.note(object_type, primary, kind, origin);
        Ok(primary)
    }
}
