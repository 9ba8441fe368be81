//! The records file's first format, which knew contacts alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Records;
use super::changes::Origin;
use super::collection::Collection;
use super::history::revisions_kept;
use super::object_types::{ObjectType, RecordId};
use super::properties::Property;
use super::record::Record;
use super::values::Values;
use super::visitor_tokens::VisitorTokens;
use crate::auth::Tokens;
use crate::clock::Moment;

/// The format's number in the file.
pub(super) const VERSION: u32 = 1;

#[derive(Deserialize)]
pub(super) struct OldRecords {
    portal_id: u64,
    tokens: Tokens,
    properties: BTreeMap<String, Property>,
    contacts: OldContacts,
    #[serde(default)]
    visitor_tokens: VisitorTokens,
}

#[derive(Deserialize)]
struct OldContacts {
    next_id: RecordId,
    by_id: BTreeMap<RecordId, OldContact>,
    merged: BTreeMap<RecordId, RecordId>,
}

#[derive(Deserialize)]
struct OldContact {
    id: RecordId,
    values: Values,
    created_at: Moment,
    updated_at: Moment,
    archived_at: Option<Moment>,
    additional_emails: BTreeSet<String>,
    merged_ids: BTreeSet<RecordId>,
}

impl From<OldRecords> for Records {
    fn from(old: OldRecords) -> Self {
        let mut records = Self::new(old.portal_id, old.tokens);
        let own = old
            .properties
            .into_values()
            .filter(|property| !property.hubspot_defined);
        records.schema_mut(ObjectType::Contact).adopt(own);
        records.next_id = old.contacts.next_id;
        let contacts = old.contacts.by_id.into_values().map(Record::from);
        *records.collections.of_mut(ObjectType::Contact) =
            Collection::restored(ObjectType::Contact, contacts, old.contacts.merged);
        records.visitor_tokens = old.visitor_tokens;
        records
    }
}

impl From<OldContact> for Record {
    /// The values' past was not kept: they count as written when the contact was last changed.
    fn from(old: OldContact) -> Self {
        let mut record = Self::new(old.id, old.created_at);
        let kept = revisions_kept(ObjectType::Contact);
        record.write(old.values, Origin::integration(old.updated_at), kept);
        record.archived_at = old.archived_at;
        record.additional_emails = old.additional_emails;
        record.merged_ids = old.merged_ids;
        record
    }
}
