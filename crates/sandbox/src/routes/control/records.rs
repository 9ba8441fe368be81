//! Control: records: what a person does on HubSpot's pages, and what happened because of it.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, patch, post};
use serde::{Deserialize, Serialize};

use super::super::body::{json, parse};
use super::super::inject::CallBody;
use super::super::path::ObjectName;
use crate::Sandbox;
use crate::errors::ApiError;
use crate::state::blocklist::BlocklistMode;
use crate::state::changes::Change;
use crate::state::object_types::ObjectType;
use crate::state::values::RawValues;
use crate::state::views::RecordView;

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/objects/{object_type}", get(list).post(seed))
        .route(
            "/objects/{object_type}/{object_id}",
            patch(set_properties).delete(archive),
        )
        .route("/objects/{object_type}/{object_id}/restore", post(restore))
        .route("/contacts/{id}/restore", post(restore_contact))
        .route("/changes", get(changes))
        .route("/blocklist", get(blocklist).post(set_blocklist))
}

#[derive(Serialize)]
struct RecordList {
    records: Vec<RecordView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Values {
    properties: RawValues,
}

async fn list(State(sandbox): State<Sandbox>, object_type: ObjectType) -> Response {
    let records = sandbox.live_records(object_type);
    json(StatusCode::OK, &RecordList { records })
}

async fn seed(State(sandbox): State<Sandbox>, object_type: ObjectType, body: CallBody) -> Result<Response, ApiError> {
    let Values { properties } = parse(&body)?;
    let record = sandbox.create_record(object_type, properties)?;
    Ok(json(StatusCode::CREATED, &record))
}

async fn set_properties(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(id): ObjectName,
    body: CallBody,
) -> Result<Response, ApiError> {
    let Values { properties } = parse(&body)?;
    let record = sandbox.update_record(object_type, &id, properties)?;
    Ok(json(StatusCode::OK, &record))
}

async fn archive(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(id): ObjectName,
) -> Result<StatusCode, ApiError> {
    sandbox.archive_record(object_type, &id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore(
    State(sandbox): State<Sandbox>,
    object_type: ObjectType,
    ObjectName(id): ObjectName,
) -> Result<Response, ApiError> {
    let record = sandbox.restore_record(object_type, &id)?;
    Ok(json(StatusCode::OK, &record))
}

async fn restore_contact(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let record = sandbox.restore_record(ObjectType::Contact, &id)?;
    Ok(json(StatusCode::OK, &record))
}

#[derive(Serialize)]
struct ChangeList {
    changes: Vec<Change>,
}

async fn changes(State(sandbox): State<Sandbox>) -> Response {
    let changes = sandbox.recent_changes();
    json(StatusCode::OK, &ChangeList { changes })
}

#[derive(Serialize)]
struct Blocklist<'a> {
    blocklist: BlocklistMode,
    addresses: Vec<&'a str>,
}

async fn blocklist(State(sandbox): State<Sandbox>) -> Response {
    sandbox.read(|records| {
        let kept = &records.blocklist;
        let answer = Blocklist {
            blocklist: kept.mode,
            addresses: kept.addresses().collect(),
        };
        json(StatusCode::OK, &answer)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    blocklist: BlocklistMode,
}

async fn set_blocklist(State(sandbox): State<Sandbox>, body: CallBody) -> Result<StatusCode, ApiError> {
    let Mode { blocklist } = parse(&body)?;
    sandbox.change(|records, _| {
        records.blocklist.mode = blocklist;
        Ok(StatusCode::NO_CONTENT)
    })
}
