//! What a person does with records on HubSpot's pages, as the handle and the control calls do it.

use crate::errors::ApiError;
use crate::state::changes::{Change, Origin};
use crate::state::collection::IdProperty;
use crate::state::object_types::ObjectType;
use crate::state::values::{RawValue, RawValues};
use crate::state::views::RecordView;
use crate::{ContactView, Sandbox, SandboxError};

impl Sandbox {
    /// Every contact that is not archived, with all its values.
    #[must_use]
    pub fn contacts(&self) -> Vec<ContactView> {
        self.live_records(ObjectType::Contact)
    }

    /// The contact with this e-mail address, with all its values.
    #[must_use]
    pub fn contact_by_email(&self, email: &str) -> Option<ContactView> {
        let state = self.state();
        let contacts = state.records.of(ObjectType::Contact);
        let contact = contacts.named(email, IdProperty::Unique("email"))?;
        Some(state.records.full_view(ObjectType::Contact, contact))
    }

    /// The contact with this id, with all its values, archived or not.
    #[must_use]
    pub fn contact(&self, id: &str) -> Option<ContactView> {
        let state = self.state();
        let contact = state.records.of(ObjectType::Contact).by_id(id.parse().ok()?)?;
        Some(state.records.full_view(ObjectType::Contact, contact))
    }

    /// Creates a contact as a person in HubSpot does.
    pub fn seed_contact<'a>(
        &self,
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<ContactView, SandboxError> {
        self.create_contact(texts(properties)).map_err(refused)
    }

    /// Sets one property of a contact as a person in HubSpot does; an empty value clears it.
    pub fn set_property(&self, id: &str, name: &str, value: &str) -> Result<ContactView, SandboxError> {
        self.update_contact(id, texts([(name, value)])).map_err(refused)
    }

    /// Archives a contact as a person in HubSpot does.
    pub fn archive(&self, id: &str) -> Result<(), SandboxError> {
        self.archive_record(ObjectType::Contact, id).map_err(refused)
    }

    /// Merges `other` into `primary`. From then on the id and the addresses of `other` lead to `primary`.
    pub fn merge(&self, primary: &str, other: &str) -> Result<ContactView, SandboxError> {
        self.change(|records, now| {
            let known = |id| records.known_id(ObjectType::Contact, id);
            let (primary, other) = (known(primary)?, known(other)?);
            let id = records.merge(ObjectType::Contact, primary, other, Origin::crm_ui(now))?;
            records.full_view_of(ObjectType::Contact, id)
        })
        .map_err(refused)
    }

    /// Every record of a kind (`notes`, `note` or `0-46`) that is not archived, with all its values.
    pub fn records(&self, object_type: &str) -> Result<Vec<RecordView>, SandboxError> {
        Ok(self.live_records(parse(object_type)?))
    }

    /// The record of a kind with this id, with all its values, archived or not.
    pub fn record(&self, object_type: &str, id: &str) -> Result<RecordView, SandboxError> {
        let object_type = parse(object_type)?;
        self.read(|records| records.full_view_of(object_type, records.known_id(object_type, id)?))
            .map_err(refused)
    }

    /// Creates a record of a kind as a person in HubSpot does.
    pub fn seed_record<'a>(
        &self,
        object_type: &str,
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<RecordView, SandboxError> {
        self.create_record(parse(object_type)?, texts(properties))
            .map_err(refused)
    }

    /// Brings an archived contact back as a person in HubSpot does. Refused when another contact has its address by now.
    pub fn restore(&self, id: &str) -> Result<RecordView, SandboxError> {
        self.restore_record(ObjectType::Contact, id).map_err(refused)
    }

    pub(crate) fn create_contact(&self, raw: RawValues) -> Result<ContactView, ApiError> {
        self.create_record(ObjectType::Contact, raw)
    }

    pub(crate) fn update_contact(&self, id: &str, raw: RawValues) -> Result<ContactView, ApiError> {
        self.update_record(ObjectType::Contact, id, raw)
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
            let id = records.known_id(object_type, id)?;
            let prepared = records.prepare_update(object_type, id, raw)?;
            let id = records.write(prepared, Origin::crm_ui(now));
            records.full_view_of(object_type, id)
        })
    }

    pub(crate) fn archive_record(&self, object_type: ObjectType, id: &str) -> Result<(), ApiError> {
        self.change(|records, now| {
            let id = records.known_id(object_type, id)?;
            records.archive(object_type, id, Origin::crm_ui(now));
            Ok(())
        })
    }

    pub(crate) fn restore_record(&self, object_type: ObjectType, id: &str) -> Result<RecordView, ApiError> {
        self.change(|records, now| {
            let id = records.known_id(object_type, id)?;
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

fn refused(error: ApiError) -> SandboxError {
    SandboxError::Refused(error.body.message)
}

fn texts<'a>(properties: impl IntoIterator<Item = (&'a str, &'a str)>) -> RawValues {
    properties
        .into_iter()
        .map(|(name, value)| (name.to_owned(), RawValue::Text(value.to_owned())))
        .collect()
}
