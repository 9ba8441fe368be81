//! Associations by the thousand, and the types there are between two kinds of record.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::associations_v4::{
    Associated, DefaultAssociation, LONGEST_PAGE, LabelsBetween, TypeWithLabel, default_type, types_between,
};
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
use crate::state::object_types::{ObjectType, RecordId};
use crate::state::views::{NextPage, Paging};
use crate::state::writes::{AssociationSpec, ObjectId, text};

/// How many inputs these calls take, by HubSpot's guide on associations.
pub(crate) const MOST_WRITTEN: usize = 2_000;
pub(crate) const MOST_READ: usize = 1_000;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/{object_type}/{to_object_type}/labels", get(labels))
        .route("/{object_type}/{to_object_type}/batch/create", post(create))
        .route(
            "/{object_type}/{to_object_type}/batch/associate/default",
            post(create_default),
        )
        .route("/{object_type}/{to_object_type}/batch/read", post(read))
        .route("/{object_type}/{to_object_type}/batch/archive", post(archive))
        .route(
            "/{object_type}/{to_object_type}/batch/labels/archive",
            post(archive_labels),
        )
}

#[derive(Serialize)]
struct LabelList {
    results: Vec<TypeWithLabel>,
}

async fn labels(from: ObjectType, ToObjectType(to): ToObjectType) -> Response {
    let results = AssociationType::between(from, to).map(TypeWithLabel::from).collect();
    json(StatusCode::OK, &LabelList { results })
}

#[derive(Deserialize)]
struct Batch<Input> {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct TypedPair {
    from: ObjectId,
    to: ObjectId,
    types: Vec<AssociationSpec>,
}

/// Both ends of an association, when they are there.
fn ends(
    records: &Records,
    from: (ObjectType, &ObjectId),
    to: (ObjectType, &ObjectId),
) -> Result<(RecordKey, RecordKey), ApiError> {
    let from = (from.0, records.association_end(from.0, &from.1.id)?);
    let to = (to.0, records.other_end(from, to.0, &to.1.id)?);
    Ok((from, to))
}

/// Types are checked for all inputs first; a record that is not there fails its input alone, with 207.
async fn create(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<TypedPair> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_WRITTEN)?;
    let typed: Result<Vec<_>, ApiError> = inputs
        .into_iter()
        .map(|input| Ok((types_between(&input.types, from_type, to_type)?, input)))
        .collect();
    let typed = typed?;
    sandbox.change(|records, now| {
        let (mut results, mut errors): (Vec<LabelsBetween>, Vec<BatchError>) = (Vec::new(), Vec::new());
        for (types, input) in typed {
            match ends(records, (from_type, &input.from), (to_type, &input.to)) {
                Ok((from, to)) => {
                    for of_type in types {
                        records.associate(from, to, of_type, Origin::integration(now));
                    }
                    results.push(LabelsBetween::new(records, from, to));
                }
                Err(error) => errors.push(error.into_batch_error(None)),
            }
        }
        Ok(answer(StatusCode::CREATED, &results, &errors, now))
    })
}

#[derive(Deserialize)]
struct Pair {
    from: ObjectId,
    to: ObjectId,
}

async fn create_default(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<Pair> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_WRITTEN)?;
    let of_type = default_type(from_type, to_type)?;
    sandbox.change(|records, now| {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs {
            match ends(records, (from_type, &input.from), (to_type, &input.to)) {
                Ok((from, to)) => {
                    records.associate(from, to, of_type, Origin::integration(now));
                    results.extend(DefaultAssociation::both(from, to, of_type));
                }
                Err(error) => errors.push(error.into_batch_error(None)),
            }
        }
        Ok(answer(StatusCode::OK, &results, &errors, now))
    })
}

#[derive(Deserialize)]
struct ReadInput {
    #[serde(deserialize_with = "text")]
    id: String,
    after: Option<String>,
}

#[derive(Serialize)]
struct ReadResult {
    from: FromId,
    to: Vec<Associated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

#[derive(Serialize)]
struct FromId {
    id: String,
}

/// Records without associations are named in `errors`, as HubSpot does it.
async fn read(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<ReadInput> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_READ)?;
    let now = sandbox.now();
    let (results, errors) = sandbox.read(|records| {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs {
            match read_one(records, from_type, to_type, &input) {
                Some(result) => results.push(result),
                None => errors.push(nothing_associated(from_type, to_type, input.id)),
            }
        }
        (results, errors)
    });
    Ok(answer(StatusCode::OK, &results, &errors, now))
}

fn read_one(records: &Records, from_type: ObjectType, to_type: ObjectType, input: &ReadInput) -> Option<ReadResult> {
    let record = records.of(from_type).find(&input.id, IdProperty::RecordId)?;
    let after: Option<RecordId> = input.after.as_deref().and_then(|after| after.parse().ok());
    let mut associated = records
        .associated((from_type, record.id), to_type)
        .filter(|(id, _)| Some(*id) > after);
    let shown: Vec<_> = associated.by_ref().take(LONGEST_PAGE).collect();
    let last = shown.last().map(|(id, _)| id.to_string())?;
    let paging = associated.next().map(|_| Paging {
        next: NextPage {
            after: last,
            link: None,
        },
    });
    Some(ReadResult {
        from: FromId {
            id: record.id.to_string(),
        },
        to: shown
            .into_iter()
            .map(|(id, types)| Associated::new(id, types))
            .collect(),
        paging,
    })
}

/// HubSpot's entry for a record that nothing of a kind belongs to.
pub(crate) fn nothing_associated(from: ObjectType, to: ObjectType, id: String) -> BatchError {
    let message = format!("No {} is associated with {} {id}.", to.singular(), from.singular());
    let mut error = ApiError::new(StatusCode::NOT_FOUND, message, Some("OBJECT_NOT_FOUND"));
    error = error.with_context("fromObjectId", vec![id]);
    error = error.with_context("fromObjectType", vec![from.type_id().to_owned()]);
    error = error.with_context("toObjectType", vec![to.type_id().to_owned()]);
    error
        .with_sub_category("crm.associations.NO_ASSOCIATIONS_FOUND")
        .into_batch_error(None)
}

#[derive(Deserialize)]
struct ArchiveInput {
    from: ObjectId,
    to: Vec<ObjectId>,
}

/// HubSpot answers 204 whether or not there was something to remove.
async fn archive(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<StatusCode, ApiError> {
    let Batch::<ArchiveInput> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_WRITTEN)?;
    sandbox.change(|records, now| {
        for input in inputs {
            for to in &input.to {
                if let Ok((from, to)) = ends(records, (from_type, &input.from), (to_type, to)) {
                    records.dissociate(from, to, Origin::integration(now));
                }
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

/// Removes types; the unlabelled one takes the others with it.
async fn archive_labels(
    State(sandbox): State<Sandbox>,
    from_type: ObjectType,
    ToObjectType(to_type): ToObjectType,
    body: CallBody,
) -> Result<StatusCode, ApiError> {
    let Batch::<TypedPair> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_WRITTEN)?;
    let typed: Result<Vec<_>, ApiError> = inputs
        .into_iter()
        .map(|input| Ok((types_between(&input.types, from_type, to_type)?, input)))
        .collect();
    let typed = typed?;
    sandbox.change(|records, now| {
        for (types, input) in typed {
            if let Ok((from, to)) = ends(records, (from_type, &input.from), (to_type, &input.to)) {
                for of_type in types {
                    records.remove_association_type(from, to, of_type, Origin::integration(now));
                }
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}
