//! Contacts by the hundred: batch read, create and update.
//!
//! A write answers 207 with the failures beside the results only when each input has an `objectWriteTraceId` of its own;
//! otherwise nothing is written when one input fails, and the answer is that failure.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::body::{json, parse};
use super::contacts::{asked_or_default, create_one, update_one};
use super::inject::CallBody;
use crate::errors::{ApiError, BatchError};
use crate::state::Records;
use crate::state::contacts::{ContactId, ContactView, IdProperty};
use crate::state::values::{self, RawValues};
use crate::{Moment, Sandbox};

/// How many inputs HubSpot takes in one call.
const MOST_INPUTS: usize = 100;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/batch/read", post(read))
        .route("/batch/create", post(create))
        .route("/batch/update", post(update))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchAnswer {
    status: &'static str,
    results: Vec<ContactView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<BatchError>,
    started_at: Moment,
    completed_at: Moment,
}

fn answer(success: StatusCode, results: Vec<ContactView>, errors: Vec<BatchError>, now: Moment) -> Response {
    let failed = !errors.is_empty();
    let body = BatchAnswer {
        status: "COMPLETE",
        results,
        num_errors: failed.then_some(errors.len()),
        errors,
        started_at: now,
        completed_at: now,
    };
    json(if failed { StatusCode::MULTI_STATUS } else { success }, &body)
}

/// HubSpot's exact words for too many inputs are not known.
fn check_size(inputs: usize) -> Result<(), ApiError> {
    if inputs > MOST_INPUTS {
        return Err(ApiError::validation(format!(
            "The maximum number of inputs supported in a batch request is {MOST_INPUTS}, but {inputs} were given"
        )));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchRead {
    inputs: Vec<ReadInput>,
    #[serde(default)]
    properties: Vec<String>,
    id_property: Option<String>,
}

#[derive(Deserialize)]
struct ReadInput {
    id: String,
}

/// Results stand in the order of record ids, each record once: HubSpot does not promise the order asked.
async fn read(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let request: BatchRead = parse(&body)?;
    check_size(request.inputs.len())?;
    let property = IdProperty::parse(request.id_property.as_deref())?;
    let asked = asked_or_default(request.properties.iter().map(String::as_str).collect());
    let now = sandbox.now();
    sandbox.read(|records| {
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        for input in request.inputs {
            match records.contacts.find(&input.id, property) {
                Some(contact) => {
                    found.insert(contact.id, contact);
                }
                None => missing.push(input.id),
            }
        }
        let results = found
            .values()
            .map(|contact| contact.view(&records.properties, asked.iter().copied()))
            .collect();
        let errors = if missing.is_empty() {
            Vec::new()
        } else {
            vec![ApiError::objects_not_found(missing).into_batch_error(None)]
        };
        Ok(answer(StatusCode::OK, results, errors, now))
    })
}

/// One input of a write; a creation has no id.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WriteInput<Id> {
    id: Id,
    id_property: Option<String>,
    properties: RawValues,
    object_write_trace_id: Option<String>,
}

#[derive(Deserialize)]
struct BatchWrite<Id> {
    inputs: Vec<WriteInput<Id>>,
}

/// Whether each input has a trace id that no other has.
fn is_multi_status<Id>(inputs: &[WriteInput<Id>]) -> bool {
    let traces: BTreeSet<&str> = inputs
        .iter()
        .filter_map(|input| input.object_write_trace_id.as_deref())
        .collect();
    traces.len() == inputs.len()
}

/// Writes input by input, each for itself when they have trace ids, all or none otherwise.
fn write_all<Id>(
    records: &mut Records,
    inputs: Vec<WriteInput<Id>>,
    check: impl FnOnce(&Records, &[WriteInput<Id>]) -> Result<(), ApiError>,
    mut write: impl FnMut(&mut Records, WriteInput<Id>) -> Result<ContactView, ApiError>,
) -> Result<(Vec<ContactView>, Vec<BatchError>), ApiError> {
    let multi_status = is_multi_status(&inputs);
    if !multi_status {
        check(records, &inputs)?;
    }
    let mut results = Vec::new();
    let mut errors = Vec::new();
    for input in inputs {
        let trace_id = input.object_write_trace_id.clone();
        match write(records, input) {
            Ok(view) => results.push(view),
            Err(error) if multi_status => errors.push(error.into_batch_error(trace_id.as_deref())),
            Err(error) => return Err(error),
        }
    }
    Ok((results, errors))
}

async fn create(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    // A creation's input has no id, which `Option` reads from nothing.
    let request: BatchWrite<Option<String>> = parse(&body)?;
    check_size(request.inputs.len())?;
    sandbox.change(|records, now| {
        let (results, errors) = write_all(records, request.inputs, check_creations, |records, input| {
            create_one(records, input.properties, input.object_write_trace_id, now)
        })?;
        Ok(answer(StatusCode::CREATED, results, errors, now))
    })
}

fn check_creations(records: &Records, inputs: &[WriteInput<Option<String>>]) -> Result<(), ApiError> {
    let mut emails = BTreeSet::new();
    for input in inputs {
        let values = values::check(&records.properties, input.properties.clone(), records.portal_id)?;
        records.contacts.check_email_is_free(&values, None)?;
        check_email_comes_once(&values, &mut emails)?;
    }
    Ok(())
}

/// HubSpot's exact words for one address in two inputs are not known.
fn check_email_comes_once(values: &BTreeMap<String, String>, emails: &mut BTreeSet<String>) -> Result<(), ApiError> {
    match values.get("email").filter(|email| !email.is_empty()) {
        Some(email) if !emails.insert(email.clone()) => Err(ApiError::validation(format!(
            "Duplicate emails found in batch input: [{email}]. Emails must be unique"
        ))),
        _ => Ok(()),
    }
}

async fn update(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let request: BatchWrite<String> = parse(&body)?;
    check_size(request.inputs.len())?;
    sandbox.change(|records, now| {
        check_ids_come_once(records, &request.inputs)?;
        let (results, errors) = write_all(records, request.inputs, check_updates, |records, input| {
            let id = record_id(records, &input)?;
            update_one(records, id, input.properties, input.object_write_trace_id, now)
        })?;
        Ok(answer(StatusCode::OK, results, errors, now))
    })
}

fn check_updates(records: &Records, inputs: &[WriteInput<String>]) -> Result<(), ApiError> {
    let mut emails = BTreeSet::new();
    for input in inputs {
        let id = record_id(records, input)?;
        let values = values::check(&records.properties, input.properties.clone(), records.portal_id)?;
        records.contacts.check_email_is_free(&values, Some(id))?;
        check_email_comes_once(&values, &mut emails)?;
    }
    Ok(())
}

/// The same record twice in one batch is refused, also when one of its names is that of a record merged into it.
fn check_ids_come_once(records: &Records, inputs: &[WriteInput<String>]) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for input in inputs {
        let contact = records.contacts.find(&input.id, IdProperty::RecordId);
        let name = contact.map_or_else(|| input.id.clone(), |contact| contact.id.to_string());
        if !seen.insert(name) {
            return Err(ApiError::validation(format!(
                "Duplicate IDs found in batch input: [{}]. IDs must be unique",
                input.id
            )));
        }
    }
    Ok(())
}

fn record_id(records: &Records, input: &WriteInput<String>) -> Result<ContactId, ApiError> {
    if IdProperty::parse(input.id_property.as_deref())? != IdProperty::RecordId {
        return Err(ApiError::validation(
            "Unable to perform update/upsert by non-unique 0-1 property",
        ));
    }
    records
        .contacts
        .find(&input.id, IdProperty::RecordId)
        .map(|contact| contact.id)
        .ok_or_else(|| ApiError::objects_not_found(vec![input.id.clone()]))
}
