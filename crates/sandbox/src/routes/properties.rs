//! Contact properties: list, get, create.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::body::{json, parse};
use super::inject::CallBody;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::properties::{NewProperty, Property};

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/", get(list).post(create))
        .route("/{name}", get(one))
}

#[derive(Serialize)]
struct PropertyList<'a> {
    results: Vec<&'a Property>,
}

async fn list(State(sandbox): State<Sandbox>) -> Response {
    sandbox.read(|records| {
        let results = records.properties.all().collect();
        json(StatusCode::OK, &PropertyList { results })
    })
}

async fn one(State(sandbox): State<Sandbox>, Path(name): Path<String>) -> Result<Response, ApiError> {
    sandbox.read(|records| {
        let property = records.properties.get(&name);
        let property = property.ok_or_else(|| ApiError::property_not_found(&name))?;
        Ok(json(StatusCode::OK, property))
    })
}

async fn create(State(sandbox): State<Sandbox>, body: CallBody) -> Result<Response, ApiError> {
    let new: NewProperty = parse(&body)?;
    sandbox.change(|records, now| {
        let property = records.properties.create(new, now)?;
        Ok(json(StatusCode::CREATED, property))
    })
}
