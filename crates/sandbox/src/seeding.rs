//! What a person does with records on HubSpot's pages, as the handle and the control calls do it.

use crate::errors::ApiError;
use crate::sandbox::{known_id, refused};
use crate::state::changes::{Change, Origin};
use crate::state::object_types::ObjectType;
use crate::state::values::{RawValue, RawValues};
use crate::state::views::RecordView;
use crate::{Sandbox, SandboxError};

impl Sandbox {
    /// Every record of a kind (`notes`, `note` or `0-46`) that is not archived, with all its values.
    pub fn records(&self, object_type: &str) -> Result<Vec<RecordView>, SandboxError> {
        Ok(self.live_records(parse(object_type)?))
    }

    /// The record of a kind with this id, with all its values, archived or not.
    pub fn record(&self, object_type: &str, id: &str) -> Result<RecordView, SandboxError> {
        let object_type = parse(object_type)?;
        self.read(|records| records.full_view_of(object_type, known_id(records, object_type, id)?))
            .map_err(refused)
    }

    /// Creates a record of a kind as a person in HubSpot does.
    pub fn seed_record<'a>(
        &self,
        object_type: &str,
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<RecordView, SandboxError> {
        let raw = properties
            .into_iter()
            .map(|(name, value)| (name.to_owned(), RawValue::Text(value.to_owned())))
            .collect();
        self.create_record(parse(object_type)?, raw).map_err(refused)
    }

    /// Brings an archived contact back as a person in HubSpot does. Refused when another contact has its address by now.
    pub fn restore(&self, id: &str) -> Result<RecordView, SandboxError> {
        self.restore_record(ObjectType::Contact, id).map_err(refused)
    }

    pub(crate) fn live_records(&self, object_type: ObjectType) -> Vec<RecordView> {
        self.read(|records| {
            let live = records.of(object_type).all().filter(|record| !record.is_archived());
            live.map(|record| records.full_view(object_type, record)).collect()
        })
    }

    pub(crate) fn create_record(&self, object_type: ObjectType, raw: RawValues) -> Result<RecordView, ApiError> {
        self.change(|records, now| {
            let prepared = records.prepare_creation(object_type, raw, &[])?;
            let id = records.write(prepared, Origin::crm_ui(now));
            records.full_view_of(object_type, id)
        })
    }

    pub(crate) fn update_record(
        &self,
        object_type: ObjectType,
        id: &str,
        raw: RawValues,
    ) -> Result<RecordView, ApiError> {
        self.change(|records, now| {
            let id = known_id(records, object_type, id)?;
            let prepared = records.prepare_update(object_type, id, raw)?;
            let id = records.write(prepared, Origin::crm_ui(now));
            records.full_view_of(object_type, id)
        })
    }

    pub(crate) fn archive_record(&self, object_type: ObjectType, id: &str) -> Result<(), ApiError> {
        self.change(|records, now| {
            let id = known_id(records, object_type, id)?;
            records.archive(object_type, id, Origin::crm_ui(now));
            Ok(())
        })
    }

    pub(crate) fn restore_record(&self, object_type: ObjectType, id: &str) -> Result<RecordView, ApiError> {
        self.change(|records, now| {
            let id = known_id(records, object_type, id)?;
            records.restore(object_type, id, Origin::crm_ui(now))?;
            records.full_view_of(object_type, id)
        })
    }

    pub(crate) fn recent_changes(&self) -> Vec<Change> {
        self.state().recent_changes.all().cloned().collect()
    }
}

fn parse(object_type: &str) -> Result<ObjectType, SandboxError> {
    object_type
        .parse()
        .map_err(|_| refused(ApiError::unknown_object_type(object_type)))
}
