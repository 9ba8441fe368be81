//! Properties by the hundred: read, create, archive.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::batch::{MOST_INPUTS, answer, check_size};
use super::body::parse;
use super::inject::CallBody;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::object_types::ObjectType;
use crate::state::properties::{NewProperty, Property};

#[derive(Deserialize)]
struct Batch<Input> {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct BatchRead {
    inputs: Vec<PropertyName>,
    #[serde(default)]
    archived: bool,
}

#[derive(Deserialize)]
struct PropertyName {
    name: String,
}

pub(crate) async fn read(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let BatchRead { inputs, archived } = parse(&body)?;
    check_size(inputs.len(), MOST_INPUTS)?;
    let now = sandbox.now();
    sandbox.read(|records| {
        let schema = records.schema(object_type);
        let (mut results, mut errors) = (Vec::<&Property>::new(), Vec::new());
        for PropertyName { name } in inputs {
            let property = if archived {
                schema.get_archived(&name)
            } else {
                schema.get(&name)
            };
            match property {
                Some(property) => results.push(property),
                None => errors.push(ApiError::property_not_found(&name).into_batch_error(None)),
            }
        }
        Ok(answer(StatusCode::OK, &results, &errors, now))
    })
}

/// What fails, fails alone, with 207.
pub(crate) async fn create(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Batch::<NewProperty> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_INPUTS)?;
    sandbox.change(|records, now| {
        let schema = records.schema_mut(object_type);
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for new in inputs {
            let name = new.name().unwrap_or_default().to_owned();
            match schema.check_new(new, now) {
                Ok(property) => {
                    schema.add(property.clone());
                    results.push(property);
                }
                Err(error) => errors.push(error.with_context("name", vec![name]).into_batch_error(None)),
            }
        }
        Ok(answer(StatusCode::CREATED, &results, &errors, now))
    })
}

/// What is not there counts as archived; HubSpot's own properties are refused, and then none is archived.
pub(crate) async fn archive(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<StatusCode, ApiError> {
    let Batch::<PropertyName> { inputs } = parse(&body)?;
    check_size(inputs.len(), MOST_INPUTS)?;
    sandbox.change(|records, now| {
        let schema = records.schema_mut(object_type);
        for PropertyName { name } in &inputs {
            if schema.get(name).is_some() {
                schema.check_archivable(name)?;
            }
        }
        for PropertyName { name } in &inputs {
            if schema.get(name).is_some() {
                schema.archive(name, now)?;
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}
