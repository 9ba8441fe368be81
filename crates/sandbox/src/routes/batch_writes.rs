//! Writing up to a hundred records in one call: create, update, upsert, archive.
//!
//! A write answers 207 with the failures beside the results only when each input has an `objectWriteTraceId` of its own;
//! otherwise nothing is written when one input fails, and the answer is that failure.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::batch::{MOST_INPUTS, answer, check_size};
use super::body::parse;
use super::inject::CallBody;
use super::objects;
use crate::Sandbox;
use crate::errors::{ApiError, BatchError};
use crate::state::Records;
use crate::state::changes::Origin;
use crate::state::collection::IdProperty;
use crate::state::object_types::{ObjectType, RecordId};
use crate::state::values::{RawValue, RawValues};
use crate::state::views::RecordView;
use crate::state::writes::{NewAssociation, ObjectId, Prepared, text};

#[derive(Deserialize)]
struct Batch<Input> {
    inputs: Vec<Input>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creation {
    properties: RawValues,
    #[serde(default)]
    associations: Option<Vec<NewAssociation>>,
    object_write_trace_id: Option<String>,
}

/// An update or an upsert.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    #[serde(deserialize_with = "text")]
    id: String,
    id_property: Option<String>,
    properties: RawValues,
    object_write_trace_id: Option<String>,
}

/// An upsert's answer for one record.
#[derive(Serialize)]
struct Upserted {
    #[serde(flatten)]
    view: RecordView,
    new: bool,
}

/// One input of any write.
trait Input {
    fn trace_id(&self) -> Option<&str>;
}

impl Input for Creation {
    fn trace_id(&self) -> Option<&str> {
        self.object_write_trace_id.as_deref()
    }
}

impl Input for Named {
    fn trace_id(&self) -> Option<&str> {
        self.object_write_trace_id.as_deref()
    }
}

/// Whether each input has a trace id that no other has.
fn is_multi_status<I: Input>(inputs: &[I]) -> bool {
    let traces: BTreeSet<&str> = inputs.iter().filter_map(Input::trace_id).collect();
    traces.len() == inputs.len()
}

/// A record that was written, and whether it is new.
type Outcome = (RecordView, bool);

/// Writes input by input, each for itself when there may be several outcomes; else all or none.
fn write_all<I: Input>(
    records: &mut Records,
    inputs: Vec<I>,
    several_outcomes: bool,
    origin: Origin,
    prepare: impl Fn(&Records, &I) -> Result<Prepared, ApiError>,
) -> Result<(Vec<Outcome>, Vec<BatchError>), ApiError> {
    let mut results = Vec::new();
    let mut errors = Vec::new();
    let mut write = |records: &mut Records, prepared: Prepared, trace_id: Option<&str>| {
        let is_new = prepared.target.is_none();
        let view = objects::write(records, prepared, trace_id.map(str::to_owned), origin)?;
        results.push((view, is_new));
        Ok::<_, ApiError>(())
    };
    if several_outcomes {
        for input in inputs {
            let outcome = prepare(&*records, &input).and_then(|prepared| write(records, prepared, input.trace_id()));
            errors.extend(outcome.err().map(|error| error.into_batch_error(input.trace_id())));
        }
    } else {
        let prepared: Result<Vec<Prepared>, ApiError> = inputs.iter().map(|input| prepare(&*records, input)).collect();
        let prepared = prepared?;
        check_unique_values_come_once(records, &prepared)?;
        for (prepared, input) in prepared.into_iter().zip(&inputs) {
            write(records, prepared, input.trace_id())?;
        }
    }
    Ok((results, errors))
}

/// HubSpot's exact words for one address in two inputs are not known.
fn check_unique_values_come_once(records: &Records, prepared: &[Prepared]) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for Prepared {
        object_type, values, ..
    } in prepared
    {
        let schema = records.schema(*object_type);
        let unique = values
            .iter()
            .filter(|(name, value)| !value.is_empty() && schema.is_unique(name));
        for (name, value) in unique {
            if !seen.insert((name, value)) {
                return Err(ApiError::validation(format!(
                    "Duplicate {name}s found in batch input: [{value}]. {name}s must be unique"
                )));
            }
        }
    }
    Ok(())
}

pub(crate) async fn create(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<Creation> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_INPUTS)?;
    sandbox.change(|records, now| {
        let several = is_multi_status(&inputs);
        let origin = Origin::integration(now);
        let (results, errors) = write_all(records, inputs, several, origin, |records, input| {
            let associations = input.associations.as_deref().unwrap_or_default();
            records.prepare_creation(object_type, input.properties.clone(), associations)
        })?;
        Ok(answer(StatusCode::CREATED, &views(results), &errors, now))
    })
}

fn views(outcomes: Vec<Outcome>) -> Vec<RecordView> {
    outcomes.into_iter().map(|(view, _)| view).collect()
}

pub(crate) async fn update(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<Named> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_INPUTS)?;
    sandbox.change(|records, now| {
        check_names_come_once(records, object_type, &inputs)?;
        let several = is_multi_status(&inputs);
        let origin = Origin::integration(now);
        let (results, errors) = write_all(records, inputs, several, origin, |records, input| {
            let id = updated_id(records, object_type, input)?;
            records.prepare_update(object_type, id, input.properties.clone())
        })?;
        Ok(answer(StatusCode::OK, &views(results), &errors, now))
    })
}

/// A contact's address does not do here, only a property that the account itself made unique (hubspot-api-nodejs, issue 548).
fn updated_id(records: &Records, object_type: ObjectType, input: &Named) -> Result<RecordId, ApiError> {
    let non_unique = || {
        ApiError::validation(format!(
            "Unable to perform update/upsert by non-unique {} property",
            object_type.type_id()
        ))
    };
    let property = records
        .id_property(object_type, input.id_property.as_deref())
        .map_err(|_| non_unique())?;
    if property == IdProperty::Unique("email") {
        return Err(non_unique());
    }
    records
        .of(object_type)
        .find(&input.id, property)
        .map(|record| record.id)
        .ok_or_else(|| ApiError::objects_not_found(object_type, vec![input.id.clone()]))
}

/// The same record twice in one batch is refused, also when one of its names is that of a record merged into it.
fn check_names_come_once(records: &Records, object_type: ObjectType, inputs: &[Named]) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for input in inputs {
        let property = records.id_property(object_type, input.id_property.as_deref());
        let record = property
            .ok()
            .and_then(|property| records.of(object_type).find(&input.id, property));
        let name = record.map_or_else(|| input.id.trim().to_lowercase(), |record| record.id.to_string());
        if !seen.insert(name) {
            return Err(ApiError::validation(format!(
                "Duplicate IDs found in batch input: [{}]. IDs must be unique",
                input.id
            )));
        }
    }
    Ok(())
}

/// Records that are there are changed, others created. By `email` there is one outcome for all inputs, whatever their trace
/// ids: HubSpot does not support partial upserts by address.
pub(crate) async fn upsert(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<Named> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_INPUTS)?;
    sandbox.change(|records, now| {
        check_names_come_once(records, object_type, &inputs)?;
        let by_email = inputs.iter().any(|input| input.id_property.as_deref() == Some("email"));
        let several = is_multi_status(&inputs) && !by_email;
        let origin = Origin::integration(now);
        let (results, errors) = write_all(records, inputs, several, origin, |records, input| {
            prepare_upsert(records, object_type, input)
        })?;
        let upserted: Vec<Upserted> = results.into_iter().map(|(view, new)| Upserted { view, new }).collect();
        Ok(answer(StatusCode::OK, &upserted, &errors, now))
    })
}

fn prepare_upsert(records: &Records, object_type: ObjectType, input: &Named) -> Result<Prepared, ApiError> {
    let property = records.id_property(object_type, input.id_property.as_deref())?;
    let mut properties = input.properties.clone();
    match (records.of(object_type).find(&input.id, property), property) {
        (Some(record), _) => records.prepare_update(object_type, record.id, properties),
        (None, IdProperty::Unique(name)) => {
            properties
                .entry(name.to_owned())
                .or_insert_with(|| RawValue::Text(input.id.clone()));
            records.prepare_creation(object_type, properties, &[])
        }
        // An id is given by HubSpot: there is none to create.
        (None, IdProperty::RecordId) => Err(ApiError::objects_not_found(object_type, vec![input.id.clone()])),
    }
}

/// HubSpot answers 204 whether or not there was something to archive.
pub(crate) async fn archive(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<StatusCode, ApiError> {
    let Batch::<ObjectId> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_INPUTS)?;
    let ids: Result<Vec<RecordId>, ApiError> = inputs
        .iter()
        .map(|input| input.id.parse().map_err(|_| ApiError::id_is_not_numeric(&input.id)))
        .collect();
    let ids = ids?;
    sandbox.change(|records, now| {
        for id in ids {
            records.archive(object_type, id, Origin::integration(now));
        }
        Ok(StatusCode::NO_CONTENT)
    })
}
