//! Associations in batches as v3 has them: one type for each pair, by its name or number.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::associations_batch::{MOST_READ, MOST_WRITTEN, nothing_associated};
use super::associations_v3::named_type;
use super::batch::{answer, check_size};
use super::body::{json, parse};
use super::inject::CallBody;
use super::path::ToObjectType;
use crate::Sandbox;
use crate::errors::{ApiError, BatchError};
use crate::state::Records;
use crate::state::association_types::AssociationType;
use crate::state::associations::RecordKey;
use crate::state::changes::Origin;
use crate::state::collection::IdProperty;
use crate::state::object_types::ObjectType;
use crate::state::views::AssociatedId;
use crate::state::writes::ObjectId;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/{object_type}/{to_object_type}/types", get(types))
        .route("/{object_type}/{to_object_type}/batch/create", post(create))
        .route("/{object_type}/{to_object_type}/batch/read", post(read))
        .route("/{object_type}/{to_object_type}/batch/archive", post(archive))
}

#[derive(Serialize)]
struct TypeList {
    results: Vec<NamedType>,
}

#[derive(Serialize)]
struct NamedType {
    id: String,
    name: String,
}

async fn types(from: ObjectType, ToObjectType(to): ToObjectType) -> Response {
    let named = |known: AssociationType| NamedType {
        id: known.id.to_string(),
        name: known.name(),
    };
    let results = AssociationType::between(from, to).map(named).collect();
    json(StatusCode::OK, &TypeList { results })
}

#[derive(Deserialize)]
struct Batch<Input> {
    inputs: Vec<Input>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Pair {
    from: ObjectId,
    to: ObjectId,
    #[serde(rename = "type")]
    type_name: String,
}

/// Both ends, when they are there.
fn ends(records: &Records, from: ObjectType, to: ObjectType, pair: &Pair) -> Result<(RecordKey, RecordKey), ApiError> {
    let from = (from, records.association_end(from, &pair.from.id)?);
    let to = (to, records.other_end(from, to, &pair.to.id)?);
    Ok((from, to))
}

/// The pairs with their types, which are checked for all of them first.
fn typed(pairs: Vec<Pair>, from: ObjectType, to: ObjectType) -> Result<Vec<(AssociationType, Pair)>, ApiError> {
    check_size(pairs.len(), MOST_WRITTEN)?;
    pairs
        .into_iter()
        .map(|pair| Ok((named_type(&pair.type_name, from, to)?, pair)))
        .collect()
}

/// A record that is not there fails its pair alone, with 207.
async fn create(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<Pair> { inputs } = parse(&body)?;
    let typed = typed(inputs, from_type, to_type)?;
    sandbox.change(|records, now| {
        let (mut results, mut errors): (Vec<Pair>, Vec<BatchError>) = (Vec::new(), Vec::new());
        for (of_type, pair) in typed {
            match ends(records, from_type, to_type, &pair) {
                Ok((from, to)) => {
                    records.associate(from, to, of_type, Origin::integration(now));
                    results.push(pair);
                }
                Err(error) => errors.push(error.into_batch_error(None)),
            }
        }
        Ok(answer(StatusCode::CREATED, &results, &errors, now))
    })
}

#[derive(Serialize)]
struct ReadResult {
    from: ObjectId,
    to: Vec<AssociatedId>,
}

/// Records without associations are named in `errors`, as HubSpot does it.
async fn read(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<ObjectId> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_READ)?;
    let now = sandbox.now();
    let (results, errors) = sandbox.read(|records| {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for from in inputs {
            let record = records.of(from_type).find(&from.id, IdProperty::RecordId);
            let to: Vec<AssociatedId> = record
                .into_iter()
                .flat_map(|record| records.associated((from_type, record.id), to_type))
                .flat_map(|(id, types)| AssociatedId::each(id, types))
                .collect();
            if to.is_empty() {
                errors.push(nothing_associated(from_type, to_type, from.id));
            } else {
                results.push(ReadResult { from, to });
            }
        }
        (results, errors)
    });
    Ok(answer(StatusCode::OK, &results, &errors, now))
}

/// HubSpot answers 204 whether or not there was something to remove.
async fn archive(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<StatusCode, ApiError> {
    let Batch::<Pair> { inputs } = parse(&body)?;
    let typed = typed(inputs, from_type, to_type)?;
    sandbox.change(|records, now| {
        for (of_type, pair) in typed {
            if let Ok((from, to)) = ends(records, from_type, to_type, &pair) {
                records.remove_association_type(from, to, of_type, Origin::integration(now));
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}
