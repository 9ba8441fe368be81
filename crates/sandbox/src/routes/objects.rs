//! Records one by one, of every kind: create, get, patch, archive, list.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::body::{Pairs, first, json, list, parse};
use super::inject::CallBody;
use super::path::{self, Called, ObjectName};
use super::{batch_reads, batch_writes, gdpr, merge, search};
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::Records;
use crate::state::changes::Origin;
use crate::state::object_types::{ObjectType, RecordId};
use crate::state::record::Record;
use crate::state::values::RawValues;
use crate::state::views::{NextPage, Paging, RecordView, Selection};
use crate::state::writes::{NewAssociation, Prepared};

/// How many records a page holds at most.
const LONGEST_PAGE: usize = 100;

/// The same when values come with their history.
const LONGEST_PAGE_WITH_HISTORY: usize = 50;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/{object_type}", get(page).post(create))
        .route("/{object_type}/{object_id}", get(one).patch(update).delete(archive))
        .route("/{object_type}/search", post(search::search))
        .route("/{object_type}/merge", post(merge::merge))
        .route("/{object_type}/gdpr-delete", post(gdpr::gdpr_delete))
        .route("/{object_type}/batch/read", post(batch_reads::read))
        .route("/{object_type}/batch/create", post(batch_writes::create))
        .route("/{object_type}/batch/update", post(batch_writes::update))
        .route("/{object_type}/batch/upsert", post(batch_writes::upsert))
        .route("/{object_type}/batch/archive", post(batch_writes::archive))
}

/// The body of a single write.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Write {
    properties: RawValues,
    #[serde(default)]
    associations: Option<Vec<NewAssociation>>,
    object_write_trace_id: Option<String>,
}

/// Does what was prepared, and answers the record with the properties that the write named.
pub(crate) fn write(
    records: &mut Records,
    prepared: Prepared,
    trace_id: Option<String>,
    origin: Origin,
) -> Result<RecordView, ApiError> {
    let object_type = prepared.object_type;
    let names: Vec<String> = prepared.values.keys().cloned().collect();
    let id = records.write(prepared, origin);
    let mut view = records.written_view(object_type, id, &names)?;
    view.object_write_trace_id = trace_id;
    Ok(view)
}

async fn create(State(sandbox): State<Sandbox>, object_type: ObjectType, body: CallBody) -> Result<Response, ApiError> {
    let asked: Write = parse(&body)?;
    let associations = asked.associations.unwrap_or_default();
    sandbox.change(|records, now| {
        let prepared = records.prepare_creation(object_type, asked.properties, &associations)?;
        let view = write(records, prepared, asked.object_write_trace_id, Origin::integration(now))?;
        Ok(json(StatusCode::CREATED, &view))
    })
}

/// What a query wants to see.
fn selection<'a>(object_type: ObjectType, query: &'a Pairs, called: &Called) -> Result<Selection<'a>, ApiError> {
    let associations: Result<Vec<ObjectType>, ApiError> =
        list(query, "associations").into_iter().map(path::object_type).collect();
    Ok(Selection {
        with_history: list(query, "propertiesWithHistory"),
        associations: associations?,
        objects: called.objects(),
        ..Selection::of(object_type, list(query, "properties"))
    })
}

async fn one(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    Query(query): Query<Pairs>,
    called: Called,
) -> Result<Response, ApiError> {
    let archived = first(&query, "archived") == Some("true");
    let selection = selection(object_type, &query, &called)?;
    let view = sandbox.read(|records| {
        let property = records.id_property(object_type, first(&query, "idProperty"))?;
        let record = if archived {
            records.find_archived(object_type, &name, property)
        } else {
            records.find(object_type, &name, property)
        };
        Ok(records.view(object_type, record?, &selection))
    })?;
    Ok(json(StatusCode::OK, &view))
}

async fn update(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
    Query(query): Query<Pairs>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let asked: Write = parse(&body)?;
    sandbox.change(|records, now| {
        let property = records.id_property(object_type, first(&query, "idProperty"))?;
        let id = records.find(object_type, &name, property)?.id;
        let prepared = records.prepare_update(object_type, id, asked.properties)?;
        let view = write(records, prepared, asked.object_write_trace_id, Origin::integration(now))?;
        Ok(json(StatusCode::OK, &view))
    })
}

/// HubSpot answers 204 whether or not there was something to archive.
async fn archive(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(name): ObjectName,
) -> Result<StatusCode, ApiError> {
    let id = name.parse().map_err(|_| ApiError::id_is_not_numeric(&name))?;
    sandbox.change(|records, now| {
        records.archive(object_type, id, Origin::integration(now));
        Ok(StatusCode::NO_CONTENT)
    })
}

#[derive(Serialize)]
struct Page {
    results: Vec<RecordView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

/// HubSpot's exact words for a page that is too long or begins nowhere are not known.
async fn page(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Query(query): Query<Pairs>,
    called: Called,
) -> Result<Response, ApiError> {
    let selection = selection(object_type, &query, &called)?;
    let longest = if selection.with_history.is_empty() {
        LONGEST_PAGE
    } else {
        LONGEST_PAGE_WITH_HISTORY
    };
    let limit = limit(&query, 10, longest)?;
    let after = after(&query)?;
    let archived = first(&query, "archived") == Some("true");
    let page = sandbox.read(|records| {
        let after = records.of(object_type).after(after);
        let mut found = after.filter(|record| record.is_archived() == archived);
        let shown: Vec<&Record> = found.by_ref().take(limit).collect();
        let last = shown.last().map(|record| record.id);
        let paging = found.next().and(last).map(|last| Paging {
            next: NextPage {
                after: last.to_string(),
                link: Some(called.next_page(limit, last)),
            },
        });
        let results = shown
            .into_iter()
            .map(|record| records.view(object_type, record, &selection))
            .collect();
        Page { results, paging }
    });
    Ok(json(StatusCode::OK, &page))
}

/// How long a page may be.
pub(crate) fn limit(query: &Pairs, unasked: usize, longest: usize) -> Result<usize, ApiError> {
    match first(query, "limit").map(str::parse) {
        None => Ok(unasked.min(longest)),
        Some(Ok(limit)) if (1..=longest).contains(&limit) => Ok(limit),
        Some(_) => Err(ApiError::validation(format!(
            "limit must be a number from 1 to {longest}"
        ))),
    }
}

/// Where a page begins.
pub(crate) fn after(query: &Pairs) -> Result<Option<RecordId>, ApiError> {
    match first(query, "after").map(str::parse) {
        None => Ok(None),
        Some(Ok(after)) => Ok(Some(after)),
        Some(Err(_)) => Err(ApiError::validation(
            "after must be the value that the page before gave",
        )),
    }
}
