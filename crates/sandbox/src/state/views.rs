//! Records as HubSpot answers them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Records;
use super::association_types::AssociationType;
use super::history::Revision;
use super::object_types::{ObjectType, RecordId};
use super::record::Record;
use crate::clock::Moment;
use crate::errors::ApiError;

/// How many associations of one kind a record's answer holds; what is more is read from the call for associations.
const MOST_ASSOCIATIONS: usize = 100;

/// What a call wants to see of a record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection<'a> {
    /// Names of properties; what HubSpot always answers comes on top.
    pub(crate) properties: Vec<&'a str>,
    pub(crate) with_history: Vec<&'a str>,
    pub(crate) associations: Vec<ObjectType>,
    /// The address that records are under, for links.
    pub(crate) objects: String,
}

impl<'a> Selection<'a> {
    /// These properties, or those that HubSpot answers unasked.
    pub(crate) fn of(object_type: ObjectType, properties: Vec<&'a str>) -> Self {
        let properties = if properties.is_empty() {
            unasked(object_type).to_vec()
        } else {
            properties
        };
        Self {
            properties,
            ..Self::default()
        }
    }
}

/// The properties that every answer has.
const fn always(object_type: ObjectType) -> [&'static str; 3] {
    match object_type {
        ObjectType::Contact => ["createdate", "hs_object_id", "lastmodifieddate"],
        ObjectType::Company | ObjectType::Deal | ObjectType::Ticket => {
            ["createdate", "hs_object_id", "hs_lastmodifieddate"]
        }
        ObjectType::Note | ObjectType::Communication => ["hs_createdate", "hs_object_id", "hs_lastmodifieddate"],
    }
}

/// The properties that HubSpot answers when none are asked for, beside those that it always answers.
const fn unasked(object_type: ObjectType) -> &'static [&'static str] {
    match object_type {
        ObjectType::Contact => &["email", "firstname", "lastname"],
        ObjectType::Company => &["domain", "name"],
        ObjectType::Deal => &["amount", "closedate", "dealname", "dealstage", "pipeline"],
        ObjectType::Ticket => &[
            "content",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
            "subject",
        ],
        ObjectType::Note | ObjectType::Communication => &[],
    }
}

/// A record as HubSpot answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// Its id, a string of digits.
    pub id: String,
    /// The properties asked for; `None` is one that is not set.
    pub properties: BTreeMap<String, Option<String>>,
    /// The values that the properties asked for had, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties_with_history: Option<BTreeMap<String, Vec<PastValue>>>,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Whether it was archived.
    pub archived: bool,
    /// When it was archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Moment>,
    /// The records that belong to it, by the plural of their kind; none when there are none of those asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub associations: Option<BTreeMap<String, AssociatedIds>>,
    /// The trace id that came with the write this answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_write_trace_id: Option<String>,
}

impl RecordView {
    /// The value of a property; `None` when it is not set or was not asked for.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref()
    }
}

/// A value that a property had or has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PastValue {
    /// The value; empty where it was cleared.
    pub value: String,
    /// When it was written.
    pub timestamp: Moment,
    /// `INTEGRATION` for the API, `CRM_UI` for a person.
    pub source_type: &'static str,
    /// The app or the person.
    pub source_id: String,
    /// The person, when it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by_user_id: Option<u64>,
}

impl From<&Revision> for PastValue {
    fn from(revision: &Revision) -> Self {
        Self {
            value: revision.value.clone(),
            timestamp: revision.at,
            source_type: revision.source.as_str(),
            source_id: revision.source.id(),
            updated_by_user_id: revision.source.user_id(),
        }
    }
}

/// The records of one kind that belong to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssociatedIds {
    /// One entry for each type of association: a record may come twice.
    pub results: Vec<AssociatedId>,
    /// How to read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
}

/// A record that belongs to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssociatedId {
    /// Its id.
    pub id: String,
    /// The type of association, `note_to_contact`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl AssociatedId {
    /// One entry for each type of association with a record.
    pub(crate) fn each(id: RecordId, types: &BTreeSet<u32>) -> impl Iterator<Item = Self> {
        let known = types.iter().filter_map(|known| AssociationType::by_id(*known));
        known.map(move |known| Self {
            id: id.to_string(),
            kind: known.name(),
        })
    }
}

/// How to read on where an answer ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paging {
    /// The page that follows.
    pub next: NextPage,
}

/// The page that follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextPage {
    /// What to pass as `after`.
    pub after: String,
    /// The whole address, under the name by which the client called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Records {
    /// A record as a call wants to see it. Names that are no property are left out, as HubSpot leaves them out.
    pub(crate) fn view(&self, object_type: ObjectType, record: &Record, selection: &Selection) -> RecordView {
        let schema = self.schema(object_type);
        let known = |name: &&str| schema.get(name).is_some();
        // Properties asked for with their history are answered without it too.
        let names = always(object_type)
            .into_iter()
            .chain(selection.properties.iter().copied())
            .chain(selection.with_history.iter().copied());
        let past = selection.with_history.iter().copied().filter(known).map(|name| {
            let revisions = record.history(name).into_iter();
            let revisions = revisions.flat_map(|history| history.revisions().map(PastValue::from));
            (name.to_owned(), revisions.collect())
        });
        RecordView {
            id: record.id.to_string(),
            properties: names
                .filter(known)
                .map(|name| (name.to_owned(), record.value(name)))
                .collect(),
            properties_with_history: (!selection.with_history.is_empty()).then(|| past.collect()),
            created_at: record.created_at,
            updated_at: record.updated_at,
            archived: record.is_archived(),
            archived_at: record.archived_at,
            associations: self.associations_view(object_type, record.id, selection),
            object_write_trace_id: None,
        }
    }

    /// A record with every property that has a value.
    pub(crate) fn full_view(&self, object_type: ObjectType, record: &Record) -> RecordView {
        let names = self.schema(object_type).all().map(|property| property.name.as_str());
        let selection = Selection::of(object_type, names.collect());
        let mut view = self.view(object_type, record, &selection);
        view.properties.retain(|_, value| value.is_some());
        view
    }

    /// A record with every property that has a value, by its id.
    pub(crate) fn full_view_of(&self, object_type: ObjectType, id: RecordId) -> Result<RecordView, ApiError> {
        let record = self.of(object_type).by_id(id);
        let record = record.ok_or_else(ApiError::resource_not_found)?;
        Ok(self.full_view(object_type, record))
    }

    /// The record that a write left behind, with the properties that it named.
    pub(crate) fn written_view(
        &self,
        object_type: ObjectType,
        id: RecordId,
        names: &[String],
    ) -> Result<RecordView, ApiError> {
        let selection = Selection {
            properties: names.iter().map(String::as_str).collect(),
            ..Selection::default()
        };
        let record = self.of(object_type).by_id(id);
        let record = record.ok_or_else(ApiError::resource_not_found)?;
        Ok(self.view(object_type, record, &selection))
    }

    fn associations_view(
        &self,
        object_type: ObjectType,
        id: RecordId,
        selection: &Selection,
    ) -> Option<BTreeMap<String, AssociatedIds>> {
        let all: BTreeMap<String, AssociatedIds> = selection
            .associations
            .iter()
            .map(|to| {
                let ids = self.associated_ids(object_type, id, *to, &selection.objects);
                (to.plural().to_owned(), ids)
            })
            .filter(|(_, ids)| !ids.results.is_empty())
            .collect();
        (!all.is_empty()).then_some(all)
    }

    fn associated_ids(&self, from: ObjectType, id: RecordId, to: ObjectType, objects: &str) -> AssociatedIds {
        let mut associated = self.associated((from, id), to);
        let shown: Vec<_> = associated.by_ref().take(MOST_ASSOCIATIONS).collect();
        let last = shown.last().map(|(last, _)| last.to_string());
        let paging = associated.next().and(last).map(|after| Paging {
            next: NextPage {
                link: Some(format!(
                    "{objects}/{}/{id}/associations/{}?after={after}",
                    from.plural(),
                    to.plural()
                )),
                after,
            },
        });
        let results = shown
            .into_iter()
            .flat_map(|(id, types)| AssociatedId::each(id, types))
            .collect();
        AssociatedIds { results, paging }
    }
}
