//! Properties of every kind of record: list, get, create, change, archive.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use super::body::{Pairs, first, json, parse};
use super::inject::CallBody;
use super::{groups, property_batches};
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::object_types::ObjectType;
use crate::state::properties::{NewProperty, Property, PropertyUpdate};

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/{object_type}", get(list).post(create))
        .route("/{object_type}/{property_name}", get(one).patch(update).delete(archive))
        .route("/{object_type}/batch/read", post(property_batches::read))
        .route("/{object_type}/batch/create", post(property_batches::create))
        .route("/{object_type}/batch/archive", post(property_batches::archive))
        .route("/{object_type}/groups", get(groups::list).post(groups::create))
        .route(
            "/{object_type}/groups/{group_name}",
            get(groups::one).patch(groups::update).delete(groups::archive),
        )
}

/// The kind of record, and the property or group.
pub(crate) type NameInPath = Path<(String, String)>;

#[derive(Serialize)]
struct PropertyList<'a> {
    results: Vec<&'a Property>,
}

async fn list(State(sandbox): State<Sandbox>, object_type: ObjectType, Query(query): Query<Pairs>) -> Response {
    let archived = first(&query, "archived") == Some("true");
    sandbox.read(|records| {
        let schema = records.schema(object_type);
        let results = if archived {
            schema.all_archived().collect()
        } else {
            schema.all().collect()
        };
        json(StatusCode::OK, &PropertyList { results })
    })
}

async fn one(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Path((_, name)): NameInPath,
    Query(query): Query<Pairs>,
) -> Result<Response, ApiError> {
    let archived = first(&query, "archived") == Some("true");
    sandbox.read(|records| {
        let schema = records.schema(object_type);
        let property = if archived {
            schema.get_archived(&name)
        } else {
            schema.get(&name)
        };
        let property = property.ok_or_else(|| ApiError::property_not_found(&name))?;
        Ok(json(StatusCode::OK, property))
    })
}

async fn create(State(sandbox): State<Sandbox>, object_type: ObjectType, body: CallBody) -> Result<Response, ApiError> {
    let new: NewProperty = parse(&body)?;
    sandbox.change(|records, now| {
        let schema = records.schema_mut(object_type);
        let property = schema.check_new(new, now)?;
        let answer = json(StatusCode::CREATED, &property);
        schema.add(property);
        Ok(answer)
    })
}

async fn update(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Path((_, name)): NameInPath,
    body: CallBody,
) -> Result<Response, ApiError> {
    let update: PropertyUpdate = parse(&body)?;
    sandbox.change(|records, now| {
        let property = records.schema_mut(object_type).update(&name, update, now)?;
        Ok(json(StatusCode::OK, property))
    })
}

async fn archive(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Path((_, name)): NameInPath,
) -> Result<StatusCode, ApiError> {
    sandbox.change(|records, now| {
        records.schema_mut(object_type).archive(&name, now)?;
        Ok(StatusCode::NO_CONTENT)
    })
}
