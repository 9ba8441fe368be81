//! Contacts: their values, their identity (id, e-mail addresses, merges) and their view on the wire.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::changes::{Change, ChangeKind, ChangeSource};
use super::object_types::{ObjectType, RecordId};
use super::properties::Properties;
use crate::clock::Moment;
use crate::errors::ApiError;

/// Where ids begin: as long as those of a real account, so that a client that keeps them in 32 bits is found out.
const FIRST_ID: u64 = 37_765_128_001;

/// A contact's id. On the wire it is a string of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ContactId(u64);

impl fmt::Display for ContactId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for ContactId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// How a call names a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdProperty {
    RecordId,
    Email,
}

impl IdProperty {
    pub(crate) fn parse(name: Option<&str>) -> Result<Self, ApiError> {
        match name {
            None | Some("" | "hs_object_id") => Ok(Self::RecordId),
            Some("email") => Ok(Self::Email),
            Some(other) => Err(ApiError::validation(format!(
                "Property \"{other}\" is not a unique identifier of 0-1"
            ))),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) id: ContactId,
    values: BTreeMap<String, String>,
    created_at: Moment,
    updated_at: Moment,
    archived_at: Option<Moment>,
    additional_emails: BTreeSet<String>,
    merged_ids: BTreeSet<ContactId>,
}

/// A contact as HubSpot answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactView {
    /// Its id, a string of digits.
    pub id: String,
    /// The properties asked for; `None` is one that is not set.
    pub properties: BTreeMap<String, Option<String>>,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Whether it was archived.
    pub archived: bool,
    /// When it was archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Moment>,
    /// The trace id that came with the write this answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_write_trace_id: Option<String>,
}

impl ContactView {
    /// The value of a property; `None` when it is not set or was not asked for.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref()
    }
}

impl Contact {
    pub(crate) fn email(&self) -> Option<&str> {
        self.values.get("email").map(String::as_str)
    }

    pub(crate) const fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    fn value(&self, name: &str) -> Option<String> {
        match name {
            "createdate" => Some(self.created_at.iso()),
            "lastmodifieddate" => Some(self.updated_at.iso()),
            "hs_object_id" => Some(self.id.to_string()),
            "hs_additional_emails" => joined(self.additional_emails.iter()),
            "hs_merged_object_ids" => joined(self.merged_ids.iter()),
            _ => self.values.get(name).cloned(),
        }
    }

    /// The contact with the properties asked for and the three that HubSpot always sends. Names that are no property are
    /// left out, as HubSpot leaves them out.
    pub(crate) fn view<'a>(&self, properties: &Properties, asked: impl IntoIterator<Item = &'a str>) -> ContactView {
        ContactView {
            id: self.id.to_string(),
            properties: ["createdate", "hs_object_id", "lastmodifieddate"]
                .into_iter()
                .chain(asked)
                .filter(|name| properties.get(name).is_some())
                .map(|name| (name.to_owned(), self.value(name)))
                .collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            archived: self.is_archived(),
            archived_at: self.archived_at,
            object_write_trace_id: None,
        }
    }

    /// The contact with every property that has a value.
    pub(crate) fn full_view(&self, properties: &Properties) -> ContactView {
        let mut view = self.view(properties, properties.all().map(|property| property.name.as_str()));
        view.properties.retain(|_, value| value.is_some());
        view
    }
}

fn joined<T: ToString>(values: impl Iterator<Item = T>) -> Option<String> {
    let list: Vec<String> = values.map(|value| value.to_string()).collect();
    (!list.is_empty()).then(|| list.join(";"))
}

/// All contacts of the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Contacts {
    next_id: u64,
    by_id: BTreeMap<ContactId, Contact>,
    /// Where the records went that were merged into others.
    merged: BTreeMap<ContactId, ContactId>,
    #[serde(skip)]
    by_email: HashMap<String, ContactId>,
    /// What happened since it was last taken.
    #[serde(skip)]
    pub(crate) changes: Vec<Change>,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            next_id: FIRST_ID,
            by_id: BTreeMap::new(),
            merged: BTreeMap::new(),
            by_email: HashMap::new(),
            changes: Vec::new(),
        }
    }
}

impl Contacts {
    fn note(&mut self, id: ContactId, kind: ChangeKind, at: Moment) {
        self.changes.push(Change {
            at,
            object_type: ObjectType::Contact,
            id: RecordId::new(id.0),
            kind,
            source: ChangeSource::Integration,
        });
    }

    /// All of them in the order of their ids, archived or not.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Contact> {
        self.by_id.values()
    }

    /// Those after the given id.
    pub(crate) fn after(&self, after: Option<ContactId>) -> impl Iterator<Item = &Contact> {
        let start = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.by_id
            .range((start, std::ops::Bound::Unbounded))
            .map(|(_, contact)| contact)
    }

    /// The record that an id stands for: itself, or the one it was merged into.
    pub(crate) fn by_id(&self, id: ContactId) -> Option<&Contact> {
        self.by_id.get(&self.merged_into(id))
    }

    fn merged_into(&self, id: ContactId) -> ContactId {
        let mut id = id;
        while let Some(primary) = self.merged.get(&id) {
            id = *primary;
        }
        id
    }

    /// The contact with this address, as its own or as an additional one. Archived contacts have given theirs back.
    pub(crate) fn by_email(&self, email: &str) -> Option<&Contact> {
        self.by_email
            .get(&email.trim().to_lowercase())
            .and_then(|id| self.by_id.get(id))
    }

    /// The contact that a call names and that is not archived.
    pub(crate) fn find(&self, name: &str, property: IdProperty) -> Option<&Contact> {
        match property {
            IdProperty::Email => self.by_email(name),
            IdProperty::RecordId => self.by_id(name.parse().ok()?),
        }
        .filter(|contact| !contact.is_archived())
    }

    /// Creates a contact from values that were checked.
    pub(crate) fn create(&mut self, values: BTreeMap<String, String>, now: Moment) -> Result<&Contact, ApiError> {
        self.check_email_is_free(&values, None)?;
        let id = ContactId(self.next_id);
        self.next_id += 1;
        let values: BTreeMap<_, _> = values.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        if let Some(email) = values.get("email") {
            self.by_email.insert(email.clone(), id);
        }
        self.note(id, ChangeKind::Creation, now);
        Ok(self.by_id.entry(id).or_insert(Contact {
            id,
            values,
            created_at: now,
            updated_at: now,
            archived_at: None,
            additional_emails: BTreeSet::new(),
            merged_ids: BTreeSet::new(),
        }))
    }

    /// Refuses values whose e-mail address another contact has.
    pub(crate) fn check_email_is_free(
        &self,
        values: &BTreeMap<String, String>,
        own: Option<ContactId>,
    ) -> Result<(), ApiError> {
        let owner = values.get("email").and_then(|email| self.by_email.get(email));
        match owner {
            Some(owner) if Some(*owner) != own => Err(ApiError::contact_exists(owner)),
            _ => Ok(()),
        }
    }

    /// Writes values that were checked; empty ones clear.
    pub(crate) fn update(
        &mut self,
        id: ContactId,
        values: BTreeMap<String, String>,
        now: Moment,
    ) -> Result<&Contact, ApiError> {
        self.check_email_is_free(&values, Some(id))?;
        let contact = self.by_id.get_mut(&id).ok_or_else(ApiError::resource_not_found)?;
        if let Some(email) = values.get("email") {
            if let Some(previous) = contact.values.get("email") {
                self.by_email.remove(previous);
            }
            contact.additional_emails.remove(email);
            if !email.is_empty() {
                self.by_email.insert(email.clone(), id);
            }
        }
        let mut changed = Vec::new();
        for (name, value) in values {
            if contact.values.get(&name).map(String::as_str).unwrap_or_default() != value {
                changed.push((name.clone(), value.clone()));
            }
            if value.is_empty() {
                contact.values.remove(&name);
            } else {
                contact.values.insert(name, value);
            }
        }
        contact.updated_at = now;
        for (name, value) in changed {
            self.note(id, ChangeKind::PropertyChange { name, value }, now);
        }
        self.by_id.get(&id).ok_or_else(ApiError::resource_not_found)
    }

    /// Archives a contact and gives its addresses back. One that is archived already stays as it is.
    pub(crate) fn archive(&mut self, id: ContactId, now: Moment) {
        let id = self.merged_into(id);
        if let Some(contact) = self.by_id.get_mut(&id)
            && !contact.is_archived()
        {
            contact.archived_at = Some(now);
            contact.updated_at = now;
            self.by_email.retain(|_, owner| *owner != id);
            self.note(id, ChangeKind::Deletion, now);
        }
    }

    /// Deletes a contact for good.
    pub(crate) fn purge(&mut self, id: ContactId, now: Moment) {
        let id = self.merged_into(id);
        self.note(id, ChangeKind::PrivacyDeletion, now);
        self.by_id.remove(&id);
        self.merged.retain(|_, primary| *primary != id);
        self.by_email.retain(|_, owner| *owner != id);
    }

    /// Merges `other` into `primary`: the primary keeps its values and takes those it lacks, the other's addresses and id
    /// lead to the primary from now on.
    pub(crate) fn merge(&mut self, primary: ContactId, other: ContactId, now: Moment) -> Result<&Contact, ApiError> {
        let (primary, other) = (self.merged_into(primary), self.merged_into(other));
        if primary == other {
            return Err(ApiError::validation("A contact cannot be merged with itself"));
        }
        if !self.by_id.contains_key(&primary) {
            return Err(ApiError::resource_not_found());
        }
        let absorbed = self.by_id.remove(&other).ok_or_else(ApiError::resource_not_found)?;
        let contact = self.by_id.get_mut(&primary).ok_or_else(ApiError::resource_not_found)?;
        if let Some(email) = absorbed.email()
            && contact.values.contains_key("email")
        {
            contact.additional_emails.insert(email.to_owned());
        }
        contact.additional_emails.extend(absorbed.additional_emails);
        contact.merged_ids.extend(absorbed.merged_ids);
        contact.merged_ids.insert(other);
        let own = contact.values.len();
        for (name, value) in absorbed.values {
            contact.values.entry(name).or_insert(value);
        }
        let properties_moved = contact.values.len() - own;
        contact.updated_at = now;
        self.merged.insert(other, primary);
        for owner in self.by_email.values_mut().filter(|owner| **owner == other) {
            *owner = primary;
        }
        let merged = vec![RecordId::new(other.0)];
        self.note(
            primary,
            ChangeKind::Merge {
                merged,
                properties_moved,
            },
            now,
        );
        self.by_id.get(&primary).ok_or_else(ApiError::resource_not_found)
    }

    /// Finds the addresses again after the contacts were read from a file.
    pub(crate) fn rebuild_index(&mut self) {
        self.by_email = self
            .by_id
            .values()
            .filter(|contact| !contact.is_archived())
            .flat_map(|contact| {
                contact
                    .email()
                    .into_iter()
                    .chain(contact.additional_emails.iter().map(String::as_str))
                    .map(|email| (email.to_owned(), contact.id))
            })
            .collect();
    }
}
