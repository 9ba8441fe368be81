//! Contacts one by one: create, get, patch, archive, list, gdpr-delete.

use axum::Router;
use axum::extract::{NestedPath, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::batch;
use super::body::{Pairs, first, json, list, parse};
use super::inject::CallBody;
use crate::errors::ApiError;
use crate::state::Records;
use crate::state::contacts::{Contact, ContactId, ContactView, IdProperty};
use crate::state::values::{self, RawValues};
use crate::{Moment, Sandbox};

/// The properties that HubSpot answers when none are asked for, beside those that it always answers.
const DEFAULT_PROPERTIES: [&str; 3] = ["email", "firstname", "lastname"];

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/", get(page).post(create))
        .route("/{id}", get(one).patch(update).delete(archive))
        .route("/gdpr-delete", post(gdpr_delete))
        .merge(batch::router())
}

/// The body of a single write.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Write {
    properties: RawValues,
    object_write_trace_id: Option<String>,
}

/// The properties asked for, or those that HubSpot answers unasked.
pub(crate) fn asked_or_default(asked: Vec<&str>) -> Vec<&str> {
    if asked.is_empty() {
        DEFAULT_PROPERTIES.to_vec()
    } else {
        asked
    }
}

async fn create(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let write: Write = parse(&body)?;
    sandbox.change(|records, now| {
        let view = create_one(records, write.properties, write.object_write_trace_id, now)?;
        Ok(json(StatusCode::CREATED, &view))
    })
}

pub(crate) fn create_one(
    records: &mut Records,
    raw: RawValues,
    trace_id: Option<String>,
    now: Moment,
) -> Result<ContactView, ApiError> {
    let values = values::check(&records.properties, raw, records.portal_id)?;
    let names: Vec<String> = values.keys().cloned().collect();
    let contact = records.contacts.create(values, now)?;
    let mut view = contact.view(&records.properties, names.iter().map(String::as_str));
    view.object_write_trace_id = trace_id;
    Ok(view)
}

pub(crate) fn update_one(
    records: &mut Records,
    id: ContactId,
    raw: RawValues,
    trace_id: Option<String>,
    now: Moment,
) -> Result<ContactView, ApiError> {
    let values = values::check(&records.properties, raw, records.portal_id)?;
    let names: Vec<String> = values.keys().cloned().collect();
    let contact = records.contacts.update(id, values, now)?;
    let mut view = contact.view(&records.properties, names.iter().map(String::as_str));
    view.object_write_trace_id = trace_id;
    Ok(view)
}

/// The contact that a path names, or the 404 that HubSpot has for this way of naming it.
fn named<'a>(records: &'a Records, name: &str, property: IdProperty) -> Result<&'a Contact, ApiError> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    if property == IdProperty::RecordId && !is_number {
        return Err(ApiError::id_is_not_numeric(name));
    }
    records
        .contacts
        .find(name, property)
        .ok_or_else(ApiError::resource_not_found)
}

async fn one(
    State(sandbox): State<Sandbox>,
    Path(name): Path<String>,
    Query(query): Query<Pairs>,
) -> Result<Response, ApiError> {
    let property = IdProperty::parse(first(&query, "idProperty"))?;
    let archived = first(&query, "archived") == Some("true");
    sandbox.read(|records| {
        let contact = if archived {
            let id = name.parse().map_err(|_| ApiError::id_is_not_numeric(&name))?;
            let contact = records.contacts.by_id(id).filter(|contact| contact.is_archived());
            contact.ok_or_else(ApiError::resource_not_found)?
        } else {
            named(records, &name, property)?
        };
        let asked = asked_or_default(list(&query, "properties"));
        Ok(json(StatusCode::OK, &contact.view(&records.properties, asked)))
    })
}

async fn update(
    State(sandbox): State<Sandbox>,
    Path(name): Path<String>,
    Query(query): Query<Pairs>,
    body: CallBody,
) -> Result<Response, ApiError> {
    let property = IdProperty::parse(first(&query, "idProperty"))?;
    let write: Write = parse(&body)?;
    sandbox.change(|records, now| {
        let id = named(records, &name, property)?.id;
        let view = update_one(records, id, write.properties, write.object_write_trace_id, now)?;
        Ok(json(StatusCode::OK, &view))
    })
}

/// HubSpot answers 204 whether or not there was something to archive.
async fn archive(State(sandbox): State<Sandbox>, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    let id = name.parse().map_err(|_| ApiError::id_is_not_numeric(&name))?;
    sandbox.change(|records, now| {
        records.contacts.archive(id, now);
        Ok(StatusCode::NO_CONTENT)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GdprDelete {
    object_id: String,
    id_property: Option<String>,
}

/// Deletes for good. HubSpot puts an address that it does not know on a block-list, and says elsewhere that the API may create
/// such a contact again all the same: the sandbox answers 204 for it and refuses nothing later.
async fn gdpr_delete(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let request: GdprDelete = parse(&body)?;
    let property = IdProperty::parse(request.id_property.as_deref())?;
    sandbox.change(|records, now| {
        match named(records, &request.object_id, property) {
            Ok(contact) => {
                let id = contact.id;
                records.contacts.purge(id, now);
            }
            Err(_) if property == IdProperty::Email => {}
            Err(error) => return Err(error),
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

#[derive(Serialize)]
struct Page {
    results: Vec<ContactView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

#[derive(Serialize)]
struct Paging {
    next: NextPage,
}

#[derive(Serialize)]
struct NextPage {
    after: String,
    link: String,
}

async fn page(
    State(sandbox): State<Sandbox>,
    Query(query): Query<Pairs>,
    path: NestedPath,
) -> Result<Response, ApiError> {
    let limit: usize = match first(&query, "limit").map(str::parse) {
        None => 10,
        Some(Ok(limit)) if (1..=100).contains(&limit) => limit,
        Some(_) => return Err(ApiError::validation("limit must be a number from 1 to 100")),
    };
    let after = match first(&query, "after").map(str::parse) {
        None => None,
        Some(Ok(after)) => Some(after),
        Some(Err(_)) => {
            return Err(ApiError::validation(
                "after must be the value that the page before gave",
            ));
        }
    };
    let archived = first(&query, "archived") == Some("true");
    let asked = asked_or_default(list(&query, "properties"));
    sandbox.read(|records| {
        let contacts = records.contacts.after(after);
        let mut found = contacts.filter(|contact| contact.is_archived() == archived);
        let shown: Vec<&Contact> = found.by_ref().take(limit).collect();
        let last = shown
            .last()
            .map(|contact| contact.id)
            .filter(|_| found.next().is_some());
        let paging = last.map(|last| Paging {
            next: NextPage {
                after: last.to_string(),
                link: format!("https://api.hubapi.com{}?limit={limit}&after={last}", path.as_str()),
            },
        });
        let results = shown
            .into_iter()
            .map(|contact| contact.view(&records.properties, asked.iter().copied()))
            .collect();
        Ok(json(StatusCode::OK, &Page { results, paging }))
    })
}
