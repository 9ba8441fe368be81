//! Search: one call for each kind of record.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::body::json;
use super::inject::CallBody;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::search::{self, Kind, Search, Searchable, defaults};
use crate::state::Records;
use crate::state::object_types::ObjectType;
use crate::state::record::Record;
use crate::state::views::{NextPage, Paging, RecordView, Selection};

/// In place of a property's name: the records of a kind that belong to it.
const ASSOCIATIONS: &str = "associations.";

#[derive(Serialize)]
struct Answer {
    total: usize,
    results: Vec<RecordView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

/// A record as search sees it, with what belongs to it now: associations have no lag here.
struct Seen<'a> {
    object_type: ObjectType,
    record: &'a Record,
    records: &'a Records,
}

impl Searchable for Seen<'_> {
    fn value_of(&self, property: &str) -> Option<Cow<'_, str>> {
        if let Some(to) = associations(property) {
            let associated = self.records.associated((self.object_type, self.record.id), to);
            let ids: Vec<String> = associated.map(|(id, _)| id.to_string()).collect();
            return (!ids.is_empty()).then(|| Cow::Owned(ids.join(";")));
        }
        match self.record.written(property) {
            Some(value) => Some(Cow::Borrowed(value)),
            None => self.record.value(property).map(Cow::Owned),
        }
    }
}

fn associations(property: &str) -> Option<ObjectType> {
    property.strip_prefix(ASSOCIATIONS)?.parse().ok()
}

pub(crate) async fn search(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let now = sandbox.now();
    let mut state = sandbox.state();
    let state = &mut *state;
    let records = &state.records;
    let schema = records.schema(object_type);
    let kind_of = |name: &str| match schema.get(name) {
        Some(property) => Some(Kind::of(&property.kind)),
        None => associations(name).map(|_| Kind::Choice),
    };
    let search = Search::parse(&body, &kind_of)?;
    let all = records.of(object_type).all();
    let all = all.map(|record| ((object_type, record.id), record));
    let seen: Vec<Seen> = state
        .index
        .seen(now, all, |(kind, _)| *kind == object_type)
        .filter(|record| !record.is_archived())
        .map(|record| Seen {
            object_type,
            record,
            records,
        })
        .collect();
    let found = search::run(&search, &seen, defaults::searchable(object_type));
    let selection = Selection::of(object_type, search.properties.iter().map(String::as_str).collect());
    let answer = Answer {
        total: found.total,
        results: found
            .results
            .into_iter()
            .map(|seen| records.view(object_type, seen.record, &selection))
            .collect(),
        // Of the next page HubSpot's search tells no link.
        paging: found.next.map(|after| Paging {
            next: NextPage {
                after: after.to_string(),
                link: None,
            },
        }),
    };
    Ok(json(StatusCode::OK, &answer))
}
