//! Property groups: list, get, create, change, archive.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::body::{json, parse};
use super::inject::CallBody;
use super::properties::NameInPath;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::object_types::ObjectType;
use crate::state::property_groups::{GroupUpdate, NewGroup, PropertyGroup};

#[derive(Serialize)]
struct GroupList<'a> {
    results: Vec<&'a PropertyGroup>,
}

pub(crate) async fn list(State(sandbox): State<Sandbox>, object_type: ObjectType) -> Response {
    sandbox.read(|records| {
        let results = records.schema(object_type).groups().collect();
        json(StatusCode::OK, &GroupList { results })
    })
}

pub(crate) async fn one(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Path((_, name)): NameInPath,
) -> Result<Response, ApiError> {
    sandbox.read(|records| Ok(json(StatusCode::OK, records.schema(object_type).group(&name)?)))
}

pub(crate) async fn create(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    body: CallBody,
) -> Result<Response, ApiError> {
    let new: NewGroup = parse(&body)?;
    sandbox.change(|records, _| {
        let group = records.schema_mut(object_type).create_group(new)?;
        Ok(json(StatusCode::CREATED, group))
    })
}

pub(crate) async fn update(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Path((_, name)): NameInPath,
    body: CallBody,
) -> Result<Response, ApiError> {
    let update: GroupUpdate = parse(&body)?;
    sandbox.change(|records, _| {
        let group = records.schema_mut(object_type).update_group(&name, update)?;
        Ok(json(StatusCode::OK, group))
    })
}

pub(crate) async fn archive(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    Path((_, name)): NameInPath,
) -> Result<StatusCode, ApiError> {
    sandbox.change(|records, _| {
        records.schema_mut(object_type).archive_group(&name)?;
        Ok(StatusCode::NO_CONTENT)
    })
}
